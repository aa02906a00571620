"""The one door: everything that changes a funnel status comes through here.

One contact is a set of one. A set goes in slices in the order of the key, each in its own transaction (or within
the caller's, which fails as a whole if a slice does), so that people who move single contacts meanwhile never wait
long. What the database promises whoever writes (history, counts, data fixes) is in `journeys/triggers.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules.queries import funnel_settings
from journeys.runs.models import Run
from journeys.status.models import LostReason
from journeys.status.requests import Outcome, Request, Signature
from journeys.status.slices import change_slice, put_back_slice, stage_facts
from journeys.status.transitions import Lost, Refusal
from stages.models import Stage

SLICE = 2000
"""So many contacts are changed in one transaction."""


class MoveRefused(Exception):
    """A whole request is refused, whoever it is about."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


def change_status(
    *,
    contacts: Sequence[int],
    to: Stage | None,
    cause: Cause,
    by: TeamMember | None,
    run: Run | None = None,
    via: int | None = None,
    note: str = "",
    dates: Mapping[int, datetime] | None = None,
    earlier_is_now: bool = False,
    signatures: Mapping[int, int] | None = None,
    back_allowed: bool = False,
    keep_lost: bool = False,
    only_forward: bool = False,
    leave_lost: bool = False,
    review_needed: bool = False,
) -> Outcome:
    """Move contacts to a stage, or to none. A lost contact is recovered by it, unless `keep_lost` or by default.

    Args:
        contacts: their ids; each counts once.
        to: where they go. To none leaves a lost contact lost.
        cause, by: what made it move, and who; they decide what the movement rules allow.
        run, via: the run it is part of; the campaign step, web form or token behind the cause.
        note: words kept with each of these changes.
        dates: when it happened, by contact; now where none is given. Not in the future.
        earlier_is_now: where a date lies before the present status, move as of now and keep the stated date
            beside it, instead of refusing.
        signatures: the signature each contact had when the person looked; another one is refused.
        back_allowed: a lower weight and lost contacts do not refuse (an import that says so).
        only_forward, leave_lost: choices that narrow it: whoever would go back, or is lost, stays.
        review_needed: flag for review even if the rules do not.

    Returns: what became of each contact.
    """
    lost = Lost.KEEP if keep_lost or to is None or cause is Cause.DEFAULT else Lost.RECOVER
    request = Request(
        signature=Signature(cause, by, run, via, note, review_needed),
        stage=to.pk if to else None,
        stays=False,
        lost=lost,
        dates=dates or {},
        earlier_is_now=earlier_is_now,
        signatures=signatures or {},
        back_allowed=back_allowed or _corrects(cause, by),
        only_forward=only_forward,
        leave_lost=leave_lost,
    )
    return _in_slices(contacts, request)


def mark_lost(
    *,
    contacts: Sequence[int],
    reason: LostReason | None,
    cause: Cause,
    by: TeamMember | None,
    run: Run | None = None,
    via: int | None = None,
    note: str = "",
    dates: Mapping[int, datetime] | None = None,
    earlier_is_now: bool = False,
    signatures: Mapping[int, int] | None = None,
    review_needed: bool = False,
) -> Outcome:
    """Mark contacts lost from the stage where they are. For a lost contact, another reason corrects the reason.

    Without a reason it is refused where the organisation requires one, unless an inactive account is the cause.
    The other arguments are those of `change_status`.
    """
    requires_reason = cause is not Cause.ACCOUNT_INACTIVE and reason is None
    if requires_reason and funnel_settings().lost_reason_required:
        return _all_refused(contacts, Refusal.REASON_REQUIRED)
    request = Request(
        signature=Signature(cause, by, run, via, note, review_needed),
        stays=True,
        lost=Lost.LOSE,
        lost_reason=reason.pk if reason else None,
        dates=dates or {},
        earlier_is_now=earlier_is_now,
        signatures=signatures or {},
    )
    return _in_slices(contacts, request)


def recover(
    *,
    contacts: Sequence[int],
    cause: Cause,
    by: TeamMember | None,
    run: Run | None = None,
    via: int | None = None,
    note: str = "",
    dates: Mapping[int, datetime] | None = None,
    signatures: Mapping[int, int] | None = None,
    review_needed: bool = False,
) -> Outcome:
    """Bring lost contacts back to the stage they were lost from; those that are not lost stay unchanged.

    To recover a contact to another stage, change its status. The arguments are those of `change_status`.
    """
    request = Request(
        signature=Signature(cause, by, run, via, note, review_needed),
        stays=True,
        lost=Lost.RECOVER,
        dates=dates or {},
        signatures=signatures or {},
    )
    return _in_slices(contacts, request)


def return_to_status(
    *,
    contacts: Sequence[int],
    to: Stage | None,
    lost: bool,
    reason: LostReason | None,
    cause: Cause,
    by: TeamMember | None,
    run: Run | None = None,
    via: int | None = None,
    note: str = "",
    dates: Mapping[int, datetime] | None = None,
    signatures: Mapping[int, int] | None = None,
    review_needed: bool = False,
) -> Outcome:
    """Put contacts where they once were, in one change: a stage or none, lost from there for a reason or not.

    The movement rules hold, and so does the rule about a lost reason. The other arguments are those of
    `change_status`.
    """
    if lost and reason is None and funnel_settings().lost_reason_required:
        return _all_refused(contacts, Refusal.REASON_REQUIRED)
    request = Request(
        signature=Signature(cause, by, run, via, note, review_needed),
        stage=to.pk if to else None,
        stays=False,
        lost=Lost.LOSE if lost else Lost.RECOVER,
        lost_reason=reason.pk if lost and reason else None,
        dates=dates or {},
        signatures=signatures or {},
        back_allowed=_corrects(cause, by),
    )
    return _in_slices(contacts, request)


def put_back(
    *, changes: Sequence[int], cause: Cause, by: TeamMember | None, run: Run | None = None, note: str = ""
) -> Outcome:
    """Undo status changes: stage, lost, lost reason and the beginning of the stay are as before; `since` is now.

    Only the latest change of a contact can be undone (undoing an undo included); others are refused "moved since".

    Args:
        changes: ids of status changes, at most one for each contact.
        cause: undo or review.
    """
    outcome = Outcome()
    for part in _slices(sorted(set(changes))):
        with transaction.atomic(savepoint=False):
            outcome.add(put_back_slice(part, Signature(cause, by, run, note=note)))
    return outcome


def enter_book(
    *,
    contacts: Sequence[int],
    to: Stage | None,
    cause: Cause,
    by: TeamMember | None,
    run: Run | None = None,
    via: int | None = None,
    dates: Mapping[int, datetime] | None = None,
    inactive: frozenset[int] = frozenset(),
) -> None:
    """Write the status of contacts that are about to be added, in the same transaction and before them.

    Args:
        contacts: ids taken from the sequence of contacts, not in the book yet.
        to: the stage given to them, or none. With cause default: the default, read by the caller.
        dates: since when, by contact; now where none is given.
        inactive: those whose account is inactive: born lost.

    Raises:
        MoveRefused: the stage is closed or retired, or a date is in the future.
    """
    if to and not stage_facts(entered=[to.pk])[to.pk].is_open:
        raise MoveRefused(Refusal.CLOSED_STAGE)
    given = dates or {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
        if any(date > now for date in given.values()):
            raise MoveRefused(Refusal.IN_THE_FUTURE)
        cursor.execute(
            """
            INSERT INTO journeys_funnelstatus
                (contact_id, stage_id, stage_since, lost_at, since, cause, changed_by_id, run_id, via_id)
            SELECT contact_id, %(stage)s, since, CASE WHEN contact_id = ANY (%(inactive)s) THEN since END,
                   since, %(cause)s, %(by)s, %(run)s, %(via)s
            FROM unnest(%(contacts)s::bigint[], %(dates)s::timestamptz[]) AS asked (contact_id, since)
            """,
            {
                "contacts": list(contacts),
                "dates": [given.get(contact, now) for contact in contacts],
                "inactive": list(inactive),
                "stage": to.pk if to else None,
                "cause": cause,
                "by": by.pk if by else None,
                "run": run.pk if run else None,
                "via": via,
            },
        )


def leave_book(*, contacts: Sequence[int], by: TeamMember | None, run: Run | None = None) -> None:
    """Sign off contacts that are about to be erased, in the same transaction: history names who erased them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE journeys_funnelstatus SET
                cause = 'erased', changed_by_id = %(by)s, run_id = %(run)s, via_id = NULL, note_id = NULL,
                stated_at = NULL, undoes_id = NULL, review_needed = false, signature = signature + 1
            WHERE contact_id = ANY (%(contacts)s)
            """,
            {"contacts": sorted(contacts), "by": by.pk if by else None, "run": run.pk if run else None},
        )
        cursor.execute("DELETE FROM journeys_funnelstatus WHERE contact_id = ANY (%s)", [sorted(contacts)])


def _corrects(cause: Cause, by: TeamMember | None) -> bool:
    """A manual change by an Administrator is a correction: movement rules do not refuse it."""
    return cause is Cause.MANUAL and by is not None and by.role.corrects


def _all_refused(contacts: Sequence[int], refusal: Refusal) -> Outcome:
    outcome = Outcome()
    outcome.refused[refusal] = list(contacts)
    return outcome


def _slices(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), SLICE):
        yield keys[start : start + SLICE]


def _in_slices(contacts: Sequence[int], request: Request) -> Outcome:
    outcome = Outcome()
    for part in _slices(sorted(set(contacts))):
        with transaction.atomic(savepoint=False):
            outcome.add(change_slice(part, request))
    return outcome
