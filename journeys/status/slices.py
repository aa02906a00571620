"""A slice of contacts, in one transaction: lock, judge each kind of standing once, write what was allowed.

Part of the one door: `journeys.status.actions` alone calls it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from contacts.models import Contact, Note
from journeys.rules.queries import movement_policy
from journeys.status.requests import Outcome, Request, Signature
from journeys.status.transitions import (
    BY_HAND,
    PEOPLE,
    RECENT_DAYS,
    Lost,
    Policy,
    Refusal,
    StageFacts,
    Standing,
    heading,
    judge,
    may_diverge,
)
from stages.models import Stage

_LOCK = """
    WITH asked AS (
        SELECT * FROM unnest(%(contacts)s::bigint[], %(dates)s::timestamptz[], %(signatures)s::int[])
                      AS asked (contact_id, date, expected_signature)
    ), locked AS MATERIALIZED (
        SELECT status.*, date, expected_signature
        FROM journeys_funnelstatus status JOIN asked USING (contact_id)
        ORDER BY contact_id FOR NO KEY UPDATE OF status
    )
    SELECT stage_id, lost_at IS NOT NULL, lost_reason_id,
           %(may_diverge)s AND lost_at IS NOT NULL AND coalesce((
               SELECT cause = ANY (%(people)s) FROM journeys_statuschange history
               WHERE history.contact_id = locked.contact_id AND to_lost AND NOT from_lost AND NOT from_outside
               ORDER BY id DESC LIMIT 1), false) AS lost_by_a_person,
           %(may_diverge)s AND coalesce((
               SELECT cause = ANY (%(by_hand)s) AND changed_at > clock_timestamp() - %(recent_days)s * interval '1 day'
               FROM journeys_statuschange history
               WHERE history.contact_id = locked.contact_id AND from_stage_id IS DISTINCT FROM to_stage_id
               ORDER BY id DESC LIMIT 1), false) AS set_by_hand_lately,
           CASE WHEN signature <> expected_signature THEN 'CHANGED_MEANWHILE'
                WHEN date > clock_timestamp() THEN 'IN_THE_FUTURE'
                WHEN date < since AND NOT %(earlier_is_now)s THEN 'BEFORE_PRESENT_STATUS' END AS refusal,
           array_agg(contact_id), max(clock_timestamp())
    FROM locked GROUP BY 1, 2, 3, 4, 5, 6
"""

_UPDATE = """
    UPDATE journeys_funnelstatus status SET
        stage_id = {stage},
        stage_since = CASE WHEN status.stage_id IS DISTINCT FROM {stage} THEN {since} ELSE stage_since END,
        lost_at = {lost_at},
        lost_reason_id = %(lost_reason)s,
        since = {since},
        cause = %(cause)s, changed_by_id = %(by)s, run_id = %(run)s, via_id = %(via)s, note_id = asked.note_id,
        stated_at = CASE WHEN asked.date < since THEN asked.date END,
        undoes_id = NULL, review_needed = %(review_needed)s, signature = signature + 1
    FROM unnest(%(contacts)s::bigint[], %(dates)s::timestamptz[], %(notes)s::bigint[])
         AS asked (contact_id, date, note_id)
    WHERE status.contact_id = asked.contact_id
"""

_SINCE = "CASE WHEN asked.date >= since THEN asked.date ELSE greatest(%(now)s, since) END"


def change_slice(contacts: Sequence[int], request: Request) -> Outcome:
    """Lock the statuses, judge each kind of standing once, write what was allowed."""
    outcome = Outcome()
    policy = movement_policy()
    if request.signature.note:
        _lock_contacts(contacts)
    rows, now = _lock(contacts, request, policy)
    facts = stage_facts(entered=_stages_entered(rows, request))
    writes: dict[tuple[bool, bool, int | None], list[int]] = defaultdict(list)
    for standing, early_refusal, members in _standings(rows, facts):
        move = request.move(standing, facts)
        verdict = judge(standing, move, policy)
        refusal = early_refusal or verdict.refusal
        if refusal:
            outcome.refused[refusal] += members
        elif not verdict.changed:
            outcome.unchanged += members
        else:
            outcome.changed += members
            outcome.forward += len(members) if heading(standing.stage, move.to) == 1 else 0
            outcome.back += len(members) if heading(standing.stage, move.to) == -1 else 0
            lost_after = move.lost is Lost.LOSE or (move.lost is Lost.KEEP and standing.lost)
            reason = (move.lost_reason if move.lost is Lost.LOSE else standing.lost_reason) if lost_after else None
            flagged = verdict.review_needed or request.signature.review_needed
            outcome.flagged += members if flagged else []
            writes[flagged, lost_after, reason] += members
    for (flagged, lost_after, reason), members in writes.items():
        _write(members, request, now=now, flagged=flagged, lost_after=lost_after, lost_reason=reason)
    _add_missing(contacts, outcome)
    return outcome


def _array(numbers: Iterable[int | None]) -> str:
    """Numbers as PostgreSQL writes an array: ten times as fast as the driver does it for any list."""
    return "{" + ",".join(["NULL" if number is None else str(number) for number in numbers]) + "}"


def _lock_contacts(contacts: Sequence[int]) -> None:
    """Keep contacts in the book until a note about them is written: locks are taken on them before their statuses."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM contacts_contact WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE", [sorted(contacts)]
        )


def stage_facts(*, entered: Collection[int]) -> dict[int, StageFacts]:
    """Every stage that ever was, as the rules see it now. Those entered are not retired or closed meanwhile."""
    if entered:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM stages_stage WHERE id = ANY (%s) ORDER BY id FOR SHARE", [sorted(entered)])
    now = timezone.now()
    return {
        stage.pk: StageFacts(stage.pk, stage.weight, stage.is_open(now), stage.retired_at is not None)
        for stage in Stage.objects.all()
    }


class _Locked(NamedTuple):
    """Contacts that the rules treat alike, locked. `refusal` is the name of one."""

    stage: int | None
    lost: bool
    lost_reason: int | None
    lost_by_a_person: bool
    set_by_hand_lately: bool
    refusal: str | None
    contacts: list[int]
    locked_at: datetime


def _lock(contacts: Sequence[int], request: Request, policy: Policy) -> tuple[list[_Locked], datetime | None]:
    """Lock the statuses in the order of the key and group them by what the rules look at.

    Returns the groups and a moment after the last lock was taken.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _LOCK,
            {
                "contacts": _array(contacts),
                "dates": [request.dates.get(contact) for contact in contacts] if request.dates else [],
                "signatures": _array(map(request.signatures.get, contacts)) if request.signatures else "{}",
                "may_diverge": may_diverge(request.signature.cause, policy),
                "people": list(PEOPLE),
                "by_hand": list(BY_HAND),
                "recent_days": RECENT_DAYS,
                "earlier_is_now": request.earlier_is_now,
            },
        )
        rows = [_Locked(*row) for row in cursor.fetchall()]
    return rows, max((row.locked_at for row in rows), default=None)


def _stages_entered(rows: Sequence[_Locked], request: Request) -> set[int]:
    """The stages that contacts are going to stand in, not lost, where they did not before."""
    if not request.stays:
        return {request.stage} if request.stage else set()
    recovers = request.lost is Lost.RECOVER
    return {row.stage for row in rows if row.stage and row.lost and recovers}


def _standings(
    rows: Sequence[_Locked], facts: Mapping[int, StageFacts]
) -> Iterator[tuple[Standing, Refusal | None, list[int]]]:
    """Where the locked contacts stand, those of inactive accounts apart."""
    # Only a lost contact can have an inactive account: the database keeps it so.
    inactive = _inactive([contact for row in rows if row.lost for contact in row.contacts])
    for row in rows:
        for account_inactive in (False, True):
            part = [contact for contact in row.contacts if (contact in inactive) is account_inactive]
            standing = Standing(
                stage=facts.get(row.stage) if row.stage else None,
                lost=row.lost,
                lost_reason=row.lost_reason,
                account_inactive=account_inactive,
                lost_by_a_person=row.lost_by_a_person,
                set_by_hand_lately=row.set_by_hand_lately,
            )
            if part:
                yield standing, Refusal[row.refusal] if row.refusal else None, part


def _inactive(contacts: Sequence[int]) -> set[int]:
    if not contacts:
        return set()
    inactive = Contact.objects.filter(account_state=Contact.AccountState.INACTIVE, pk__in=contacts)
    return set(inactive.values_list("pk", flat=True))


def _write(
    contacts: Sequence[int],
    request: Request,
    *,
    now: datetime | None,
    flagged: bool,
    lost_after: bool,
    lost_reason: int | None,
) -> None:
    signature = request.signature
    statement = _UPDATE.format(
        stage="status.stage_id" if request.stays else "%(stage)s::bigint",
        since=_SINCE,
        lost_at=f"coalesce(lost_at, {_SINCE})" if lost_after else "NULL",
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "contacts": _array(contacts),
                "dates": [request.dates.get(contact) for contact in contacts] if request.dates else [],
                "notes": _write_notes(contacts, signature) if signature.note else [],
                "stage": request.stage,
                "lost_reason": lost_reason,
                "now": now,
                "review_needed": flagged,
                **signature.values(),
            },
        )


def _write_notes(contacts: Sequence[int], signature: Signature) -> list[int]:
    """One note for each contact, in their order."""
    notes = [Note(contact_id=contact, text=signature.note, written_by=signature.by) for contact in contacts]
    return [note.pk for note in Note.objects.bulk_create(notes)]


def _add_missing(contacts: Sequence[int], outcome: Outcome) -> None:
    seen = {*outcome.changed, *outcome.unchanged, *(key for keys in outcome.refused.values() for key in keys)}
    missing = [contact for contact in contacts if contact not in seen]
    if missing:
        outcome.refused[Refusal.NOT_IN_THE_BOOK] += missing


_CONTACTS_OF_CHANGES = "SELECT contact_id FROM journeys_statuschange WHERE id = ANY (%s)"

_LOCK_OF_CHANGES = """
    SELECT 1 FROM journeys_funnelstatus
    WHERE contact_id = ANY (ARRAY(SELECT contact_id FROM journeys_statuschange WHERE id = ANY (%(changes)s::bigint[])))
    ORDER BY contact_id FOR NO KEY UPDATE
"""

_CHANGES_TO_UNDO = """
    SELECT change.from_outside, change.from_stage_id, change.from_lost, change.from_lost_reason_id,
           (status.signature, status.since) = (change.signature, change.changed_at),
           status.contact_id IS NOT NULL, inactive.id IS NOT NULL,
           array_agg(change.id), array_agg(change.contact_id), max(clock_timestamp())
    FROM journeys_statuschange change
    LEFT JOIN contacts_contact inactive ON inactive.id = change.contact_id AND inactive.account_state = 'inactive'
    LEFT JOIN journeys_funnelstatus status ON status.contact_id = change.contact_id
    WHERE change.id = ANY (%(changes)s::bigint[])
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""

_PUT_BACK = """
    UPDATE journeys_funnelstatus status SET
        stage_id = change.from_stage_id, stage_since = change.from_stage_since,
        lost_at = change.from_lost_at, lost_reason_id = change.from_lost_reason_id,
        since = greatest(%(now)s, status.since), cause = %(cause)s, changed_by_id = %(by)s, run_id = %(run)s,
        via_id = %(via)s, note_id = asked.note_id, stated_at = NULL, undoes_id = change.id, review_needed = false,
        signature = status.signature + 1
    FROM unnest(%(changes)s::bigint[], %(notes)s::bigint[]) AS asked (change_id, note_id)
    JOIN journeys_statuschange change ON change.id = asked.change_id
    WHERE status.contact_id = change.contact_id
"""


def put_back_slice(changes: Sequence[int], signature: Signature) -> Outcome:
    outcome = Outcome()
    with connection.cursor() as cursor:
        if signature.note:
            cursor.execute(_CONTACTS_OF_CHANGES, [list(changes)])
            _lock_contacts([contact for (contact,) in cursor.fetchall()])
        cursor.execute(_LOCK_OF_CHANGES, {"changes": _array(changes)})
        cursor.execute(_CHANGES_TO_UNDO, {"changes": _array(changes)})
        rows = cursor.fetchall()
    facts = stage_facts(entered={row[1] for row in rows if row[1]})
    accepted: list[int] = []
    for from_outside, stage, lost, _reason, is_latest, is_in_book, account_inactive, members, contacts, _now in rows:
        refusal = _refusal_to_undo(
            is_in_book=is_in_book,
            from_outside=from_outside,
            is_latest=is_latest,
            to=facts.get(stage),
            leaves_not_lost=not lost,
            account_inactive=account_inactive,
        )
        if refusal:
            outcome.refused[refusal] += contacts
        else:
            outcome.changed += contacts
            accepted += members
    if accepted:
        with connection.cursor() as cursor:
            notes = _write_notes(outcome.changed, signature) if signature.note else []
            values = {"changes": _array(accepted), "notes": notes, "now": rows[0][-1], **signature.values()}
            cursor.execute(_PUT_BACK, values)
    return outcome


def _refusal_to_undo(
    *,
    is_in_book: bool,
    from_outside: bool,
    is_latest: bool,
    to: StageFacts | None,
    leaves_not_lost: bool,
    account_inactive: bool,
) -> Refusal | None:
    if not is_in_book:
        return Refusal.NOT_IN_THE_BOOK
    if not is_latest:
        return Refusal.MOVED_SINCE
    if from_outside:
        return Refusal.NOTHING_BEFORE
    if to and to.is_retired:
        return Refusal.RETIRED_STAGE
    if account_inactive and leaves_not_lost:
        return Refusal.ACCOUNT_INACTIVE
    return None
