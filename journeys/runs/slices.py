"""A slice of a run: what its operation does to contacts, within one transaction."""

from collections import defaultdict
from collections.abc import Sequence

from contacts.actions import put_on_label, take_off_label
from contacts.models import CarriedLabel, Label
from journeys.book import actions as book
from journeys.book.queries import in_the_book
from journeys.imports.undoing import undo_slice
from journeys.runs.models import Run, RunSlice
from journeys.runs.operations import Act, Operation
from journeys.runs.selections import still_so
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.requests import Outcome
from journeys.status.transitions import Refusal
from stages.models import Stage


def do_slice(run: Run, operation: Operation, part: RunSlice) -> Outcome:
    """Do what the run asks to the contacts of one slice, as the person who started it."""
    match operation.act:
        case Act.CHANGE_STATUS | Act.GIVE_DEFAULT:
            return status.change_status(
                contacts=part.contacts,
                to=run.stage,
                cause=operation.cause,
                by=run.started_by,
                run=run,
                via=operation.via,
                signatures=_signatures(part),
                only_forward=operation.only_forward,
                leave_lost=operation.leave_lost,
            )
        case Act.MARK_LOST:
            return status.mark_lost(
                contacts=part.contacts,
                reason=LostReason.objects.get(pk=operation.reason) if operation.reason else None,
                cause=operation.cause,
                by=run.started_by,
                run=run,
                via=operation.via,
                signatures=_signatures(part),
            )
        case Act.RECOVER:
            return status.recover(
                contacts=part.contacts,
                cause=operation.cause,
                by=run.started_by,
                run=run,
                via=operation.via,
                signatures=_signatures(part),
            )
        case Act.MOVE_OUT:
            return _move_out(run, operation, part.contacts)
        case Act.PUT_BACK:
            return _put_back(run, operation, part)
        case Act.UNDO_IMPORT:
            return undo_slice(run=run, undone=operation.run or 0, contacts=part.contacts)
        case Act.ERASE:
            erased = book.erase_contacts(contacts=part.contacts, by=run.started_by, run=run)
            return _outcome(part.contacts, erased)
        case act:
            return _mark(run, operation, act, part.contacts)


def _signatures(part: RunSlice) -> dict[int, int]:
    return dict(zip(part.contacts, part.signatures or [], strict=True))


def _move_out(run: Run, operation: Operation, contacts: Sequence[int]) -> Outcome:
    """Whoever still stands in the stage goes, lost or not, and lost ones stay lost. Who left it meanwhile stays."""
    here = _standing_in(operation.leaves, contacts)
    outcome = status.change_status(
        contacts=here, to=run.stage, cause=operation.cause, by=run.started_by, run=run, keep_lost=True
    )
    still = set(here)
    _refuse(outcome, [contact for contact in contacts if contact not in still], Refusal.MOVED_SINCE)
    return outcome


def _standing_in(stage: int | None, contacts: Sequence[int]) -> list[int]:
    """Those that stand in the stage, locked in the order of the key: nobody moves them before the slice is done."""
    standing = FunnelStatus.objects.filter(stage=stage, contact__in=contacts).order_by("contact_id")
    return list(standing.select_for_update(no_key=True).values_list("contact_id", flat=True))


# Labels and accounts


def _mark(run: Run, operation: Operation, act: Act, contacts: Sequence[int]) -> Outcome:
    if act in (Act.PUT_ON_LABEL, Act.TAKE_OFF_LABEL):
        label = Label.objects.filter(pk=operation.label or 0).first()
        if label is None:
            return _refused(contacts, Refusal.LABEL_DELETED)
        return _mark_with(run, operation, act, label, contacts)
    if act is Act.ACTIVATE:
        changed = book.activate_accounts(contacts=contacts, by=run.started_by)
    else:
        changed = book.deactivate_accounts(contacts=contacts, by=run.started_by, run=run)
    return _outcome(contacts, changed)


def _mark_with(run: Run, operation: Operation, act: Act, label: Label, contacts: Sequence[int]) -> Outcome:
    by, cause = run.started_by, operation.cause
    if act is Act.PUT_ON_LABEL:
        put_on_label(contacts=contacts, label=label, by=by, cause=cause, run_id=run.pk)
        return _outcome(contacts, _carrying(label, contacts, run_id=run.pk))
    carrying = _carrying(label, contacts)
    take_off_label(contacts=carrying, label=label, by=by, cause=cause, run_id=run.pk)
    return _outcome(contacts, carrying)


def _carrying(label: Label, contacts: Sequence[int], **put_on: int) -> list[int]:
    """Those that carry the label, locked: nobody takes it off them before the slice is done."""
    carried = CarriedLabel.objects.filter(label=label, contact__in=contacts, **put_on).order_by("contact_id")
    return list(carried.select_for_update().values_list("contact_id", flat=True))


def _outcome(contacts: Sequence[int], changed: Sequence[int]) -> Outcome:
    """What is so already is unchanged; whoever is no longer in the book is refused."""
    in_book, done = in_the_book(contacts), set(changed)
    outcome = Outcome(changed=sorted(done))
    outcome.unchanged = [contact for contact in contacts if contact in in_book and contact not in done]
    if gone := [contact for contact in contacts if contact not in in_book and contact not in done]:
        outcome.refused[Refusal.NOT_IN_THE_BOOK] = gone
    return outcome


def _refuse(outcome: Outcome, contacts: Sequence[int], refusal: Refusal) -> None:
    """Add refused contacts to an outcome; those erased are not in the book any more."""
    if contacts:
        in_book = in_the_book(contacts)
        outcome.refused[refusal] += [contact for contact in contacts if contact in in_book]
        outcome.refused[Refusal.NOT_IN_THE_BOOK] += [contact for contact in contacts if contact not in in_book]


def _refused(contacts: Sequence[int], refusal: Refusal) -> Outcome:
    outcome = Outcome()
    outcome.refused[refusal] = list(contacts)
    return outcome


# Undo


def _put_back(run: Run, operation: Operation, part: RunSlice) -> Outcome:
    """What a run did is put back where it is still so: accounts first made active, or last made inactive."""
    changes = part.changes or []
    if operation.effect is None:
        return _put_back_moves(run, operation, changes)
    still = set(still_so(operation, part.contacts))
    contacts = [contact for contact in part.contacts if contact in still]
    moves = [change for contact, change in zip(part.contacts, changes, strict=True) if contact in still and change]
    if operation.effect is Act.DEACTIVATE:
        _put_back_moves(run, operation, moves)
    outcome = _mark(run, operation, operation.effect, contacts)
    if operation.effect is Act.ACTIVATE:
        _put_back_moves(run, operation, moves)
    _refuse(outcome, [contact for contact in part.contacts if contact not in still], Refusal.CHANGED_SINCE)
    return outcome


def _put_back_moves(run: Run, operation: Operation, changes: Sequence[int]) -> Outcome:
    outcome = status.put_back(changes=changes, cause=operation.cause, by=run.started_by, run=run)
    if operation.also_moved_since and (moved_since := outcome.refused.pop(Refusal.MOVED_SINCE, [])):
        outcome.add(_return_from_elsewhere(run, operation, changes, moved_since))
    return outcome


def _return_from_elsewhere(run: Run, operation: Operation, changes: Sequence[int], contacts: Sequence[int]) -> Outcome:
    """Contacts that were moved since go back as well, in one change of their own: what others did is not undone."""
    outcome = Outcome()
    alike: dict[tuple[Stage | None, bool, LostReason | None], list[int]] = defaultdict(list)
    undone = StatusChange.objects.select_related("from_stage", "from_lost_reason")
    for change in undone.filter(pk__in=changes, contact__in=contacts):
        alike[change.from_stage, change.from_lost, change.from_lost_reason].append(change.contact_id)
    for (stage, lost, reason), members in alike.items():
        outcome.add(
            status.return_to_status(
                contacts=members,
                to=stage,
                lost=lost,
                reason=reason,
                cause=operation.cause,
                by=run.started_by,
                run=run,
            )
        )
    return outcome
