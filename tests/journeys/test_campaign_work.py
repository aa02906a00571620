"""Contacts come into campaigns and go through their steps: once each, when due, and what is refused is told."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.book.actions import erase_contacts
from journeys.campaigns import actions
from journeys.campaigns import work as engine
from journeys.campaigns.foresight import foresee
from journeys.campaigns.models import Campaign, CampaignArrival, CampaignMember, Turn
from journeys.campaigns.work import with_work, work_on_campaign
from journeys.rules.models import FunnelSettings
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import (
    Kind,
    Unit,
    When,
    active,
    add,
    after,
    campaign_of,
    carrying,
    members,
    move_to,
    paused,
    turns,
    work,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
A_DAY = timedelta(days=1)


@pytest.fixture
def label() -> Label:
    return LabelFactory(name="webinar")


@pytest.fixture
def campaign(marketer: TeamMember, label: Label) -> Campaign:
    """A draft over everybody who carries the label."""
    return campaign_of(marketer, carrying(label, marketer))


def give(label: Label, *contacts: Contact) -> None:
    put_on_label(contacts=[one.pk for one in contacts], label=label, by=None, cause=Cause.MANUAL)


def take(label: Label, *contacts: Contact) -> None:
    take_off_label(contacts=[one.pk for one in contacts], label=label, by=None, cause=Cause.MANUAL)


def moves(contact: Contact) -> list[tuple[str, str | None, int | None]]:
    """What moved a contact since it came into the book: cause, stage, and step."""
    changes = StatusChange.objects.filter(contact=contact, from_outside=False).select_related("to_stage")
    return [(change.cause, change.to_stage and change.to_stage.name, change.via_id) for change in changes]


# Coming in


def test_whoever_matches_comes_in_and_goes_through_what_is_due_at_once(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    step = add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    some, other = contact_in(aware), contact_in(aware)
    give(label, some)
    work(campaign)
    assert members(campaign) == [(some.pk, 1, "segment")]
    assert moves(some) == [("campaign", "Engaged", step.pk)]
    assert StatusChange.objects.get(contact=some, cause="campaign").changed_by is None
    assert (moves(other), turns(other, campaign)) == ([], [])
    assert turns(some, campaign) == [("Change contact's stage", "changed")]
    assert not CampaignArrival.objects.exists()


def test_nobody_comes_in_twice(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    for _ in range(3):
        work(campaign)
        contact_in(aware)  # the book changes, so that the segment is looked at again
    assert members(campaign) == [(contact.pk, 1, "segment")]
    assert Turn.objects.count() == 1


def test_while_nothing_changes_there_is_nothing_to_do(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    give(label, contact_in(aware))
    work(campaign)
    assert with_work() == []
    give(label, contact_in(aware))
    assert with_work(timezone.now() + timedelta(minutes=1)) == [campaign.pk]


def test_a_draft_a_paused_and_an_ended_campaign_and_one_outside_its_window_wait(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged))
    contact = contact_in(aware)
    give(label, contact)

    def stays() -> bool:
        work_on_campaign(campaign=campaign.pk, seconds=5)
        return with_work() == [] and members(campaign) == [] and moves(contact) == []

    assert stays()
    active(campaign, marketer)
    paused(campaign, marketer)
    assert stays()
    active(campaign, marketer)
    later = Campaign.objects.filter(pk=campaign.pk)
    later.update(publish_up=timezone.now() + A_DAY)
    assert stays()
    later.update(publish_up=None, publish_down=timezone.now() - A_DAY)
    assert stays()
    later.update(publish_down=None)
    actions.end_campaign(campaign=campaign, by=marketer)
    assert stays()


# Conditions and actions


def test_a_condition_and_the_actions_of_its_branch_are_done_in_one_pass(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk], name="Aware?")
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=engaged, name="on to Engaged")
    vip = LabelFactory(name="vip")
    add(campaign, marketer, Kind.PUT_ON_LABEL, asks, "no", label=vip, name="vip")
    add(campaign, marketer, name="last", **move_to(customer))
    active(campaign, marketer)
    young, old, lost = contact_in(aware), contact_in(customer), contact_in(aware, lost=True)
    give(label, young, old, lost)
    work(campaign)
    assert turns(young, campaign) == [("Aware?", "yes"), ("on to Engaged", "changed"), ("last", "changed")]
    assert turns(old, campaign) == [("Aware?", "no"), ("vip", "changed"), ("last", "unchanged")]
    assert turns(lost, campaign) == [("Aware?", "no"), ("vip", "changed"), ("last", Refusal.LOST_CONTACT)]
    assert [(cause, stage) for cause, stage, _ in moves(young)] == [("campaign", "Engaged"), ("campaign", "Customer")]
    assert sorted(CarriedLabel.objects.filter(label=vip).values_list("contact_id", "cause")) == [
        (old.pk, "campaign"),
        (lost.pk, "campaign"),
    ]


def test_each_condition_is_asked_of_each_contact(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, customer: Stage
) -> None:
    vip = LabelFactory(name="vip")
    vips = carrying(vip, marketer)
    for kind, values in [
        (Kind.IN_STAGES, {"stages": [aware.pk, customer.pk]}),
        (Kind.CARRIES_LABEL, {"label": vip}),
        (Kind.MATCHES_SEGMENT, {"segment": vips}),
        (Kind.IS_LOST, {}),
    ]:
        add(campaign, marketer, kind, **values)
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=label)
    active(campaign, marketer)
    one, two = contact_in(customer), contact_in(None, lost=True)
    give(label, one, two)
    give(vip, one)
    work(campaign)
    assert [outcome for _, outcome in turns(one, campaign)] == ["yes", "yes", "yes", "no", "unchanged"]
    assert [outcome for _, outcome in turns(two, campaign)] == ["no", "no", "no", "yes", "unchanged"]


def test_labels_are_taken_off_and_contacts_marked_lost(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage
) -> None:
    old = LabelFactory(name="old")
    reason = LostReason.objects.create(name="Silent")
    add(campaign, marketer, Kind.TAKE_OFF_LABEL, label=old)
    step = add(campaign, marketer, Kind.MARK_LOST, lost_reason=reason)
    active(campaign, marketer)
    one, two = contact_in(aware), contact_in(aware, lost=True)
    give(label, one, two)
    give(old, one)
    work(campaign)
    assert turns(one, campaign) == [("Remove label", "changed"), ("Mark lost", "changed")]
    assert turns(two, campaign) == [("Remove label", "unchanged"), ("Mark lost", "changed")]
    assert not CarriedLabel.objects.filter(label=old).exists()
    status = FunnelStatus.objects.get(contact=one)
    assert (status.is_lost, status.lost_reason, status.stage, status.via_id) == (True, reason, aware, step.pk)


# Refusals


def test_a_refused_move_counts_as_done_is_not_tried_again_and_what_follows_is_done(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, customer: Stage
) -> None:
    vip = LabelFactory(name="vip")
    add(campaign, marketer, name="back", **move_to(aware))
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=vip)
    active(campaign, marketer)
    contact = contact_in(customer)
    give(label, contact)
    work(campaign)
    assert turns(contact, campaign) == [("back", Refusal.LIGHTER_STAGE), ("Add label", "changed")]
    assert moves(contact) == []
    Stage.objects.filter(pk=aware.pk).update(weight=1000)
    work(campaign, timezone.now() + timedelta(hours=1))
    assert moves(contact) == []


def test_equal_weight_may_move(campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage) -> None:
    beside = Stage.objects.create(name="Beside", weight=aware.weight)
    add(campaign, marketer, **move_to(beside))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign)
    assert turns(contact, campaign) == [("Change contact's stage", "changed")]


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ({"is_published": False}, Refusal.CLOSED_STAGE),
        ({"retired_at": NOW}, Refusal.RETIRED_STAGE),
    ],
)
def test_a_stage_closed_or_retired_while_contacts_wait_refuses_them(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, customer: Stage, what: dict, outcome: str
) -> None:
    add(campaign, marketer, **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign)
    assert turns(contact, campaign) == [("Change contact's stage", "waiting")]
    Stage.objects.filter(pk=customer.pk).update(**what)
    work(campaign, timezone.now() + 2 * A_DAY)
    assert turns(contact, campaign) == [("Change contact's stage", outcome)]
    assert moves(contact) == []


def test_a_label_that_is_gone_is_refused_and_a_condition_about_it_says_no(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage
) -> None:
    gone = LabelFactory(name="gone")
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=gone)
    add(campaign, marketer, Kind.CARRIES_LABEL, label=gone)
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    Label.objects.filter(pk=gone.pk).delete()
    work(campaign)
    assert turns(contact, campaign) == [("Add label", Refusal.LABEL_DELETED), ("Carries label", "no")]


def test_without_a_required_reason_nobody_is_marked_lost(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage
) -> None:
    FunnelSettings.objects.update(lost_reason_required=True)
    add(campaign, marketer, Kind.MARK_LOST)
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign)
    assert turns(contact, campaign) == [("Mark lost", Refusal.REASON_REQUIRED)]
    assert moves(contact) == []


# In time


def test_a_step_waits_until_it_is_due_and_is_done_once(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged, **after(3, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    turn = Turn.objects.get()
    assert (turn.since, turn.due_at, turn.done_at) == (NOW, NOW + 3 * A_DAY, None)
    work(campaign, NOW + 3 * A_DAY - timedelta(seconds=1))
    assert moves(contact) == []
    work(campaign, NOW + 3 * A_DAY)
    work(campaign, NOW + 4 * A_DAY)
    assert [(cause, stage) for cause, stage, _ in moves(contact)] == [("campaign", "Engaged")]


def test_time_after_a_condition_is_counted_from_its_answer(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    asks = add(campaign, marketer, Kind.IS_LOST, **after(2, Unit.DAYS))
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "no", stage=engaged, **after(3, Unit.DAYS))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    assert turns(contact, campaign) == [("Is lost", "waiting")]
    asked_at = NOW + timedelta(days=10)  # nobody worked for a while
    work(campaign, asked_at)
    assert turns(contact, campaign) == [("Is lost", "no"), ("Change contact's stage", "waiting")]
    assert Turn.objects.get(done_at=None).due_at == asked_at + 3 * A_DAY
    work(campaign, asked_at + 3 * A_DAY)
    assert turns(contact, campaign) == [("Is lost", "no"), ("Change contact's stage", "changed")]


def test_what_was_due_earlier_is_done_first_and_of_that_what_stands_higher(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    add(campaign, marketer, name="on the third day", **move_to(aware, **after(3, Unit.DAYS)))
    add(campaign, marketer, name="on the first", **move_to(engaged, **after(1, Unit.DAYS)))
    add(campaign, marketer, name="on the first too", **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(None)
    give(label, contact)
    work(campaign, NOW)
    work(campaign, NOW + 9 * A_DAY)
    assert [stage for _, stage, _ in moves(contact)] == ["Engaged", "Customer"]
    assert dict(turns(contact, campaign))["on the third day"] == Refusal.LIGHTER_STAGE


def test_a_step_at_a_date_waits_for_it_and_once_it_has_passed_for_nothing(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged, when=When.AT, at=NOW + A_DAY))
    active(campaign, marketer)
    early, late = contact_in(aware), contact_in(aware)
    give(label, early)
    work(campaign, NOW)
    assert moves(early) == []
    give(label, late)
    work(campaign, NOW + 2 * A_DAY)
    assert [stage for _, stage, _ in moves(early)] == ["Engaged"]
    assert [stage for _, stage, _ in moves(late)] == ["Engaged"]


def test_a_clock_that_is_set_back_or_forward_does_nothing_twice_and_forgets_nothing(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk], name="Aware?", **after(1, Unit.HOURS))
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=engaged, name="engage")
    add(campaign, marketer, name="last", **move_to(customer, **after(3, Unit.HOURS)))
    active(campaign, marketer)
    contacts = [contact_in(aware) for _ in range(5)]
    hour = timedelta(hours=1)
    for number, at in enumerate([0, 2, 0.5, 4, 2, 1, 6, 4, 8]):
        give(label, *contacts[: number + 1])
        work(campaign, NOW + at * hour)
    for contact in contacts:
        assert turns(contact, campaign) == [("Aware?", "yes"), ("engage", "changed"), ("last", "changed")]
        assert [stage for _, stage, _ in moves(contact)] == ["Engaged", "Customer"]


def test_pausing_keeps_what_waits_and_it_goes_on_where_it_was(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    paused(campaign, marketer)
    work(campaign, NOW + 5 * A_DAY)
    work_on_campaign(campaign=campaign.pk, seconds=5, now=NOW + 5 * A_DAY)
    assert turns(contact, campaign) == [("Change contact's stage", "waiting")]
    active(campaign, marketer)
    work(campaign, NOW + 5 * A_DAY)
    assert turns(contact, campaign) == [("Change contact's stage", "changed")]


# Leaving and coming again


def test_leaving_all_segments_cancels_what_waits_and_the_stage_stays(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    other = LabelFactory(name="other")
    actions.set_sources(
        campaign=campaign,
        seen=campaign.revision,
        segments=[campaign.sources.get().segment, carrying(other, marketer)],
        web_forms=[],
        by=marketer,
    )
    add(campaign, marketer, name="at once", **move_to(engaged))
    add(campaign, marketer, name="later", **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    stays, leaves = contact_in(aware), contact_in(aware)
    give(label, stays, leaves)
    give(other, stays)
    work(campaign, NOW)
    take(label, stays, leaves)
    work(campaign, NOW + timedelta(hours=1))
    assert members(campaign) == [(stays.pk, 1, "segment")]
    left = CampaignMember.objects.get(contact=leaves)
    assert (left.left_because, left.left_at, left.removed_by) == ("segments", NOW + timedelta(hours=1), None)
    assert turns(leaves, campaign) == [("at once", "changed"), ("later", "left")]
    work(campaign, NOW + 2 * A_DAY)
    assert [stage for _, stage, _ in moves(leaves)] == ["Engaged"]
    assert turns(stays, campaign) == [("at once", "changed"), ("later", "changed")]


def test_members_by_hand_and_from_forms_stay_whatever_they_match(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    by_hand, both = contact_in(aware), contact_in(aware)
    give(label, both)
    work(campaign, NOW)
    actions.add_contacts(campaign=campaign, contacts=[by_hand.pk, both.pk], by=marketer)
    take(label, both)
    work(campaign, NOW + timedelta(hours=1))
    assert members(campaign) == [(by_hand.pk, 1, "by_hand"), (both.pk, 1, "segment")]
    work(campaign, NOW + 2 * A_DAY)
    assert turns(by_hand, campaign) == turns(both, campaign) == [("Change contact's stage", "changed")]


@pytest.mark.parametrize("may_restart", [False, True])
def test_who_comes_again_starts_again_only_where_that_is_allowed(
    marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, may_restart: bool
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer), may_restart=may_restart)
    step = add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    take(label, contact)
    work(campaign, NOW + A_DAY)
    give(label, contact)
    work(campaign, NOW + 2 * A_DAY)
    rounds = list(Turn.objects.filter(step=step).order_by("round").values_list("round", "outcome"))
    assert rounds == ([(1, "changed"), (2, "unchanged")] if may_restart else [(1, "changed")])
    assert members(campaign) == ([(contact.pk, 2, "segment")] if may_restart else [])


def test_who_was_removed_by_hand_comes_back_by_hand_alone(
    marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer), may_restart=True)
    add(campaign, marketer, **move_to(engaged, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    assert actions.remove_contact(campaign=campaign, contact=contact.pk, by=marketer)
    assert not actions.remove_contact(campaign=campaign, contact=contact.pk, by=marketer)
    work(campaign, NOW + timedelta(hours=1))
    assert members(campaign) == []
    assert turns(contact, campaign) == [("Change contact's stage", "left")]
    assert CampaignMember.objects.get().removed_by == marketer
    actions.add_contacts(campaign=campaign, contacts=[contact.pk], by=marketer)
    work(campaign, NOW + timedelta(hours=2))
    assert members(campaign) == [(contact.pk, 2, "by_hand")]


def test_all_of_a_segment_come_in_by_hand(
    campaign: Campaign, marketer: TeamMember, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged))
    vip = LabelFactory(name="vip")
    contacts = [contact_in(aware) for _ in range(3)]
    give(vip, *contacts)
    with pytest.raises(actions.CampaignIsGoing, match="Switch it on first"):
        actions.add_contacts(campaign=campaign, contacts=[contacts[0].pk], by=marketer)
    active(campaign, marketer)
    assert actions.add_segment(campaign=campaign, segment=carrying(vip, marketer), by=marketer) == 3
    work(campaign)
    assert members(campaign) == [(contact.pk, 1, "by_hand") for contact in contacts]


# Foreseeing


def test_what_is_foreseen_is_what_happens(
    marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage, promoter: Stage
) -> None:
    vip, reason = LabelFactory(name="vip"), LostReason.objects.create(name="Silent")
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    campaign = campaign_of(marketer, carrying(label, marketer))
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk, customer.pk])
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=engaged)
    inner = add(campaign, marketer, Kind.CARRIES_LABEL, asks, "no", label=vip)
    add(campaign, marketer, Kind.CHANGE_STAGE, inner, "yes", stage=promoter)
    add(campaign, marketer, Kind.PUT_ON_LABEL, inner, "no", label=vip)
    again = add(campaign, marketer, Kind.IN_STAGES, stages=[engaged.pk])
    add(campaign, marketer, Kind.MARK_LOST, again, "yes", lost_reason=reason)
    add(campaign, marketer, Kind.MATCHES_SEGMENT, segment=carrying(label, marketer, "the same"))
    add(campaign, marketer, Kind.IS_LOST)
    add(campaign, marketer, Kind.CHANGE_STAGE, stage=customer)
    add(campaign, marketer, Kind.TAKE_OFF_LABEL, label=vip)
    add(campaign, marketer, Kind.CARRIES_LABEL, label=vip)
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=label, **after(1, Unit.DAYS))
    contacts = [contact_in(stage, lost=lost) for stage in (None, aware, engaged, customer) for lost in (False, True)]
    contacts += [contact_in(aware), contact_in(aware, account_state="inactive"), contact_in(customer)]
    give(label, *contacts)
    give(vip, *contacts[::3])
    foreseen = foresee(campaign, engine.plan_of(campaign), timezone.now())
    active(campaign, marketer)
    work(campaign)
    assert foreseen.entering == len(contacts) == CampaignMember.objects.count()
    assert dict(foreseen.became) == Counter(Turn.objects.values_list("step", "outcome"))
    assert {outcome for _, outcome in foreseen.became} >= {
        "",
        "yes",
        "no",
        "changed",
        "unchanged",
        Refusal.LOST_CONTACT,
    }


# Editing while contacts wait


def test_a_step_added_later_does_not_run_for_those_already_past(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    asks = add(campaign, marketer, Kind.IS_LOST, name="lost?", **after(1, Unit.DAYS))
    active(campaign, marketer)
    before, later = contact_in(aware), contact_in(aware)
    give(label, before)
    work(campaign, NOW)
    paused(campaign, marketer)
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "no", stage=engaged, name="in the branch")
    add(campaign, marketer, name="at the top", **move_to(customer, **after(2, Unit.DAYS)))
    active(campaign, marketer)
    give(label, later)
    work(campaign, NOW + timedelta(hours=1))
    work(campaign, NOW + 5 * A_DAY)
    assert turns(before, campaign) == [("lost?", "no"), ("in the branch", "changed")]
    assert turns(later, campaign) == [("lost?", "no"), ("in the branch", "changed"), ("at the top", "changed")]


def test_who_waits_waits_as_the_step_says_now(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    step = add(campaign, marketer, **move_to(engaged, **after(10, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    stopped = paused(campaign, marketer)
    values = {**move_to(customer), **after(2, Unit.DAYS)}
    actions.change_step(step=step, seen=stopped.revision, values=values, by=marketer)
    assert Turn.objects.get().due_at == NOW + 2 * A_DAY
    active(campaign, marketer)
    work(campaign, NOW + 2 * A_DAY)
    assert [stage for _, stage, _ in moves(contact)] == ["Customer"]


def test_a_removed_step_is_not_done_and_history_goes_on_naming_it(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    first = add(campaign, marketer, name="first", **move_to(engaged))
    asks = add(campaign, marketer, Kind.IS_LOST, name="lost?", **after(1, Unit.DAYS))
    below = add(campaign, marketer, Kind.CHANGE_STAGE, asks, "no", stage=customer, name="below")
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    work(campaign, NOW)
    stopped = paused(campaign, marketer)
    assert actions.remove_step(step=asks, seen=stopped.revision, by=marketer) == 1
    assert actions.remove_step(step=first, seen=stopped.revision + 1, by=marketer) == 0
    add(campaign, marketer, name="new", **move_to(customer, **after(9, Unit.DAYS)))
    active(campaign, marketer)
    work(campaign, NOW + 3 * A_DAY)
    assert turns(contact, campaign) == [("first", "changed"), ("lost?", "removed")]
    assert moves(contact) == [("campaign", "Engaged", first.pk)]
    assert list(campaign.steps.filter(removed_at=None).values_list("name", flat=True)) == ["new"]
    assert campaign.steps.get(pk=below.pk).removed_at


def test_a_plan_that_is_edited_during_a_slice_takes_nothing_of_it(
    campaign: Campaign,
    marketer: TeamMember,
    label: Label,
    aware: Stage,
    engaged: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    contact = contact_in(aware)
    give(label, contact)
    said = engine._say_it_is_done

    def pause_first(going: Campaign) -> None:
        paused(going, marketer)
        said(going)

    monkeypatch.setattr(engine, "_say_it_is_done", pause_first)
    assert work_on_campaign(campaign=campaign.pk, seconds=5) is False
    assert (members(campaign), moves(contact)) == ([], [])


# Erasing


def test_what_became_of_a_contact_goes_with_it(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    add(campaign, marketer, **move_to(engaged, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    stays, goes = contact_in(aware), contact_in(aware)
    give(label, stays, goes)
    work(campaign, NOW)
    erase_contacts(contacts=[goes.pk], by=marketer)
    assert list(CampaignMember.objects.values_list("contact_id", flat=True)) == [stays.pk]
    assert list(Turn.objects.values_list("contact_id", flat=True)) == [stays.pk]
    work(campaign, NOW + 2 * A_DAY)
    assert turns(stays, campaign) == [("Change contact's stage", "changed")]
