"""Flagged changes wait, are kept or reverted, once; history is never rewritten by it."""

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.book.actions import deactivate_accounts, erase_contacts
from journeys.review.actions import DecidedMeanwhile, always_keep, keep_flagged, keep_no_longer, revert_flagged
from journeys.review.models import KeptToken, Review
from journeys.review.queries import how_many_wait, review_page
from journeys.status.actions import change_status, mark_lost
from journeys.status.models import StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.elsewhere import at_once
from tests.factories import contact_in
from tests.heart import Signed, assert_explained, last_change, moves, status_of


@pytest.fixture
def token(administrator: TeamMember) -> ApiToken:
    return create_token(name="Shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=administrator)[0]


def flagged(token: ApiToken, start: Stage, end: Stage) -> Contact:
    """A contact that an application moved back, which is flagged."""
    contact = contact_in(start, cause=Cause.API)
    change_status(contacts=[contact.pk], to=end, cause=Cause.API, by=token.owner, via=token.pk)
    return contact


def reviews() -> list[tuple[int, str | None, int | None]]:
    return list(Review.objects.order_by("pk").values_list("pk", "verdict", "decided_by"))


def test_a_flagged_change_waits_whoever_wrote_it(token, aware: Stage, customer: Stage) -> None:
    contact = flagged(token, customer, aware)
    change = last_change(contact)
    assert list(Review.objects.values_list("pk", "contact", "token", "verdict")) == [
        (change.pk, contact.pk, token.pk, None)
    ]
    change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert how_many_wait() == 1


def test_keeping_decides_and_writes_no_history(token, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    change = last_change(flagged(token, customer, aware))
    before = list(StatusChange.objects.values())
    decided = keep_flagged(changes=[change.pk, 987654], by=marketer)
    assert (decided.done, decided.before, decided.refused) == ([change.pk], [987654], {})
    assert reviews() == [(change.pk, "kept", marketer.pk)]
    assert list(StatusChange.objects.values()) == before
    assert last_change(change.contact_id).review_needed is True


def test_reverting_puts_back_with_cause_review_and_leaves_the_flagged_row_as_it_was(
    token, marketer: TeamMember, aware: Stage, customer: Stage
) -> None:
    contact = flagged(token, customer, aware)
    change, before = last_change(contact), list(StatusChange.objects.values())
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    decided = revert_flagged(changes=[change.pk], by=marketer, note="A test order")
    assert (decided.done, decided.before, decided.refused) == ([change.pk], [], {})
    assert moves(contact) == ["outside > Customer", "Customer > Aware", "Aware > Customer"]
    assert Signed.of(last_change(contact)) == Signed("review", marketer.pk, undoes=change.pk)
    assert Note.objects.get(pk=last_change(contact).note_id).text == "A test order"
    assert list(StatusChange.objects.values())[: len(before)] == before
    assert reviews() == [(change.pk, "reverted", marketer.pk)]
    assert how_many_wait() == 0
    assert_explained()


def test_who_is_second_is_told_and_changes_nothing(
    token, marketer: TeamMember, operator: TeamMember, aware: Stage, customer: Stage
) -> None:
    kept, reverted = last_change(flagged(token, customer, aware)), last_change(flagged(token, customer, aware))
    keep_flagged(changes=[kept.pk], by=marketer)
    revert_flagged(changes=[reverted.pk], by=marketer)
    before = reviews()
    assert revert_flagged(changes=[kept.pk, reverted.pk], by=operator).before == [kept.pk, reverted.pk]
    assert keep_flagged(changes=[kept.pk, reverted.pk], by=operator).before == [kept.pk, reverted.pk]
    assert reviews() == before
    assert moves(kept.contact_id)[-1] == "Customer > Aware"


def test_what_moved_on_since_is_not_reverted_and_waits_on(
    token, marketer: TeamMember, aware: Stage, customer: Stage, loyal: Stage
) -> None:
    moved, new = flagged(token, customer, aware), contact_in(aware, cause=Cause.API)
    change = last_change(moved)
    change_status(contacts=[moved.pk], to=loyal, cause=Cause.MANUAL, by=marketer)
    inactive, gone = flagged(token, customer, aware), flagged(token, customer, aware)
    of_inactive, of_gone = last_change(inactive), last_change(gone)
    deactivate_accounts(contacts=[inactive.pk], by=None)
    erase_contacts(contacts=[gone.pk], by=marketer)
    decided = revert_flagged(changes=[change.pk, of_inactive.pk, of_gone.pk], by=marketer)
    assert (decided.done, decided.before) == ([], [of_gone.pk])
    assert decided.refused == {Refusal.MOVED_SINCE: [change.pk, of_inactive.pk]}
    assert reviews() == [(change.pk, None, None), (of_inactive.pk, None, None)]
    assert moves(moved)[-1] == "Aware > Loyal Customer"
    assert keep_flagged(changes=[change.pk], by=marketer).done == [change.pk]
    assert moves(new) == ["outside > Aware"]


def test_of_two_flagged_changes_of_one_contact_the_latest_is_reverted(
    token, marketer: TeamMember, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    contact = flagged(token, customer, engaged)
    first = last_change(contact)
    change_status(contacts=[contact.pk], to=aware, cause=Cause.API, by=token.owner, via=token.pk)
    second = last_change(contact)
    decided = revert_flagged(changes=[first.pk, second.pk], by=marketer)
    assert (decided.done, decided.refused) == ([second.pk], {Refusal.MOVED_SINCE: [first.pk]})
    assert (status_of(contact).stage, how_many_wait()) == (engaged, 1)


def test_a_retired_stage_is_not_gone_back_to(token, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    change = last_change(flagged(token, customer, aware))
    Stage.objects.filter(pk=customer.pk).update(retired_at="2026-01-01T00:00:00Z")
    assert revert_flagged(changes=[change.pk], by=marketer).refused == {Refusal.RETIRED_STAGE: [change.pk]}
    assert how_many_wait() == 1


def test_a_recovery_is_reverted_to_lost(token, marketer: TeamMember, customer: Stage) -> None:
    contact = contact_in(customer, cause=Cause.API)
    mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=marketer)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=token.owner, via=token.pk)
    revert_flagged(changes=[last_change(contact).pk], by=marketer)
    assert moves(contact)[-1] == "Customer > lost from Customer"
    assert_explained()


# Always keep


def test_what_is_always_kept_from_a_token_is_decided_as_it_comes(
    token, marketer: TeamMember, aware: Stage, customer: Stage
) -> None:
    waiting, of_another = flagged(token, customer, aware), contact_in(customer, cause=Cause.API)
    change_status(contacts=[of_another.pk], to=aware, cause=Cause.API, by=None)
    assert always_keep(token=token, by=marketer) == 1
    coming = flagged(token, customer, aware)
    decided = {review.contact_id: review for review in Review.objects.all()}
    assert (decided[waiting.pk].verdict, decided[waiting.pk].is_standing) == ("kept", False)
    assert (decided[coming.pk].verdict, decided[coming.pk].is_standing) == ("kept", True)
    assert (decided[coming.pk].decided_by, decided[of_another.pk].verdict) == (marketer, None)
    assert last_change(coming).review_needed is True
    assert always_keep(token=token, by=marketer) == 0
    keep_no_longer(token=token, by=marketer)
    assert Review.objects.get(contact=flagged(token, customer, aware).pk).verdict is None
    assert KeptToken.objects.count() == 0


# The database


def test_a_verdict_says_who_and_when(token, aware: Stage, customer: Stage) -> None:
    flagged(token, customer, aware)
    with pytest.raises(IntegrityError, match="a_verdict_says_who_and_when"), transaction.atomic():
        Review.objects.update(verdict="kept")


def test_a_review_goes_with_its_contact_whoever_deletes_it(token, aware: Stage, customer: Stage) -> None:
    gone, stays = flagged(token, customer, aware), flagged(token, customer, aware)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contacts_contact WHERE id = %s", [gone.pk])
    assert list(Review.objects.values_list("contact", flat=True)) == [stays.pk]


def test_a_page_is_read_on_in_both_directions(token, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    made = [last_change(flagged(token, customer, aware)).pk for _ in range(5)][::-1]
    first = review_page(size=2)
    second = review_page(size=2, older_than=first.older_than)
    last = review_page(size=2, older_than=second.older_than)
    assert [[row.pk for row in page.rows] for page in (first, second, last)] == [made[:2], made[2:4], made[4:]]
    assert (first.newer_than, last.older_than) == (None, None)
    assert [row.pk for row in review_page(size=2, newer_than=last.newer_than).rows] == made[2:4]
    assert review_page(decided=True).rows == []


@pytest.mark.django_db(transaction=True)
def test_two_people_decide_at_once_and_one_of_them_did(
    administrator: TeamMember, marketer: TeamMember, aware: Stage, customer: Stage
) -> None:
    token = create_token(name="Shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=administrator)[0]
    for _ in range(10):
        contact = flagged(token, customer, aware)
        change = last_change(contact).pk

        def revert(change: int = change) -> bool:
            try:
                return bool(revert_flagged(changes=[change], by=marketer).done)
            except DecidedMeanwhile:
                return False

        kept, reverted = at_once(
            lambda change=change: bool(keep_flagged(changes=[change], by=administrator).done), revert
        )
        assert (kept, reverted) in ((True, False), (False, True))
        assert Review.objects.get(pk=change).verdict == ("reverted" if reverted else "kept")
        assert len(moves(contact)) == (3 if reverted else 2)
    assert_explained()
