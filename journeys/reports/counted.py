"""The status changes that a report counts, as SQL that a statement begins with."""

import re
from typing import Any

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from journeys.funnel.queries import is_undone
from journeys.reports.members import Members
from journeys.status.models import StatusChange

_UNDONE = """
    SELECT id FROM journeys_statuschange WHERE undoes_id IS NOT NULL
    UNION ALL
    (WITH RECURSIVE undos (bottom, id, depth) AS (
        SELECT undo.undoes_id, undo.id, 1 FROM journeys_statuschange undo
        WHERE undo.undoes_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM journeys_statuschange before WHERE before.id = undo.undoes_id AND before.undoes_id IS NOT NULL)
        UNION ALL
        SELECT undos.bottom, undo.id, undos.depth + 1
        FROM undos JOIN journeys_statuschange undo ON undo.undoes_id = undos.id
    ) SELECT bottom FROM undos GROUP BY bottom HAVING max(depth) %% 2 = 1)
"""
"""Undos, and what they undid. An undo may be undone itself: the change at the bottom is undone by an odd number."""

_STAGES_THAT_WENT = "SELECT id FROM journeys_run WHERE kind IN ('retire', 'merge')"

_NOBODYS_STEPS = f"SELECT id FROM journeys_statuschange WHERE run_id IN ({_STAGES_THAT_WENT})"
"""A stage was retired or merged, and took along who was in it."""


def counted(*, as_corrected: bool, members: Members, steps_alone: bool = False) -> str:
    """`WITH` and the table `counted`: the status changes of these contacts. The values of `members` belong to it.

    Args:
        as_corrected: without what was undone.
        steps_alone: without those by which a retired or merged stage took along who was in it.
    """
    left_out = [_UNDONE] * as_corrected + [_NOBODYS_STEPS] * steps_alone
    conditions = ["NOT EXISTS (SELECT FROM left_out WHERE left_out.id = change.id)"] if left_out else ["true"]
    if not members.is_everybody:
        conditions.append(f"contact_id IN ({members.sql})")
    return f"""
    WITH left_out AS MATERIALIZED ({" UNION ALL ".join(left_out) or "SELECT 0 AS id WHERE false"}),
    counted AS NOT MATERIALIZED (
        SELECT * FROM journeys_statuschange change WHERE {" AND ".join(conditions)}
    )"""


def counts(change: str, *, as_corrected: bool, steps_alone: bool = False) -> str:
    """SQL, for a statement with values, that says of one row of the history whether it counts: for few rows."""
    conditions = [f"{change}.undoes_id IS NULL", f"NOT {is_undone(change)}"] * as_corrected
    if steps_alone:
        conditions.append(f"({change}.run_id IS NULL OR {change}.run_id NOT IN ({_STAGES_THAT_WENT}))")
    return " AND ".join(conditions) or "true"


def of_members(changes: QuerySet[StatusChange], members: Members) -> QuerySet[StatusChange]:
    """Those of the changes that these contacts made."""
    if members.is_everybody:
        return changes
    narrowed = changes.alias(is_members=condition(f"contact_id IN ({members.sql})", members.values))
    return narrowed.filter(is_members=True)


def condition(sql: str, values: dict[str, Any]) -> RawSQL:
    """SQL with values by name as a condition for a query set."""
    names = _NAMED.findall(sql)
    return RawSQL(f"({_NAMED.sub('%s', sql)})", [values[name] for name in names], output_field=BooleanField())


_NAMED = re.compile(r"%\((\w+)\)s")


def fetch(statement: str, values: dict[str, Any]) -> list[tuple]:
    """The rows that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
