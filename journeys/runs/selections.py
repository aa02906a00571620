"""The contacts that a run is about, as SQL: counted by where they stand, and frozen.

Every statement here is made of constants of this module and of `journeys.book.queries`; what people give are values.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from journeys.book.queries import all_matching
from journeys.rules.queries import movement_policy
from journeys.runs.fates import DONE, UNCHANGED, Fate, Group, fate_of, foresee
from journeys.runs.models import Run, RunOutcome, RunPreview
from journeys.runs.operations import OF_LABELS, OF_STATUSES, Act, Operation, Selection
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


_STANDING_IN = """
    SELECT contact_id FROM journeys_funnelstatus WHERE stage_id = %(standing_in)s AND lost_at IS NULL
    UNION ALL
    SELECT contact_id FROM journeys_funnelstatus WHERE stage_id = %(standing_in)s AND lost_at IS NOT NULL
"""
"""Along the two partial indexes."""


def selected(selection: Selection) -> Statement:
    """The statement that gives each contact once, as `contact_id`."""
    if selection.query is not None:
        sql, values = all_matching(selection.query)
        names = [f"value{number}" for number in range(len(values))]
        return Statement(sql % tuple(f"%({name})s" for name in names), dict(zip(names, values, strict=True)))
    if selection.without_stage:
        return Statement("SELECT contact_id FROM journeys_funnelstatus WHERE stage_id IS NULL", {})
    if selection.standing_in is not None:
        return Statement(_STANDING_IN, {"standing_in": selection.standing_in})
    if selection.behind is not None:
        return Statement(selection.behind.sql, selection.behind.values)
    contacts = {"selected": sorted(set(selection.contacts))}
    return Statement("SELECT contact_id FROM unnest(%(selected)s::bigint[]) AS asked (contact_id)", contacts)


# Freezing


def rows_to_freeze(selection: Selection, operation: Operation) -> Statement:
    """Contacts with the signature of their status, and for an undo the change that it puts back."""
    if operation.act is Act.PUT_BACK:
        return _rows_to_undo(operation)
    if operation.act is Act.UNDO_IMPORT:
        return Statement(_IMPORTED, {"undone": operation.run})
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


def rows_of_preview(preview: RunPreview, operation: Operation) -> Statement:
    """The rows that a preview is about: as it froze them, or those that its selection gives now."""
    if preview.contacts is None:
        return rows_to_freeze(Selection.read(preview.selection), operation)
    return frozen_rows(preview.contacts, preview.signatures, preview.changes)


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

_JOINS = """
    JOIN journeys_funnelstatus status USING (contact_id)
    LEFT JOIN contacts_contact inactive ON inactive.id = contact_id AND inactive.account_state = 'inactive'
                                       AND status.lost_at IS NOT NULL
"""
_LABEL_JOIN = """
    LEFT JOIN contacts_carriedlabel carried ON carried.contact_id = rows.contact_id AND carried.label_id = %(label)s
"""

_STANDINGS = f"""
    SELECT status.stage_id, status.lost_at IS NOT NULL, status.lost_reason_id, inactive.id IS NOT NULL, count(*),
           count(*) FILTER (WHERE status.since > %(lately)s AND status.cause = ANY (%(by_hand)s))
    FROM ({{rows}}) AS rows {_JOINS}
    GROUP BY 1, 2, 3, 4
"""

_MARKS = """
    SELECT status.stage_id, status.lost_at IS NOT NULL, {is_so}, count(*)
    FROM ({rows}) AS rows {joins} GROUP BY 1, 2, 3
"""


def fates_of(rows: Statement, operation: Operation) -> list[Fate]:
    """What the operation would do to these contacts now, counted by where they stand. At most four queries."""
    if operation.act is Act.PUT_BACK:
        fates = _fates_of_undo(rows, operation)
    elif operation.act in OF_STATUSES:
        fates = foresee(_groups(rows), operation, _stage_facts(), movement_policy())
    else:
        fates = _fates_of_marks(rows, operation)
    return sorted(fates, key=lambda fate: (fate.stage or 0, fate.lost, fate.outcome, fate.since))


def _groups(rows: Statement) -> list[Group]:
    stages, lately = _stage_facts(), timezone.now() - timedelta(days=RECENT_DAYS)
    found = _fetch(_STANDINGS.format(rows=rows.sql), {**rows.values, "lately": lately, "by_hand": list(BY_HAND)})
    return [
        Group(Standing(stages[stage] if stage else None, lost, reason, account_inactive=inactive), count, by_hand)
        for stage, lost, reason, inactive, count, by_hand in found
    ]


def _is_so(operation: Operation) -> tuple[str, str, bool]:
    """For a mark: SQL that says whether a contact has it, the tables to join for that, and whether it is wanted."""
    if operation.act is Act.ERASE:
        return "false", _JOINS, True
    wanted = operation.act in (Act.PUT_ON_LABEL, Act.DEACTIVATE)
    if operation.act in OF_LABELS:
        return "carried.contact_id IS NOT NULL", _JOINS + _LABEL_JOIN, wanted
    return "inactive.id IS NOT NULL", _JOINS, wanted


def _fates_of_marks(rows: Statement, operation: Operation) -> list[Fate]:
    """A label is there or not, an account is inactive or not: what is so already stays unchanged."""
    is_so, joins, wanted = _is_so(operation)
    found = _fetch(_MARKS.format(rows=rows.sql, is_so=is_so, joins=joins), {**rows.values, "label": operation.label})
    return [Fate(stage, lost, UNCHANGED if has is wanted else DONE, count) for stage, lost, has, count in found]


def _stage_facts() -> dict[int, StageFacts]:
    now = timezone.now()
    return {
        stage.pk: StageFacts(stage.pk, stage.weight, stage.is_open(now), stage.retired_at is not None)
        for stage in Stage.objects.all()
    }


# The contacts behind a number

_OF_KIND = """
    SELECT rows.contact_id FROM ({rows}) AS rows {joins}
    WHERE status.stage_id IS NOT DISTINCT FROM %(stage)s AND (status.lost_at IS NOT NULL) = %(lost)s
      AND {key} = ANY (%(keys)s) AND rows.contact_id > %(after)s
    ORDER BY 1 LIMIT %(limit)s
"""


def contacts_of(
    rows: Statement,
    operation: Operation,
    *,
    stage: int | None,
    lost: bool,
    outcomes: Collection[str],
    after: int = 0,
    limit: int,
) -> list[int]:
    """Contacts that stand somewhere and would have one of these outcomes now, in order of their ids.

    Args:
        stage, lost: the place, as in `Fate`.
        after: only those with a greater id.
    """
    joins = _JOINS
    if operation.act is Act.PUT_BACK:
        joins, key, keys = _JOINS + _UNDO_JOINS, _outcome_of_undo(operation), list(outcomes)
    elif operation.act in OF_STATUSES:
        key = "concat(status.lost_reason_id, ' ', inactive.id IS NOT NULL)"
        stages, policy = _stage_facts(), movement_policy()
        keys = [
            f"{group.standing.lost_reason or ''} {'t' if group.standing.account_inactive else 'f'}"
            for group in _groups(rows)
            if (group.standing.stage.id if group.standing.stage else None, group.standing.lost) == (stage, lost)
            and fate_of(group.standing, operation, stages, policy) in outcomes
        ]
    else:
        is_so, joins, wanted = _is_so(operation)
        key = f"CASE WHEN ({is_so}) = {wanted} THEN '{UNCHANGED}' ELSE '{DONE}' END"
        keys = list(outcomes)
    values = {"stage": stage, "lost": lost, "keys": keys, "after": after, "limit": limit, "label": operation.label}
    found = _fetch(
        _OF_KIND.format(rows=rows.sql, joins=joins, key=key), {**rows.values, **values, "undone": operation.run}
    )
    return [row[0] for row in found]


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


_IMPORTED = f"""
    SELECT DISTINCT contact_id, NULL::int AS signature, NULL::bigint AS change_id
    FROM journeys_runoutcome outcome CROSS JOIN unnest(outcome.contacts) AS imported (contact_id)
    WHERE outcome.run_id = %(undone)s AND outcome.code IN ('{RunOutcome.CREATED}', '{RunOutcome.UPDATED}')
"""


def _rows_to_undo(operation: Operation) -> Statement:
    sql = _MARKED_BY_RUN.format(changed=RunOutcome.CHANGED) if operation.effect else _CHANGES_OF_RUN
    return Statement(sql, {"undone": operation.run})


_UNDO_JOINS = """
    LEFT JOIN journeys_statuschange change ON change.id = change_id
    LEFT JOIN stages_stage stage ON stage.id = change.from_stage_id
"""

_FATES_OF_UNDO = f"""
    SELECT status.stage_id, status.lost_at IS NOT NULL, {{outcome}},
           CASE WHEN {{outcome}} = '{Refusal.MOVED_SINCE}' THEN status.cause ELSE '' END, count(*)
    FROM ({{rows}}) AS rows LEFT {_JOINS.lstrip()} {_UNDO_JOINS}
    GROUP BY 1, 2, 3, 4
"""

_OUTCOME_OF_UNDO = f"""
    CASE WHEN status.contact_id IS NULL THEN '{Refusal.NOT_IN_THE_BOOK}'
         WHEN change.from_outside THEN '{Refusal.NOTHING_BEFORE}'
         WHEN (status.signature, status.since) <> (change.signature, change.changed_at) THEN '{Refusal.MOVED_SINCE}'
         WHEN stage.retired_at IS NOT NULL THEN '{Refusal.RETIRED_STAGE}'
         WHEN NOT change.from_lost AND inactive.id IS NOT NULL THEN '{Refusal.ACCOUNT_INACTIVE}'
         ELSE '{DONE}' END
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


def _outcome_of_undo(operation: Operation) -> str:
    """SQL that says what the undo would do to a contact."""
    if operation.effect is None:
        return _OUTCOME_OF_UNDO
    return f"""
        CASE WHEN status.contact_id IS NULL THEN '{Refusal.NOT_IN_THE_BOOK}'
             WHEN {STILL_SO[operation.effect]} THEN '{DONE}' ELSE '{Refusal.CHANGED_SINCE}' END
    """


def _fates_of_undo(rows: Statement, operation: Operation) -> list[Fate]:
    found = _fetch(
        _FATES_OF_UNDO.format(rows=rows.sql, outcome=_outcome_of_undo(operation)),
        {**rows.values, "label": operation.label, "undone": operation.run},
    )
    fates: Counter[tuple[int | None, bool, str, str]] = Counter()
    for stage, lost, outcome, since, count in found:
        too = operation.also_moved_since and outcome == Refusal.MOVED_SINCE
        fates[stage, bool(lost), DONE if too else outcome, "" if too else since] += count
    return [Fate(stage, lost, outcome, count, since=since) for (stage, lost, outcome, since), count in fates.items()]


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
