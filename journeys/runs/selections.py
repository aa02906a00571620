"""The contacts that a run is about, as SQL: counted by where they stand, and frozen.

Every statement here is made of constants of this module and of `journeys.book.queries`; what people give are values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from journeys.book.queries import all_matching
from journeys.rules.queries import movement_policy
from journeys.runs.fates import DONE, UNCHANGED, Fate, Group, foresee
from journeys.runs.models import Run, RunOutcome
from journeys.runs.operations import OF_ACCOUNTS, OF_LABELS, Act, Operation, Selection
from journeys.status.actions import SLICE
from journeys.status.transitions import BY_HAND, RECENT_DAYS, Refusal, StageFacts, Standing
from stages.models import Stage

FROZEN_AT_MOST = 50_000
"""A selection of up to so many contacts is frozen when it is previewed; a larger one at the click."""

_FREEZE = """
    INSERT INTO journeys_runslice (run_id, number, contacts, signatures, changes)
    SELECT %(run)s, number, array_agg(contact_id ORDER BY contact_id),
           CASE WHEN %(with_signatures)s THEN array_agg(signature ORDER BY contact_id) END,
           CASE WHEN %(with_changes)s THEN array_agg(change_id ORDER BY contact_id) END
    FROM (SELECT *, (row_number() OVER (ORDER BY contact_id) - 1) / {size} AS number FROM ({rows}) AS rows) AS numbered
    GROUP BY number
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL that gives rows, and its values by name."""

    sql: str
    values: dict[str, Any]


def selected(selection: Selection) -> Statement:
    """The statement that gives each contact once, as `contact_id`."""
    if selection.query is not None:
        sql, values = all_matching(selection.query)
        names = [f"value{number}" for number in range(len(values))]
        return Statement(sql % tuple(f"%({name})s" for name in names), dict(zip(names, values, strict=True)))
    if selection.without_stage:
        return Statement("SELECT contact_id FROM journeys_funnelstatus WHERE stage_id IS NULL", {})
    contacts = {"selected": sorted(set(selection.contacts))}
    return Statement("SELECT contact_id FROM unnest(%(selected)s::bigint[]) AS asked (contact_id)", contacts)


# Freezing


def rows_to_freeze(selection: Selection, operation: Operation) -> Statement:
    """Contacts with the signature of their status, and for an undo the change that it puts back."""
    if operation.act is Act.PUT_BACK:
        return _rows_to_undo(operation)
    what = selected(selection)
    return Statement(
        f"""
        SELECT contact_id, signature, NULL::bigint AS change_id
        FROM ({what.sql}) AS selected JOIN journeys_funnelstatus USING (contact_id)
        """,
        what.values,
    )


def freeze(run: Run, rows: Statement, *, with_signatures: bool, with_changes: bool) -> None:
    """Write the slices of a run, in the order of the contacts."""
    _execute(
        _FREEZE.format(size=SLICE, rows=rows.sql),
        {**rows.values, "run": run.pk, "with_signatures": with_signatures, "with_changes": with_changes},
    )


def frozen_rows(contacts: Sequence[int], signatures: Sequence[int] | None, changes: Sequence[int] | None) -> Statement:
    """Rows that were frozen before, as `rows_to_freeze` gave them."""
    return Statement(
        """
        SELECT * FROM unnest(%(contacts)s::bigint[], %(signatures)s::int[], %(changes)s::bigint[])
                      AS frozen (contact_id, signature, change_id)
        """,
        {"contacts": contacts, "signatures": signatures or [], "changes": changes or []},
    )


def rows_of_run(run: Run) -> Statement:
    """The rows that a run was started with."""
    return Statement(
        """
        SELECT frozen.* FROM journeys_runslice,
                    unnest(contacts, signatures, changes) AS frozen (contact_id, signature, change_id)
        WHERE run_id = %(run)s
        """,
        {"run": run.pk},
    )


def unchanged_since(rows: Statement) -> Statement:
    """Those rows whose contacts were not changed since they were frozen."""
    return Statement(
        f"""
        SELECT frozen.* FROM ({rows.sql}) AS frozen
        JOIN journeys_funnelstatus status USING (contact_id, signature)
        """,
        rows.values,
    )


def read_rows(rows: Statement) -> tuple[list[int], list[int], list[int]]:
    """Contacts in order, and beside each its signature and change."""
    found = _fetch(f"SELECT contact_id, signature, change_id FROM ({rows.sql}) AS rows ORDER BY 1", rows.values)
    return [row[0] for row in found], [row[1] for row in found], [row[2] for row in found]


def is_larger_than_frozen(rows: Statement) -> bool:
    """Whether a selection is too large to be frozen while it is previewed."""
    sql = f"SELECT count(*) > {FROZEN_AT_MOST} FROM (SELECT 1 FROM ({rows.sql}) AS rows LIMIT {FROZEN_AT_MOST + 1}) few"
    return _fetch(sql, rows.values)[0][0]


# Counting what would become of them

_INACTIVE = """
    LEFT JOIN contacts_contact inactive ON inactive.id = contact_id AND inactive.account_state = 'inactive'
                                       AND status.lost_at IS NOT NULL
"""

_STANDINGS = """
    SELECT status.stage_id, status.lost_at IS NOT NULL, status.lost_reason_id, inactive.id IS NOT NULL, count(*),
           count(*) FILTER (WHERE status.cause = ANY (%(by_hand)s) AND status.since > now() - {days} * interval '1 day')
    FROM ({rows}) AS rows JOIN journeys_funnelstatus status USING (contact_id) {inactive}
    GROUP BY 1, 2, 3, 4
"""

_OF_LABEL = """
    SELECT status.stage_id, status.lost_at IS NOT NULL, carried.contact_id IS NOT NULL, count(*)
    FROM ({rows}) AS rows JOIN journeys_funnelstatus status USING (contact_id)
    LEFT JOIN contacts_carriedlabel carried ON carried.contact_id = rows.contact_id AND carried.label_id = %(label)s
    GROUP BY 1, 2, 3
"""

_OF_ACCOUNT = """
    SELECT status.stage_id, status.lost_at IS NOT NULL, inactive.id IS NOT NULL, count(*)
    FROM ({rows}) AS rows JOIN journeys_funnelstatus status USING (contact_id) {inactive}
    GROUP BY 1, 2, 3
"""


def fates_of(rows: Statement, operation: Operation) -> list[Fate]:
    """What the operation would do to these contacts now, counted by where they stand. At most four queries."""
    if operation.act is Act.PUT_BACK:
        fates = _fates_of_undo(rows, operation)
    elif operation.act in OF_LABELS or operation.act in OF_ACCOUNTS:
        fates = _fates_of_marks(rows, operation)
    else:
        fates = foresee(_groups(rows), operation, _stage_facts(), movement_policy())
    return sorted(fates, key=lambda fate: (fate.stage or 0, fate.lost, fate.outcome, fate.since))


def _groups(rows: Statement) -> list[Group]:
    stages = _stage_facts()
    sql = _STANDINGS.format(rows=rows.sql, days=RECENT_DAYS, inactive=_INACTIVE)
    return [
        Group(Standing(stages[stage] if stage else None, lost, reason, account_inactive=inactive), count, by_hand)
        for stage, lost, reason, inactive, count, by_hand in _fetch(sql, {**rows.values, "by_hand": list(BY_HAND)})
    ]


def _fates_of_marks(rows: Statement, operation: Operation) -> list[Fate]:
    """A label is there or not, an account is inactive or not: what is so already stays unchanged."""
    of_label = operation.act in OF_LABELS
    sql = (_OF_LABEL if of_label else _OF_ACCOUNT).format(rows=rows.sql, inactive=_INACTIVE)
    wanted = operation.act in (Act.PUT_ON_LABEL, Act.DEACTIVATE)
    found = _fetch(sql, {**rows.values, "label": operation.label})
    return [Fate(stage, lost, UNCHANGED if is_so is wanted else DONE, count) for stage, lost, is_so, count in found]


def _stage_facts() -> dict[int, StageFacts]:
    now = timezone.now()
    return {
        stage.pk: StageFacts(stage.pk, stage.weight, stage.is_open(now), stage.retired_at is not None)
        for stage in Stage.objects.all()
    }


# Undo

_CHANGES_OF_RUN = """
    SELECT contact_id, NULL::int AS signature, max(id) AS change_id
    FROM journeys_statuschange WHERE run_id = %(undone)s GROUP BY contact_id
"""

_MARKED_BY_RUN = """
    SELECT contact_id, NULL::int AS signature, coalesce(change_id, 0) AS change_id
    FROM journeys_runoutcome outcome CROSS JOIN unnest(outcome.contacts) AS marked (contact_id)
    LEFT JOIN (SELECT contact_id, max(id) AS change_id FROM journeys_statuschange WHERE run_id = %(undone)s GROUP BY 1)
              AS moved USING (contact_id)
    WHERE outcome.run_id = %(undone)s AND outcome.code = '{changed}'
"""


def _rows_to_undo(operation: Operation) -> Statement:
    sql = _MARKED_BY_RUN.format(changed=RunOutcome.CHANGED) if operation.effect else _CHANGES_OF_RUN
    return Statement(sql, {"undone": operation.run})


_FATES_OF_UNDO = """
    SELECT status.stage_id, status.lost_at IS NOT NULL AS lost,
           CASE WHEN status.contact_id IS NULL THEN '{refusal.NOT_IN_THE_BOOK}'
                WHEN change.from_outside THEN '{refusal.NOTHING_BEFORE}'
                WHEN (status.signature, status.since) <> (change.signature, change.changed_at)
                     THEN '{refusal.MOVED_SINCE}'
                WHEN stage.retired_at IS NOT NULL THEN '{refusal.RETIRED_STAGE}'
                WHEN NOT change.from_lost AND EXISTS (
                    SELECT FROM contacts_contact WHERE id = rows.contact_id AND account_state = 'inactive')
                     THEN '{refusal.ACCOUNT_INACTIVE}'
                ELSE '{done}' END AS outcome,
           CASE WHEN (status.signature, status.since) <> (change.signature, change.changed_at)
                THEN status.cause ELSE '' END AS since,
           count(*)
    FROM ({rows}) AS rows JOIN journeys_statuschange change ON change.id = change_id
    LEFT JOIN journeys_funnelstatus status ON status.contact_id = rows.contact_id
    LEFT JOIN stages_stage stage ON stage.id = change.from_stage_id
    GROUP BY 1, 2, 3, 4
"""

_FATES_OF_LABEL_UNDO = """
    SELECT status.stage_id, status.lost_at IS NOT NULL,
           CASE WHEN status.contact_id IS NULL THEN '{refusal.NOT_IN_THE_BOOK}'
                WHEN {is_still_so} THEN '{done}' ELSE '{refusal.CHANGED_SINCE}' END, '', count(*)
    FROM ({rows}) AS rows LEFT JOIN journeys_funnelstatus status USING (contact_id)
    GROUP BY 1, 2, 3
"""

STILL_SO = {
    Act.TAKE_OFF_LABEL: """
        EXISTS (SELECT FROM contacts_carriedlabel carried
                WHERE carried.contact_id = rows.contact_id AND label_id = %(label)s AND run_id = %(undone)s)
    """,
    Act.PUT_ON_LABEL: """
        (SELECT NOT put_on AND run_id = %(undone)s FROM contacts_labelchange change
         WHERE change.contact_id = rows.contact_id AND label_id = %(label)s ORDER BY id DESC LIMIT 1)
    """,
    Act.ACTIVATE: """
        EXISTS (SELECT FROM contacts_contact WHERE id = rows.contact_id AND account_state = 'inactive')
    """,
    Act.DEACTIVATE: """
        EXISTS (SELECT FROM contacts_contact WHERE id = rows.contact_id AND account_state = 'active')
    """,
}
"""Whether what a run did is still so, by the act that puts it back: the label it put on is still the one it put on."""


def _fates_of_undo(rows: Statement, operation: Operation) -> list[Fate]:
    values = {**rows.values, "label": operation.label, "undone": operation.run}
    if operation.effect:
        sql = _FATES_OF_LABEL_UNDO.format(
            rows=rows.sql, is_still_so=STILL_SO[operation.effect], refusal=Refusal, done=DONE
        )
    else:
        sql = _FATES_OF_UNDO.format(rows=rows.sql, refusal=Refusal, done=DONE)
    return [
        Fate(stage, bool(lost), _put_back_too(outcome, operation), count, since=since)
        for stage, lost, outcome, since, count in _fetch(sql, values)
    ]


def _put_back_too(outcome: str, operation: Operation) -> str:
    return DONE if operation.also_moved_since and outcome == Refusal.MOVED_SINCE else outcome


def still_so(operation: Operation, contacts: Sequence[int]) -> list[int]:
    """Those of the contacts for whom what the undone run did is still so. One query."""
    assert operation.effect
    sql = (
        f"SELECT contact_id FROM unnest(%(contacts)s::bigint[]) AS rows (contact_id) WHERE {STILL_SO[operation.effect]}"
    )
    values = {"contacts": list(contacts), "label": operation.label, "undone": operation.run}
    return [row[0] for row in _fetch(sql, values)]


def _fetch(sql: str, values: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def _execute(sql: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
