"""The one door: what each action changes and writes down, and what it leaves alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.reports.models import FunnelFlow
from journeys.rules.models import FunnelSettings, MovementRule
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import Direction, FunnelStatus, LostReason, StatusChange
from journeys.status.transitions import ONE_DIRECTION_ONLY, MovementRules, Permission, Refusal
from stages.models import Stage
from tests.factories import ContactFactory, StageFactory, contact_in
from tests.heart import (
    Signed,
    assert_explained,
    check_deferred_promises,
    database_clock,
    last_change,
    moves,
    rows_of_history,
    run_sql,
    status_of,
)

pytestmark = pytest.mark.django_db

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)
JUNE = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def bounced(db: None) -> LostReason:
    return LostReason.objects.get(name="Bounced")


@pytest.fixture
def no_answer(db: None) -> LostReason:
    return LostReason.objects.get(name="No answer")


@pytest.fixture
def run(db: None, marketer: TeamMember) -> Run:
    return Run.objects.create(kind=Run.Kind.BULK, words="Move some", started_by=marketer)


@pytest.fixture
def carla(aware: Stage) -> Contact:
    """A contact in Aware since 2 May."""
    return contact_in(aware, since=MAY)


@pytest.fixture
def lost_carla(customer: Stage, operator: TeamMember, bounced: LostReason) -> Contact:
    """A contact in Customer since 2 May, marked lost by an Operator on 1 June: Bounced."""
    return contact_in(customer, since=MAY, lost=True, lost_at=JUNE, reason=bounced, by=operator)


def refused(outcome: status.Outcome) -> dict[Refusal, list[int]]:
    """Who was refused, and that nobody else was changed or unchanged."""
    assert (outcome.changed, outcome.unchanged, outcome.flagged) == ([], [], [])
    return dict(outcome.refused)


def assert_untouched(contact: Contact, before: FunnelStatus, history: int) -> None:
    """The status is as it was, to the last column, and history has no new row."""
    after = status_of(contact)
    assert {name: getattr(after, name) for name in COLUMNS} == {name: getattr(before, name) for name in COLUMNS}
    assert rows_of_history() == history


COLUMNS = [field.attname for field in FunnelStatus._meta.concrete_fields]


def set_policy(rules: dict) -> None:
    for cause, cell in rules.items():
        MovementRule.objects.create(cause=cause, to_lower_weight=cell.to_lower_weight, onto_lost=cell.onto_lost)


# Changing the status


def test_a_change_by_hand(carla: Contact, aware: Stage, customer: Stage, operator: TeamMember) -> None:
    before = database_clock()
    outcome = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=operator)
    assert (outcome.changed, outcome.unchanged, dict(outcome.refused), outcome.flagged) == ([carla.pk], [], {}, [])
    assert outcome.refusal is None

    assert moves(carla) == ["outside > Aware", "Aware > Customer"]
    change = last_change(carla)
    assert Signed.of(change) == Signed("manual", by=operator.pk)
    assert (change.from_since, change.from_stage_since, change.from_lost_at) == (MAY, MAY, None)
    assert (change.to_lost_reason_id, change.from_lost_reason_id, change.note_id) == (None, None, None)
    assert change.direction == Direction.FORWARD
    assert before < change.changed_at <= change.recorded_at < database_clock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, pg_current_xact_id()::text")
        assert (change.database_user, str(change.transaction_id)) == cursor.fetchone()

    now = status_of(carla)
    assert (now.stage_id, now.lost_at, now.lost_reason_id) == (customer.pk, None, None)
    assert now.since == now.stage_since == change.changed_at
    assert now.signature == 2
    assert Signed.of(now) == Signed("manual", by=operator.pk)
    assert Note.objects.count() == 0
    assert_explained()


def test_where_a_contact_is_already_nothing_is_written(carla: Contact, aware: Stage, operator: TeamMember) -> None:
    before, history = status_of(carla), rows_of_history()
    outcome = status.change_status(contacts=[carla.pk], to=aware, cause=Cause.MANUAL, by=operator, note="Again")
    assert (outcome.changed, outcome.unchanged, dict(outcome.refused)) == ([], [carla.pk], {})
    assert_untouched(carla, before, history)
    assert Note.objects.count() == 0


def test_direction_is_by_the_weights_of_that_moment(carla: Contact, aware: Stage, customer: Stage) -> None:
    equal = StageFactory(weight=customer.weight)
    for to in (customer, equal, aware, None, customer):
        status.change_status(contacts=[carla.pk], to=to, cause=Cause.MANUAL, by=None)
    Stage.objects.filter(pk=aware.pk).update(weight=1000)
    status.change_status(contacts=[carla.pk], to=aware, cause=Cause.MANUAL, by=None)
    directions = list(StatusChange.objects.filter(contact=carla).values_list("direction", flat=True))
    assert directions == [None, Direction.FORWARD, Direction.LEVEL, Direction.BACK, None, None, Direction.FORWARD]
    assert_explained()


def test_to_no_stage(carla: Contact, operator: TeamMember) -> None:
    status.change_status(contacts=[carla.pk], to=None, cause=Cause.MANUAL, by=operator)
    assert moves(carla)[-1] == "Aware > none"
    now = status_of(carla)
    assert (now.stage_id, now.lost_at) == (None, None)
    assert now.stage_since == now.since


def test_a_note_is_kept_beside_the_history(carla: Contact, customer: Stage, operator: TeamMember) -> None:
    status.change_status(
        contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=operator, note="First order came in by phone"
    )
    note = Note.objects.get()
    assert (note.contact_id, note.text, note.written_by) == (carla.pk, "First order came in by phone", operator)
    assert (last_change(carla).note_id, status_of(carla).note_id) == (note.pk, note.pk)
    status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.MANUAL, by=operator)
    assert (last_change(carla).note_id, status_of(carla).note_id) == (None, None)
    assert_explained()


def test_each_of_several_gets_a_note_of_its_own(aware: Stage, customer: Stage) -> None:
    people = [contact_in(aware) for _ in range(3)]
    status.change_status(contacts=[c.pk for c in people], to=customer, cause=Cause.MANUAL, by=None, note="Met them")
    by_note = dict(Note.objects.values_list("id", "contact_id"))
    assert [by_note[last_change(contact).note_id] for contact in people] == [contact.pk for contact in people]
    assert_explained()


def test_a_run_and_what_is_behind_the_cause(carla: Contact, customer: Stage, marketer: TeamMember, run: Run) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.BULK, by=marketer, run=run, via=77)
    assert Signed.of(last_change(carla)) == Signed("bulk", by=marketer.pk, run=run.pk, via=77)
    status.change_status(contacts=[carla.pk], to=None, cause=Cause.MANUAL, by=None)
    assert Signed.of(last_change(carla)) == Signed("manual")
    assert_explained()


def test_choosing_a_stage_recovers(lost_carla: Contact, promoter: Stage, bounced: LostReason) -> None:
    status.change_status(contacts=[lost_carla.pk], to=promoter, cause=Cause.MANUAL, by=None)
    assert moves(lost_carla)[-2:] == ["Customer > lost from Customer", "lost from Customer > Promoter"]
    now, change = status_of(lost_carla), last_change(lost_carla)
    assert (now.lost_at, now.lost_reason_id, now.stage_since) == (None, None, now.since)
    assert (change.from_lost_reason_id, change.from_lost_at, change.from_stage_since) == (bounced.pk, JUNE, MAY)
    assert_explained()


def test_choosing_the_stage_it_was_lost_from_recovers(lost_carla: Contact, customer: Stage) -> None:
    status.change_status(contacts=[lost_carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    now = status_of(lost_carla)
    assert (moves(lost_carla)[-1], now.stage_since) == ("lost from Customer > Customer", MAY)
    assert last_change(lost_carla).direction is None
    assert_explained()


def test_to_no_stage_keeps_lost(lost_carla: Contact, bounced: LostReason) -> None:
    status.change_status(contacts=[lost_carla.pk], to=None, cause=Cause.MANUAL, by=None)
    now = status_of(lost_carla)
    assert (moves(lost_carla)[-1], now.lost_at, now.lost_reason) == (
        "lost from Customer > lost from none",
        JUNE,
        bounced,
    )
    assert_explained()


def test_moving_a_lost_contact_that_stays_lost(lost_carla: Contact, promoter: Stage, bounced: LostReason) -> None:
    status.change_status(contacts=[lost_carla.pk], to=promoter, cause=Cause.STAGE_MERGED, by=None, keep_lost=True)
    now = status_of(lost_carla)
    assert moves(lost_carla)[-1] == "lost from Customer > lost from Promoter"
    assert (now.lost_at, now.lost_reason, now.stage_since) == (JUNE, bounced, now.since)
    assert_explained()


def test_the_default_is_for_those_without_a_status_and_keeps_lost(aware: Stage, customer: Stage, run: Run) -> None:
    placed, without, lost = contact_in(customer), contact_in(None), contact_in(None, lost=True)
    there, lost_elsewhere = contact_in(aware), contact_in(customer, lost=True)
    outcome = status.change_status(
        contacts=[placed.pk, without.pk, lost.pk, there.pk, lost_elsewhere.pk],
        to=aware,
        cause=Cause.DEFAULT,
        by=None,
        run=run,
    )
    assert (sorted(outcome.changed), outcome.unchanged) == ([without.pk, lost.pk], [there.pk])
    assert outcome.refused == {Refusal.HAS_A_STATUS: [placed.pk, lost_elsewhere.pk]}
    assert moves(without)[-1] == "none > Aware"
    assert moves(lost)[-1] == "lost from none > lost from Aware"
    assert_explained()


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"is_published": False}, Refusal.CLOSED_STAGE),
        ({"publish_up": datetime(2999, 1, 1, tzinfo=UTC)}, Refusal.CLOSED_STAGE),
        ({"publish_down": datetime(2001, 1, 1, tzinfo=UTC)}, Refusal.CLOSED_STAGE),
        ({"retired_at": datetime(2001, 1, 1, tzinfo=UTC)}, Refusal.RETIRED_STAGE),
    ],
)
def test_a_stage_that_is_not_open_takes_nobody(
    carla: Contact, customer: Stage, administrator: TeamMember, fields: dict, refusal: Refusal
) -> None:
    before, history = status_of(carla), rows_of_history()
    Stage.objects.filter(pk=customer.pk).update(**fields)
    outcome = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=administrator, note="Now")
    assert refused(outcome) == {refusal: [carla.pk]}
    assert outcome.refusal is refusal
    assert_untouched(carla, before, history)
    assert Note.objects.count() == 0


def test_an_administrator_corrects_by_hand_what_the_rules_refuse_others(
    aware: Stage, customer: Stage, administrator: TeamMember, marketer: TeamMember
) -> None:
    set_policy(ONE_DIRECTION_ONLY)
    first, second, third = (contact_in(customer) for _ in range(3))
    by_marketer = status.change_status(contacts=[first.pk], to=aware, cause=Cause.MANUAL, by=marketer)
    by_run = status.change_status(contacts=[second.pk], to=aware, cause=Cause.BULK, by=administrator)
    by_hand = status.change_status(contacts=[third.pk], to=aware, cause=Cause.MANUAL, by=administrator)
    assert refused(by_marketer) == {Refusal.LIGHTER_STAGE: [first.pk]}
    assert refused(by_run) == {Refusal.LIGHTER_STAGE: [second.pk]}
    assert (by_hand.changed, by_hand.flagged) == ([third.pk], [])
    assert [moves(contact)[-1] for contact in (first, second, third)] == [
        "outside > Customer",
        "outside > Customer",
        "Customer > Aware",
    ]


def test_an_import_goes_back_only_if_it_says_so(customer: Stage, aware: Stage) -> None:
    contact, lost = contact_in(customer), contact_in(customer, lost=True)
    people = [contact.pk, lost.pk]
    outcome = status.change_status(contacts=people, to=aware, cause=Cause.IMPORT, by=None)
    assert refused(outcome) == {Refusal.LIGHTER_STAGE: [contact.pk], Refusal.LOST_CONTACT: [lost.pk]}
    outcome = status.change_status(contacts=people, to=aware, cause=Cause.IMPORT, by=None, back_allowed=True)
    assert sorted(outcome.changed) == people
    assert moves(lost)[-1] == "lost from Customer > Aware"
    assert_explained()


def test_nobody_by_an_id_that_is_not_in_the_book(carla: Contact, customer: Stage) -> None:
    outcome = status.change_status(contacts=[carla.pk, 10**9], to=customer, cause=Cause.BULK, by=None)
    assert (outcome.changed, outcome.refused) == ([carla.pk], {Refusal.NOT_IN_THE_BOOK: [10**9]})
    assert_explained()


def test_of_nobody_nothing(customer: Stage, db: None) -> None:
    outcome = status.change_status(contacts=[], to=customer, cause=Cause.BULK, by=None)
    assert outcome == status.Outcome()
    assert rows_of_history() == 0


def test_each_contact_counts_once(carla: Contact, customer: Stage) -> None:
    outcome = status.change_status(contacts=[carla.pk] * 3, to=customer, cause=Cause.MANUAL, by=None)
    assert (outcome.changed, moves(carla)) == ([carla.pk], ["outside > Aware", "Aware > Customer"])


def test_all_outcomes_of_a_set_at_once(aware: Stage, engaged: Stage, customer: Stage, bounced: LostReason) -> None:
    lower, there, higher = (contact_in(stage, since=MAY) for stage in (aware, engaged, customer))
    lost, closed = contact_in(aware, lost=True, reason=bounced), contact_in(aware, lost=True, account_state="inactive")
    people = [contact.pk for contact in (lower, there, higher, lost, closed)]
    outcome = status.change_status(contacts=[*people, 10**9], to=engaged, cause=Cause.API, by=None)
    assert (sorted(outcome.changed), outcome.unchanged) == ([lower.pk, higher.pk, lost.pk], [there.pk])
    assert outcome.refused == {Refusal.ACCOUNT_INACTIVE: [closed.pk], Refusal.NOT_IN_THE_BOOK: [10**9]}
    assert sorted(outcome.flagged) == [higher.pk, lost.pk]
    assert [last_change(contact).review_needed for contact in (lower, higher, lost)] == [False, True, True]
    assert_explained()


# Dates


def test_a_change_may_be_dated_into_the_past(carla: Contact, customer: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, dates={carla.pk: JUNE})
    now, change = status_of(carla), last_change(carla)
    assert (now.since, now.stage_since, now.stated_at, change.changed_at) == (JUNE, JUNE, None, JUNE)
    assert change.recorded_at > JUNE
    assert FunnelFlow.objects.get(to_stage=customer).quarter == JUNE
    assert_explained()


def test_a_date_may_be_that_of_the_present_status(carla: Contact, customer: Stage) -> None:
    outcome = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.API, by=None, dates={carla.pk: MAY})
    assert (outcome.changed, status_of(carla).since, status_of(carla).stated_at) == ([carla.pk], MAY, None)
    assert_explained()


def test_no_date_in_the_future(carla: Contact, customer: Stage) -> None:
    before, history = status_of(carla), rows_of_history()
    soon = database_clock() + timedelta(minutes=1)
    for action in (
        lambda: status.change_status(
            contacts=[carla.pk], to=customer, cause=Cause.API, by=None, dates={carla.pk: soon}, earlier_is_now=True
        ),
        lambda: status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.API, by=None, dates={carla.pk: soon}),
    ):
        assert refused(action()) == {Refusal.IN_THE_FUTURE: [carla.pk]}
    assert_untouched(carla, before, history)


def test_no_date_before_the_present_status(carla: Contact, lost_carla: Contact, customer: Stage) -> None:
    before, history = status_of(carla), rows_of_history()
    earlier = MAY - timedelta(microseconds=1)
    dates = {carla.pk: earlier, lost_carla.pk: JUNE - timedelta(days=1)}
    moved = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.API, by=None, dates=dates)
    lost = status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.API, by=None, dates=dates)
    back = status.recover(contacts=[lost_carla.pk], cause=Cause.API, by=None, dates=dates)
    assert refused(moved) == refused(lost) == {Refusal.BEFORE_PRESENT_STATUS: [carla.pk]}
    assert refused(back) == {Refusal.BEFORE_PRESENT_STATUS: [lost_carla.pk]}
    assert_untouched(carla, before, history)


def test_an_earlier_date_may_be_kept_beside_a_move_of_now(carla: Contact, customer: Stage, aware: Stage) -> None:
    other = contact_in(aware, since=MAY)
    earlier, before = MAY - timedelta(days=1), database_clock()
    outcome = status.change_status(
        contacts=[carla.pk, other.pk],
        to=customer,
        cause=Cause.IMPORT,
        by=None,
        dates={carla.pk: earlier, other.pk: JUNE},
        earlier_is_now=True,
    )
    assert outcome.changed == [carla.pk, other.pk]
    assert Signed.of(last_change(carla)) == Signed("import", stated_at=earlier)
    assert last_change(carla).changed_at > before
    assert (last_change(other).changed_at, last_change(other).stated_at) == (JUNE, None)
    status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.MANUAL, by=None)
    assert last_change(carla).stated_at is None
    assert_explained()


def test_contacts_of_one_set_may_have_dates_or_not(carla: Contact, customer: Stage, aware: Stage) -> None:
    other, before = contact_in(aware, since=MAY), database_clock()
    status.change_status(contacts=[carla.pk, other.pk], to=customer, cause=Cause.API, by=None, dates={other.pk: JUNE})
    assert last_change(other).changed_at == JUNE
    assert last_change(carla).changed_at > before
    assert_explained()


# Two people at once


def test_whoever_looked_before_somebody_elses_change_is_told(carla: Contact, customer: Stage, engaged: Stage) -> None:
    seen = {carla.pk: status_of(carla).signature}
    first = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, signatures=seen)
    assert first.changed == [carla.pk]
    before, history = status_of(carla), rows_of_history()
    for again in (
        status.change_status(contacts=[carla.pk], to=engaged, cause=Cause.MANUAL, by=None, signatures=seen),
        status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.MANUAL, by=None, signatures=seen),
        status.recover(contacts=[carla.pk], cause=Cause.MANUAL, by=None, signatures=seen),
    ):
        assert refused(again) == {Refusal.CHANGED_MEANWHILE: [carla.pk]}
    assert_untouched(carla, before, history)


# Review


def test_the_api_going_back_is_flagged(customer: Stage, aware: Stage) -> None:
    contact = contact_in(customer, cause=Cause.API)
    outcome = status.change_status(contacts=[contact.pk], to=aware, cause=Cause.API, by=None)
    assert (outcome.changed, outcome.flagged) == ([contact.pk], [contact.pk])
    assert (last_change(contact).review_needed, status_of(contact).review_needed) == (True, True)
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert (last_change(contact).review_needed, status_of(contact).review_needed) == (False, False)


def test_a_caller_may_send_the_flag_itself(carla: Contact, lost_carla: Contact, customer: Stage) -> None:
    moved = status.change_status(contacts=[carla.pk], to=customer, cause=Cause.API, by=None, review_needed=True)
    back = status.recover(contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None, review_needed=True)
    assert (moved.flagged, back.flagged) == ([carla.pk], [lost_carla.pk])
    assert last_change(carla).review_needed and last_change(lost_carla).review_needed


@pytest.mark.parametrize(
    ("cause", "flagged"),
    [
        (Cause.MANUAL, True),
        (Cause.BULK, True),
        (Cause.UNDO, True),
        (Cause.REVIEW, True),
        (Cause.API, False),
        (Cause.CAMPAIGN, False),
        (Cause.IMPORT, False),
    ],
)
def test_the_api_recovering_whom_a_person_marked_lost(customer: Stage, cause: Cause, flagged: bool) -> None:
    contact = contact_in(customer, since=MAY, lost=True, cause=cause)
    outcome = status.recover(contacts=[contact.pk], cause=Cause.API, by=None)
    assert (outcome.changed, bool(outcome.flagged)) == ([contact.pk], flagged)


def test_who_marked_it_lost_is_known_after_it_was_moved_lost(
    lost_carla: Contact, promoter: Stage, no_answer: LostReason
) -> None:
    people = [lost_carla.pk]
    status.change_status(contacts=people, to=promoter, cause=Cause.STAGE_RETIRED, by=None, keep_lost=True)
    status.mark_lost(contacts=people, reason=no_answer, cause=Cause.API, by=None)
    assert status.recover(contacts=people, cause=Cause.API, by=None).flagged == people


def test_an_organisation_may_have_other_causes_flagged_onto_lost(lost_carla: Contact, promoter: Stage) -> None:
    set_policy({Cause.WEB_FORM: MovementRules(Permission.REFUSE, Permission.FLAG)})
    outcome = status.change_status(contacts=[lost_carla.pk], to=promoter, cause=Cause.WEB_FORM, by=None)
    assert (outcome.changed, outcome.flagged) == ([lost_carla.pk], [lost_carla.pk])


def test_an_account_made_inactive_was_not_marked_lost_by_a_person(customer: Stage) -> None:
    contact = contact_in(customer, since=MAY)
    Contact.objects.filter(pk=contact.pk).update(account_state="inactive")
    Contact.objects.filter(pk=contact.pk).update(account_state="active")
    assert status.recover(contacts=[contact.pk], cause=Cause.API, by=None).flagged == []
    born = contact_in(customer, since=MAY, account_state="inactive")
    Contact.objects.filter(pk=born.pk).update(account_state="active")
    assert status.recover(contacts=[born.pk], cause=Cause.API, by=None).flagged == []


@pytest.mark.parametrize(("days", "flagged"), [(29, True), (31, False)])
def test_the_api_overriding_a_stage_set_by_hand(aware: Stage, customer: Stage, days: int, flagged: bool) -> None:
    contact = contact_in(None, since=MAY, cause=Cause.IMPORT)
    then = {contact.pk: database_clock() - timedelta(days=days)}
    status.change_status(contacts=[contact.pk], to=aware, cause=Cause.MANUAL, by=None, dates=then)
    outcome = status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert (outcome.changed, bool(outcome.flagged)) == ([contact.pk], flagged)


@pytest.mark.parametrize(
    ("cause", "flagged"),
    [
        (Cause.MANUAL, True),
        (Cause.UNDO, True),
        (Cause.REVIEW, True),
        (Cause.BULK, False),
        (Cause.LABEL_RULE, False),
        (Cause.IMPORT, False),
        (Cause.API, False),
    ],
)
def test_by_hand_is_where_a_person_looked_at_this_one_contact(
    engaged: Stage, customer: Stage, cause: Cause, flagged: bool
) -> None:
    contact = contact_in(None, since=MAY, cause=Cause.IMPORT)
    status.change_status(contacts=[contact.pk], to=engaged, cause=cause, by=None)
    outcome = status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert (outcome.changed, bool(outcome.flagged)) == ([contact.pk], flagged)


def test_a_stage_set_by_hand_stays_so_while_lost_and_recovered(engaged: Stage, customer: Stage) -> None:
    contact = contact_in(engaged)
    Contact.objects.filter(pk=contact.pk).update(account_state="inactive")
    Contact.objects.filter(pk=contact.pk).update(account_state="active")
    outcome = status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert outcome.flagged == [contact.pk]


def test_marking_lost_by_hand_sets_no_stage_by_hand(engaged: Stage, customer: Stage) -> None:
    contact = contact_in(engaged, cause=Cause.IMPORT)
    status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=None)
    status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=None)
    outcome = status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    assert (outcome.changed, outcome.flagged) == ([contact.pk], [])


def test_the_api_doing_again_what_a_person_undid_is_flagged(engaged: Stage, customer: Stage) -> None:
    contact = contact_in(engaged, since=MAY, cause=Cause.IMPORT)
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None)
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    assert status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None).flagged == [contact.pk]


# A set of five thousand


@pytest.fixture
def five_thousand(aware: Stage) -> list[int]:
    run_sql("INSERT INTO contacts_contact (external_id) SELECT 'C-' || number FROM generate_series(1, 5000) number")
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def test_a_set_of_5000(five_thousand: list[int], customer: Stage, marketer: TeamMember, run: Run) -> None:
    there, closed, lost = five_thousand[10], five_thousand[20], five_thousand[3000]
    status.change_status(contacts=[there], to=customer, cause=Cause.MANUAL, by=None)
    Contact.objects.filter(pk=closed).update(account_state="inactive")
    status.mark_lost(contacts=[lost], reason=None, cause=Cause.MANUAL, by=None)
    history = rows_of_history()

    outcome = status.change_status(
        contacts=list(reversed(five_thousand)), to=customer, cause=Cause.LABEL_RULE, by=marketer, run=run
    )
    moved = [contact for contact in five_thousand if contact not in (there, closed)]
    assert (sorted(outcome.changed), outcome.unchanged) == (moved, [there])
    assert outcome.refused == {Refusal.ACCOUNT_INACTIVE: [closed]}
    assert rows_of_history() - history == 4998
    rows = StatusChange.objects.filter(run=run)
    assert list(rows.values_list("contact_id", flat=True)) == moved
    assert set(rows.values_list("cause", "changed_by", "to_stage", "to_lost", "direction")) == {
        ("label_rule", marketer.pk, customer.pk, False, Direction.FORWARD)
    }
    assert rows.filter(from_lost=True).get().contact_id == lost
    flows = FunnelFlow.objects.filter(cause="label_rule").values_list("from_lost", "count")
    assert (
        sorted(flows) == [(False, 1), (False, 997), (False, 1998), (False, 2000), (True, 1)][1:]
        or sum(count for _, count in flows) == 4998
    )
    assert_explained()


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_slices_add_up_whatever_their_size(
    monkeypatch: pytest.MonkeyPatch, aware: Stage, customer: Stage, size: int
) -> None:
    monkeypatch.setattr(status, "SLICE", size)
    people = [contact_in(aware).pk for _ in range(4)]
    there = contact_in(customer).pk
    outcome = status.change_status(contacts=[*people, there, 10**9], to=customer, cause=Cause.BULK, by=None)
    assert (outcome.changed, outcome.unchanged, dict(outcome.refused)) == (
        people,
        [there],
        {Refusal.NOT_IN_THE_BOOK: [10**9]},
    )
    outcome = status.mark_lost(contacts=people, reason=None, cause=Cause.BULK, by=None)
    assert outcome.changed == people
    outcome = status.recover(contacts=people, cause=Cause.BULK, by=None)
    assert outcome.changed == people
    changes = [last_change(contact).pk for contact in people]
    assert status.put_back(changes=changes, cause=Cause.UNDO, by=None).changed == people
    assert_explained()


@pytest.mark.parametrize("count", [1, 3, 100])
def test_the_number_of_queries_does_not_grow_with_the_set(
    django_assert_num_queries, aware: Stage, customer: Stage, count: int
) -> None:
    people = [contact_in(aware).pk for _ in range(count)]
    with django_assert_num_queries(5):  # rules, lock, stage, stages, write
        status.change_status(contacts=people, to=customer, cause=Cause.BULK, by=None)
    with django_assert_num_queries(4):
        status.mark_lost(contacts=people, reason=None, cause=Cause.ACCOUNT_INACTIVE, by=None)
    with django_assert_num_queries(6):  # who of them is inactive as well
        status.recover(contacts=people, cause=Cause.BULK, by=None)
    changes = list(StatusChange.objects.filter(to_lost=False, from_lost=True).values_list("pk", flat=True))
    with django_assert_num_queries(5):
        status.put_back(changes=changes, cause=Cause.UNDO, by=None)


# Marking lost


def test_marking_lost(carla: Contact, operator: TeamMember, no_answer: LostReason) -> None:
    outcome = status.mark_lost(
        contacts=[carla.pk], reason=no_answer, cause=Cause.MANUAL, by=operator, note="Three calls"
    )
    assert outcome.changed == [carla.pk]
    assert moves(carla) == ["outside > Aware", "Aware > lost from Aware"]
    now, change = status_of(carla), last_change(carla)
    assert (now.lost_at, now.since, now.stage_since, now.lost_reason) == (
        change.changed_at,
        now.lost_at,
        MAY,
        no_answer,
    )
    assert (change.from_lost, change.from_lost_reason_id, change.to_lost_reason) == (False, None, no_answer)
    assert change.direction is None
    assert Signed.of(change) == Signed("manual", by=operator.pk)
    assert Note.objects.get(pk=change.note_id).text == "Three calls"
    assert Contact.objects.get(pk=carla.pk).account_state == "active"
    assert_explained()


def test_marking_lost_on_a_date(carla: Contact) -> None:
    status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.API, by=None, dates={carla.pk: JUNE})
    now = status_of(carla)
    assert (now.lost_at, now.since, now.stage_since) == (JUNE, JUNE, MAY)
    assert_explained()


def test_marking_lost_what_is_lost(lost_carla: Contact, bounced: LostReason) -> None:
    before, history = status_of(lost_carla), rows_of_history()
    for reason in (bounced, None):
        outcome = status.mark_lost(contacts=[lost_carla.pk], reason=reason, cause=Cause.MANUAL, by=None)
        assert (outcome.changed, outcome.unchanged) == ([], [lost_carla.pk])
    assert_untouched(lost_carla, before, history)


def test_another_reason_corrects_the_reason(
    lost_carla: Contact, bounced: LostReason, no_answer: LostReason, operator: TeamMember
) -> None:
    outcome = status.mark_lost(contacts=[lost_carla.pk], reason=no_answer, cause=Cause.MANUAL, by=operator)
    now, change = status_of(lost_carla), last_change(lost_carla)
    assert (outcome.changed, moves(lost_carla)[-1]) == ([lost_carla.pk], "lost from Customer > lost from Customer")
    assert (now.lost_at, now.lost_reason, now.since > JUNE) == (JUNE, no_answer, True)
    assert (change.from_lost_reason, change.to_lost_reason, change.from_lost_at) == (bounced, no_answer, JUNE)
    assert_explained()


def test_a_reason_for_some_of_a_set_that_have_another(
    carla: Contact, lost_carla: Contact, no_answer: LostReason
) -> None:
    people = [carla.pk, lost_carla.pk]
    assert sorted(status.mark_lost(contacts=people, reason=no_answer, cause=Cause.BULK, by=None).changed) == people
    assert (status_of(carla).lost_reason, status_of(lost_carla).lost_reason) == (no_answer, no_answer)
    assert status_of(lost_carla).lost_at == JUNE
    assert_explained()


@pytest.mark.parametrize("cause", [Cause.MANUAL, Cause.BULK, Cause.API, Cause.CAMPAIGN, Cause.IMPORT, Cause.WEB_FORM])
def test_a_reason_is_required_at_every_door_if_the_organisation_says_so(
    carla: Contact, lost_carla: Contact, bounced: LostReason, administrator: TeamMember, cause: Cause
) -> None:
    FunnelSettings.objects.update(lost_reason_required=True)
    before, history = status_of(carla), rows_of_history()
    outcome = status.mark_lost(contacts=[carla.pk], reason=None, cause=cause, by=administrator, note="Gone")
    assert refused(outcome) == {Refusal.REASON_REQUIRED: [carla.pk]}
    assert_untouched(carla, before, history)
    assert Note.objects.count() == 0
    assert status.mark_lost(contacts=[carla.pk], reason=bounced, cause=cause, by=None).changed == [carla.pk]


def test_an_account_made_inactive_needs_no_reason(carla: Contact, operator: TeamMember) -> None:
    FunnelSettings.objects.update(lost_reason_required=True)
    outcome = status.mark_lost(contacts=[carla.pk], reason=None, cause=Cause.ACCOUNT_INACTIVE, by=operator)
    assert outcome.changed == [carla.pk]
    assert Signed.of(last_change(carla)) == Signed("account_inactive", by=operator.pk)


def test_the_reason_stays_in_history_after_recovery(lost_carla: Contact, bounced: LostReason) -> None:
    status.recover(contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None)
    change = last_change(lost_carla)
    assert (change.from_lost_reason, change.to_lost_reason_id) == (bounced, None)
    assert status_of(lost_carla).lost_reason_id is None


# Recovering


def test_recovering(lost_carla: Contact, operator: TeamMember) -> None:
    outcome = status.recover(contacts=[lost_carla.pk], cause=Cause.MANUAL, by=operator, note="Called back after all")
    now, change = status_of(lost_carla), last_change(lost_carla)
    assert (outcome.changed, moves(lost_carla)[-1]) == ([lost_carla.pk], "lost from Customer > Customer")
    assert (now.lost_at, now.lost_reason_id, now.stage_since) == (None, None, MAY)
    assert (now.since, change.from_since, change.from_lost_at) == (change.changed_at, JUNE, JUNE)
    assert Signed.of(change) == Signed("manual", by=operator.pk)
    assert Note.objects.get(pk=change.note_id).text == "Called back after all"
    assert_explained()


def test_recovering_who_is_not_lost_changes_nothing(carla: Contact) -> None:
    before, history = status_of(carla), rows_of_history()
    outcome = status.recover(contacts=[carla.pk], cause=Cause.MANUAL, by=None)
    assert (outcome.changed, outcome.unchanged, dict(outcome.refused)) == ([], [carla.pk], {})
    assert_untouched(carla, before, history)


def test_a_closed_stage_takes_back_whom_it_lost_and_a_retired_one_does_not(
    lost_carla: Contact, customer: Stage
) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert status.recover(contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None).changed == [lost_carla.pk]
    status.mark_lost(contacts=[lost_carla.pk], reason=None, cause=Cause.MANUAL, by=None)
    Stage.objects.filter(pk=customer.pk).update(retired_at=JUNE)
    outcome = status.recover(contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None)
    assert refused(outcome) == {Refusal.RETIRED_STAGE: [lost_carla.pk]}


def test_an_inactive_account_does_not_recover(customer: Stage, promoter: Stage, administrator: TeamMember) -> None:
    contact = contact_in(customer, since=MAY, account_state="inactive")
    before, history = status_of(contact), rows_of_history()
    for outcome in (
        status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=administrator),
        status.change_status(contacts=[contact.pk], to=promoter, cause=Cause.MANUAL, by=administrator),
    ):
        assert refused(outcome) == {Refusal.ACCOUNT_INACTIVE: [contact.pk]}
    assert_untouched(contact, before, history)
    kept = status.change_status(contacts=[contact.pk], to=promoter, cause=Cause.MANUAL, by=None, keep_lost=True)
    assert (kept.changed, moves(contact)[-1]) == ([contact.pk], "lost from Customer > lost from Promoter")


# Undo


def test_undo_puts_everything_back_but_the_time(lost_carla: Contact, promoter: Stage, operator: TeamMember) -> None:
    before = status_of(lost_carla)
    status.change_status(contacts=[lost_carla.pk], to=promoter, cause=Cause.MANUAL, by=None, note="A mistake")
    mistake = last_change(lost_carla)
    outcome = status.put_back(changes=[mistake.pk], cause=Cause.UNDO, by=operator)

    assert (outcome.changed, dict(outcome.refused)) == ([lost_carla.pk], {})
    assert moves(lost_carla)[-2:] == ["lost from Customer > Promoter", "Promoter > lost from Customer"]
    now, change = status_of(lost_carla), last_change(lost_carla)
    restored = ("stage_id", "lost_at", "lost_reason_id", "stage_since")
    assert [getattr(now, name) for name in restored] == [getattr(before, name) for name in restored]
    assert now.since == change.changed_at > mistake.changed_at
    assert Signed.of(change) == Signed("undo", by=operator.pk, undoes=mistake.pk)
    assert (change.direction, change.note_id, now.signature) == (Direction.BACK, None, before.signature + 2)
    assert_explained()


def test_undo_of_undo_does_it_again(carla: Contact, customer: Stage) -> None:
    before = database_clock()
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    became_customer = status_of(carla).since
    for _ in range(3):
        assert status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=None).changed == [carla.pk]
        assert_explained()
    assert moves(carla)[2:] == ["Customer > Aware", "Aware > Customer", "Customer > Aware"]
    assert (status_of(carla).stage_since, became_customer > before) == (MAY, True)
    status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=None)
    assert status_of(carla).stage_since == became_customer


def test_an_undone_change_leaves_the_corrected_sum_and_stays_in_the_recorded_one(
    carla: Contact, aware: Stage, customer: Stage
) -> None:
    before = FunnelFlow.objects.latest("id").pk
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, dates={carla.pk: JUNE})
    status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=None)
    undone_at = last_change(carla).changed_at
    rows = FunnelFlow.objects.filter(pk__gt=before).values_list(
        "quarter", "from_stage", "to_stage", "direction", "cause", "kind", "count"
    )
    quarter = undone_at.replace(minute=undone_at.minute // 15 * 15, second=0, microsecond=0)
    there, back = (JUNE, aware.pk, customer.pk, 1, "manual"), (quarter, customer.pk, aware.pk, -1, "undo")
    assert sorted(rows, key=str) == sorted(
        [(*there, "change", 1), (*back, "change", 1), (*there, "cancel", -1), (*back, "cancel", -1)], key=str
    )


def test_only_the_latest_change_is_undone(carla: Contact, customer: Stage, promoter: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    first = last_change(carla)
    status.change_status(contacts=[carla.pk], to=promoter, cause=Cause.MANUAL, by=None)
    before, history = status_of(carla), rows_of_history()
    outcome = status.put_back(changes=[first.pk], cause=Cause.UNDO, by=None, note="Oh")
    assert refused(outcome) == {Refusal.MOVED_SINCE: [carla.pk]}
    assert_untouched(carla, before, history)


def test_no_undo_overwrites_somebodys_sql(carla: Contact, customer: Stage, promoter: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    change = last_change(carla)
    FunnelStatus.objects.filter(pk=carla.pk).update(stage=promoter)
    assert refused(status.put_back(changes=[change.pk], cause=Cause.UNDO, by=None)) == {Refusal.MOVED_SINCE: [carla.pk]}


def test_nothing_is_before_a_birth(carla: Contact) -> None:
    outcome = status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=None)
    assert refused(outcome) == {Refusal.NOTHING_BEFORE: [carla.pk]}


def test_undo_goes_back_and_into_closed_stages_but_not_into_retired_ones(
    aware: Stage, customer: Stage, operator: TeamMember
) -> None:
    set_policy(ONE_DIRECTION_ONLY)
    people = [contact_in(aware, since=MAY) for _ in range(2)]
    status.change_status(contacts=[c.pk for c in people], to=customer, cause=Cause.BULK, by=None)
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    outcome = status.put_back(changes=[last_change(people[0]).pk], cause=Cause.UNDO, by=operator)
    assert outcome.changed == [people[0].pk]
    Stage.objects.filter(pk=aware.pk).update(retired_at=JUNE)
    outcome = status.put_back(changes=[last_change(people[1]).pk], cause=Cause.UNDO, by=operator)
    assert refused(outcome) == {Refusal.RETIRED_STAGE: [people[1].pk]}
    assert_explained()


def test_undo_leaves_an_inactive_account_lost(carla: Contact, lost_carla: Contact, customer: Stage) -> None:
    Contact.objects.filter(pk=carla.pk).update(account_state="inactive")
    outcome = status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=None)
    assert refused(outcome) == {Refusal.ACCOUNT_INACTIVE: [carla.pk]}
    status.change_status(contacts=[lost_carla.pk], to=None, cause=Cause.BULK, by=None)
    Contact.objects.filter(pk=lost_carla.pk).update(account_state="inactive")
    outcome = status.put_back(changes=[last_change(lost_carla).pk], cause=Cause.UNDO, by=None)
    assert (outcome.changed, moves(lost_carla)[-1]) == ([lost_carla.pk], "lost from none > lost from Customer")
    assert_explained()


def test_undo_of_a_set_with_notes_and_a_run(aware: Stage, customer: Stage, marketer: TeamMember, run: Run) -> None:
    people = [contact_in(aware, since=MAY) for _ in range(3)]
    status.change_status(contacts=[c.pk for c in people], to=customer, cause=Cause.BULK, by=marketer)
    changes = {contact.pk: last_change(contact).pk for contact in people}
    status.mark_lost(contacts=[people[1].pk], reason=None, cause=Cause.MANUAL, by=None)
    outcome = status.put_back(
        changes=[*changes.values(), 10**9], cause=Cause.UNDO, by=marketer, run=run, note="Wrong file"
    )
    put_back = [people[0].pk, people[2].pk]
    assert (sorted(outcome.changed), dict(outcome.refused)) == (put_back, {Refusal.MOVED_SINCE: [people[1].pk]})
    for contact in put_back:
        assert Signed.of(last_change(contact)) == Signed("undo", by=marketer.pk, run=run.pk, undoes=changes[contact])
        assert Note.objects.get(pk=last_change(contact).note_id).contact_id == contact
    assert Note.objects.count() == 2
    assert_explained()


def test_the_changes_of_erased_contacts_are_not_undone(carla: Contact, customer: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    change = last_change(carla)
    Contact.objects.filter(pk=carla.pk).delete()
    history = rows_of_history()
    outcome = status.put_back(changes=[change.pk], cause=Cause.UNDO, by=None, note="Too late")
    assert refused(outcome) == {Refusal.NOT_IN_THE_BOOK: [carla.pk]}
    assert (rows_of_history(), Note.objects.count()) == (history, 0)


def test_the_changes_of_who_had_the_number_before_are_not_undone(carla: Contact, customer: Stage, aware: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    change = last_change(carla)
    Contact.objects.filter(pk=carla.pk).delete()
    run_sql("INSERT INTO contacts_contact (id) VALUES (%s)", carla.pk)
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    assert status_of(carla).signature == change.signature
    before, history = status_of(carla), rows_of_history()
    outcome = status.put_back(changes=[change.pk], cause=Cause.UNDO, by=None)
    assert refused(outcome) == {Refusal.MOVED_SINCE: [carla.pk]}
    with pytest.raises(DatabaseError, match="only the latest change"), transaction.atomic():
        FunnelStatus.objects.filter(pk=carla.pk).update(stage=aware, undoes=change.pk, cause="undo", signature=3)
    assert_untouched(carla, before, history)


def test_an_undo_that_is_none_is_refused_by_the_database(carla: Contact, customer: Stage, promoter: Stage) -> None:
    status.change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None)
    history = rows_of_history()
    for change, stage in ((last_change(carla).pk, promoter), (last_change(carla).pk - 1, None), (10**9, promoter)):
        with pytest.raises(DatabaseError, match="only the latest change"), transaction.atomic():
            FunnelStatus.objects.filter(pk=carla.pk).update(stage=stage, undoes=change, cause="undo", signature=3)
    assert rows_of_history() == history
    assert_explained()


# Nothing stays if history cannot be written


@pytest.mark.django_db(transaction=True)
def test_without_its_history_no_change_stays(carla: Contact, lost_carla: Contact, customer: Stage) -> None:
    run_sql("ALTER TABLE journeys_statuschange ADD CONSTRAINT full_disk CHECK (cause <> 'bulk') NOT VALID")
    before, history, flows = status_of(carla), rows_of_history(), FunnelFlow.objects.count()
    people = [carla.pk, lost_carla.pk]
    for action in (
        lambda: status.change_status(contacts=people, to=customer, cause=Cause.BULK, by=None, note="Words"),
        lambda: status.mark_lost(contacts=people, reason=None, cause=Cause.BULK, by=None, note="Words"),
        lambda: status.recover(contacts=people, cause=Cause.BULK, by=None, note="Words"),
        lambda: status.put_back(changes=[last_change(lost_carla).pk], cause=Cause.BULK, by=None, note="Words"),
    ):
        with pytest.raises(DatabaseError, match="full_disk"):
            action()
    assert_untouched(carla, before, history)
    assert (FunnelFlow.objects.count(), Note.objects.count()) == (flows, 0)
    assert_explained()


@pytest.mark.django_db(transaction=True)
def test_without_its_flow_no_change_stays(carla: Contact, customer: Stage) -> None:
    run_sql("ALTER TABLE journeys_funnelflow ADD CONSTRAINT full_disk CHECK (cause <> 'bulk') NOT VALID")
    before, history = status_of(carla), rows_of_history()
    with pytest.raises(DatabaseError, match="full_disk"):
        status.change_status(contacts=[carla.pk], to=customer, cause=Cause.BULK, by=None)
    assert_untouched(carla, before, history)


# Entering and leaving the book


def test_a_status_is_written_before_its_contact(customer: Stage, marketer: TeamMember, run: Run) -> None:
    first, second = 10**6, 10**6 + 1
    status.enter_book(
        contacts=[first, second],
        to=customer,
        cause=Cause.IMPORT,
        by=marketer,
        run=run,
        via=5,
        dates={first: MAY},
        inactive=frozenset([second]),
    )
    Contact.objects.bulk_create([Contact(pk=first), Contact(pk=second, account_state="inactive")])
    check_deferred_promises()
    assert (moves(first), moves(second)) == (["outside > Customer"], ["outside > lost from Customer"])
    born = last_change(first)
    assert Signed.of(born) == Signed("import", by=marketer.pk, run=run.pk, via=5)
    assert (born.changed_at, born.from_since, born.from_stage_since, born.direction) == (MAY, None, None, None)
    assert (status_of(first).stage_since, status_of(second).lost_at) == (MAY, last_change(second).changed_at)
    assert_explained()


def test_a_status_without_its_contact_does_not_stay(customer: Stage) -> None:
    status.enter_book(contacts=[10**6], to=customer, cause=Cause.API, by=None)
    with pytest.raises(DatabaseError, match="a_status_belongs_to_a_contact"), transaction.atomic():
        check_deferred_promises()
    run_sql("DELETE FROM journeys_funnelstatus")


@pytest.mark.parametrize("fields", [{"is_published": False}, {"retired_at": JUNE}])
def test_nobody_enters_by_a_closed_stage(customer: Stage, fields: dict) -> None:
    Stage.objects.filter(pk=customer.pk).update(**fields)  # after it was read
    with pytest.raises(status.MoveRefused, match="Stage is missing or unpublished") as refusal:
        status.enter_book(contacts=[10**6], to=customer, cause=Cause.API, by=None)
    assert refusal.value.refusal is Refusal.CLOSED_STAGE
    assert FunnelStatus.objects.count() == rows_of_history() == 0


def test_nobody_enters_in_the_future(customer: Stage) -> None:
    later = database_clock() + timedelta(minutes=1)
    with pytest.raises(status.MoveRefused, match="The date is in the future"):
        status.enter_book(contacts=[10**6], to=customer, cause=Cause.API, by=None, dates={10**6: later})
    assert FunnelStatus.objects.count() == rows_of_history() == 0


def test_leaving_the_book_is_signed(carla: Contact, lost_carla: Contact, administrator: TeamMember, run: Run) -> None:
    ContactFactory()
    with transaction.atomic():
        status.leave_book(contacts=[lost_carla.pk, carla.pk], by=administrator, run=run)
        Contact.objects.filter(pk__in=[carla.pk, lost_carla.pk]).delete()
    check_deferred_promises()
    assert (moves(carla)[-1], moves(lost_carla)[-1]) == ("Aware > outside", "lost from Customer > outside")
    change = last_change(lost_carla)
    assert Signed.of(change) == Signed("erased", by=administrator.pk, run=run.pk)
    assert (change.from_since, change.from_lost_at, change.from_stage_since) == (JUNE, JUNE, MAY)
    assert Signed.of(last_change(carla)) == Signed("erased", by=administrator.pk, run=run.pk)
    assert FunnelStatus.objects.count() == 1
    assert_explained()


def test_who_is_signed_off_has_to_leave(carla: Contact) -> None:
    with pytest.raises(DatabaseError, match="keeps its status"), transaction.atomic():
        status.leave_book(contacts=[carla.pk], by=None)
        check_deferred_promises()
    with pytest.raises(DatabaseError, match="has to leave the book"), transaction.atomic():
        run_sql("UPDATE journeys_funnelstatus SET cause = 'erased', signature = signature + 1")
        check_deferred_promises()
    assert_explained()


# Returning to an earlier status


def test_returning_to_where_it_was_lost_from_in_one_change(
    carla: Contact, customer: Stage, no_answer: LostReason, operator: TeamMember
) -> None:
    seen = {carla.pk: status_of(carla).signature}
    outcome = status.return_to_status(
        contacts=[carla.pk],
        to=customer,
        lost=True,
        reason=no_answer,
        cause=Cause.MANUAL,
        by=operator,
        note="As it was in June",
        signatures=seen,
    )
    now, change = status_of(carla), last_change(carla)
    assert (outcome.changed, moves(carla)[-1]) == ([carla.pk], "Aware > lost from Customer")
    assert (now.lost_at, now.stage_since, now.lost_reason) == (now.since, now.since, no_answer)
    assert (change.direction, Signed.of(change)) == (Direction.FORWARD, Signed("manual", by=operator.pk))
    assert_explained()
    again = status.return_to_status(
        contacts=[carla.pk], to=None, lost=False, reason=None, cause=Cause.MANUAL, by=operator, signatures=seen
    )
    assert refused(again) == {Refusal.CHANGED_MEANWHILE: [carla.pk]}


def test_returning_recovers_and_may_leave_no_stage(lost_carla: Contact) -> None:
    outcome = status.return_to_status(
        contacts=[lost_carla.pk], to=None, lost=False, reason=None, cause=Cause.MANUAL, by=None
    )
    now = status_of(lost_carla)
    assert (outcome.changed, moves(lost_carla)[-1]) == ([lost_carla.pk], "lost from Customer > none")
    assert (now.lost_at, now.lost_reason_id, now.stage_since) == (None, None, now.since)
    assert_explained()


def test_returning_is_judged_like_any_move(lost_carla: Contact, aware: Stage, promoter: Stage) -> None:
    set_policy(ONE_DIRECTION_ONLY)
    FunnelSettings.objects.update(lost_reason_required=True)
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    before, history = status_of(lost_carla), rows_of_history()
    for to, lost, refusal in [
        (aware, False, Refusal.LIGHTER_STAGE),
        (promoter, False, Refusal.CLOSED_STAGE),
        (aware, True, Refusal.REASON_REQUIRED),
    ]:
        outcome = status.return_to_status(
            contacts=[lost_carla.pk], to=to, lost=lost, reason=None, cause=Cause.MANUAL, by=None
        )
        assert refused(outcome) == {refusal: [lost_carla.pk]}
    assert_untouched(lost_carla, before, history)


def test_returning_to_a_loss_without_a_reason_takes_the_reason_away(lost_carla: Contact, customer: Stage) -> None:
    outcome = status.return_to_status(
        contacts=[lost_carla.pk], to=customer, lost=True, reason=None, cause=Cause.MANUAL, by=None
    )
    now = status_of(lost_carla)
    assert (outcome.changed, now.lost_reason_id, now.lost_at) == ([lost_carla.pk], None, JUNE)
    assert_explained()
