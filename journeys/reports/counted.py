"""The status changes that a report counts, as SQL: of all of them, and of one row of the history."""

from typing import Any

from django.db import connection

from journeys.history.undone import is_kept
from journeys.reports.members import Members
from journeys.reports.undone import UNDONE

_UNDOS_AND_UNDONE = """
    SELECT id FROM journeys_statuschange WHERE undoes_id IS NOT NULL UNION ALL SELECT id FROM undone
"""

_STAGES_THAT_WENT = "SELECT id FROM journeys_run WHERE kind IN ('retire', 'merge')"

_NOBODYS_STEPS = f"SELECT id FROM journeys_statuschange WHERE run_id IN ({_STAGES_THAT_WENT})"
"""A stage was retired or merged, and took along who was in it."""


def counted(*, as_corrected: bool, members: Members, steps_alone: bool = False) -> str:
    """`WITH` and the table `counted`: the status changes of these contacts. The values of `members` belong to it.

    What is left out is looked up by number, so that a statement that needs no more of the changes than an index holds
    reads the index alone.

    Args:
        as_corrected: without undos, and without what they undid.
        steps_alone: without those by which a retired or merged stage took along who was in it.
    """
    left_out = [_UNDOS_AND_UNDONE] * as_corrected + [_NOBODYS_STEPS] * steps_alone
    conditions = ["NOT EXISTS (SELECT FROM left_out WHERE left_out.id = change.id)"] * bool(left_out)
    conditions.append(members.condition("contact_id"))
    return f"""
    WITH RECURSIVE {UNDONE},
    left_out AS MATERIALIZED ({" UNION ALL ".join(left_out) or "SELECT 0 AS id WHERE false"}),
    counted AS NOT MATERIALIZED (
        SELECT * FROM journeys_statuschange change WHERE {" AND ".join(conditions)}
    )"""


def counts(change: str, *, as_corrected: bool, steps_alone: bool = False) -> str:
    """SQL, for a statement with values, that says of one row of the history whether it counts: for few rows."""
    conditions = [is_kept(change)] * as_corrected
    if steps_alone:
        conditions.append(f"({change}.run_id IS NULL OR {change}.run_id NOT IN ({_STAGES_THAT_WENT}))")
    return " AND ".join(conditions) or "true"


def fetch(statement: str, values: dict[str, Any]) -> list[tuple]:
    """The rows that a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
