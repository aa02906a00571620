"""A campaign: its plan with counts and problems in place, what would happen now, and its state."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.campaigns.models import Campaign, CampaignStep, CampaignWatch
from journeys.rules.models import FunnelSettings
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.webforms.models import WebForm
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, carrying, move_to, paused, work
from tests.journeys.segmenting import segment_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.fixture
def label() -> Label:
    return LabelFactory(name="webinar")


def text_of(client: Client, campaign: Campaign, query: str = "") -> str:
    return " ".join(client.get(f"/campaigns/{campaign.pk}{query}").text.split())


def test_steps_stand_below_each_other_in_their_branches_with_what_they_do_and_when(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer))
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk, engaged.pk], name="<b>Early?</b>")
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=engaged, name="On", **after(1, Unit.DAYS))
    add(campaign, marketer, Kind.TAKE_OFF_LABEL, asks, "no", label=label, name="Off", **after(2, Unit.MONTHS))
    page = max_.get(f"/campaigns/{campaign.pk}")
    (node,) = page.context["nodes"]
    assert (node.what, node.when) == ("Is in Aware or Engaged?", "immediately")
    assert [(one.what, one.when) for one in node.yes] == [("Move to Engaged", "after 1 day")]
    assert [(one.what, one.when) for one in node.no] == [("Remove label webinar", "after 2 months")]
    assert "&lt;b&gt;Early?&lt;/b&gt;" in page.text and "<b>Early?" not in page.text
    assert f"/campaigns/{campaign.pk}/steps/new?parent={asks.pk}&amp;branch=yes" in page.text


def test_counts_say_how_many_entered_wait_are_done_and_were_refused(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer))
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk])
    add(campaign, marketer, **move_to(engaged))
    add(campaign, marketer, **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contacts = [contact_in(aware), contact_in(aware), contact_in(engaged), contact_in(customer)]
    put_on_label(contacts=[one.pk for one in contacts], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    counts = [node.counts for node in max_.get(f"/campaigns/{campaign.pk}").context["nodes"]]
    assert [(one.entered, one.waiting, one.done, one.refused) for one in counts] == [
        (4, 0, 4, 0),
        (4, 0, 4, 1),
        (4, 4, 0, 0),
    ]
    assert (counts[0].yes, counts[0].no) == (2, 2)
    assert f'href="/campaigns/steps/{asks.pk}/contacts?outcome=done"' in text_of(max_, campaign)


def test_what_would_happen_now_is_said_in_a_sentence(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, customer: Stage, promoter: Stage
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer))
    asks = add(campaign, marketer, Kind.CARRIES_LABEL, label=label)
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=customer)
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=LabelFactory(name="vip"), **after(1, Unit.DAYS))
    contacts = [contact_in(aware), contact_in(aware), contact_in(customer), contact_in(promoter)]
    put_on_label(contacts=[one.pk for one in contacts], label=label, by=None, cause=Cause.MANUAL)
    said = text_of(max_, campaign, "?foreseen")
    assert (
        "4 contacts would enter now; 2 would move to Customer, for 1 “move to Customer” would change nothing, "
        "1 would be refused: Contact was not able to move into this stage; 4 later steps would wait."
    ) in said
    part = max_.get(f"/campaigns/{campaign.pk}", headers={"HX-Request": "true", "HX-Target": "campaign-foresight"}).text
    assert part.startswith('<div id="campaign-foresight"')
    assert "4 contacts would enter now" in part


# Problems


def test_what_is_in_the_way_is_said_in_place_and_it_is_not_switched_on(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, customer: Stage
) -> None:
    campaign = campaign_of(marketer)
    assert "It has no segment and no web form" in text_of(max_, campaign)
    assert "It has no step." in text_of(max_, campaign)
    refused = max_.post(f"/campaigns/{campaign.pk}/activate", follow=True).text
    assert "Win-back was not switched on. It has no step. Add one." in refused
    empty = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk])
    gone = add(campaign, marketer, Kind.PUT_ON_LABEL, label=label)
    retired = add(campaign, marketer, **move_to(customer))
    CampaignStep.objects.filter(pk=empty.pk).update(stages=[])
    Label.objects.all().delete()
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    nodes = max_.get(f"/campaigns/{campaign.pk}").context["nodes"]
    found = {node.step.pk: [one.sentence for one in node.problems if one.is_in_the_way] for node in nodes}
    assert found == {
        empty.pk: ["It asks for no stage that is in use. Choose one."],
        gone.pk: ["The label was deleted. Choose another one."],
        retired.pk: ["The stage is missing or was retired. Choose another one."],
    }
    max_.post(f"/campaigns/{campaign.pk}/activate")
    assert Campaign.objects.get().state == "draft"


def test_doubts_are_said_and_it_is_switched_on_all_the_same(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, customer: Stage
) -> None:
    FunnelSettings.objects.update(lost_reason_required=True)
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    opened = Conditions(((Condition("last_open_at", Operator.WITHIN_LAST, days=30),),))
    opens = create_segment(name="Opens", conditions=opened, is_for_all=True, by=marketer)
    campaign = campaign_of(marketer, carrying(label, marketer), segment_of(customer, marketer), opens)
    closed = WebForm.objects.create(name="Old form", is_open=False)
    campaign.sources.create(web_form=closed)
    add(campaign, marketer, Kind.IS_LOST)
    add(campaign, marketer, Kind.MATCHES_SEGMENT, segment=opens)
    add(campaign, marketer, **move_to(aware))
    add(campaign, marketer, **move_to(customer))
    add(campaign, marketer, Kind.TAKE_OFF_LABEL, label=label)
    add(campaign, marketer, Kind.MARK_LOST)
    said = text_of(max_, campaign)
    for doubt in (
        "The segment Opens moves contacts because of opens; mail programs open mail by themselves.",
        "The web form Old form is closed: nobody comes in from it.",
        "Neither its yes nor its no has a step, so that it changes nothing.",
        "Aware is closed now: until it is open, contacts are refused.",
        "The segment Fans asks about Customer. Whoever leaves it by this move leaves the campaign",
        "The segment carry webinar, from which contacts come in, asks about the label webinar itself.",
        "A reason is required when a contact is marked lost. Without one contacts are refused.",
    ):
        assert doubt in said
    assert max_.post(f"/campaigns/{campaign.pk}/activate", follow=True).context["campaign"].state == "active"


# Its state


def test_it_is_switched_on_paused_and_let_go_on(
    max_: Client, marketer: TeamMember, label: Label, engaged: Stage
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer))
    step = add(campaign, marketer, **move_to(engaged))
    assert "Switch on" in text_of(max_, campaign)
    assert "Win-back is active." in max_.post(f"/campaigns/{campaign.pk}/activate", follow=True).text
    page = text_of(max_, campaign)
    assert "An active campaign is paused to be edited. Contacts that wait then go on by the new plan" in page
    assert f"/campaigns/steps/{step.pk}/edit" not in page
    assert "Its steps can be edited" in max_.post(f"/campaigns/{campaign.pk}/pause", follow=True).text
    page = text_of(max_, campaign)
    assert "Go on" in page and f"/campaigns/steps/{step.pk}/edit" in page
    assert "It is not active." in max_.post(f"/campaigns/{campaign.pk}/pause", follow=True).text


def test_outside_its_window_it_says_that_it_waits(max_: Client, marketer: TeamMember, engaged: Stage) -> None:
    campaign = campaign_of(marketer, publish_up=timezone.now() + timedelta(days=1))
    add(campaign, marketer, **move_to(engaged))
    active(campaign, marketer)
    page = text_of(max_, campaign)
    assert "Pending" in page and "It waits until" in page
    Campaign.objects.update(publish_up=None, publish_down=timezone.now())
    page = text_of(max_, campaign)
    assert "Expired" in page and "it was published until" in page


def test_a_failure_is_said_with_its_reason(max_: Client, marketer: TeamMember) -> None:
    campaign = campaign_of(marketer)
    CampaignWatch.objects.create(campaign=campaign, tries=1, problem="The disk of the database is full.")
    assert "Its last work failed: The disk of the database is full. It is tried again by itself." in text_of(
        max_, campaign
    )


def test_a_clone_is_a_draft_with_the_same_plan(
    max_: Client, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage
) -> None:
    segment = carrying(label, marketer)
    campaign = campaign_of(marketer, segment)
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk], name="Early?")
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "yes", stage=engaged, name="On", **after(1, Unit.DAYS))
    active(campaign, marketer)
    for name in ("Copy of Win-back", "Copy of Win-back 2"):
        address = max_.post(f"/campaigns/{campaign.pk}/clone")["Location"]
        clone = Campaign.objects.get(name=name)
        assert address == f"/campaigns/{clone.pk}"
        assert (clone.state, [one.segment for one in clone.sources.all()]) == ("draft", [segment])
        (node,) = max_.get(address).context["nodes"]
        assert (node.step.name, node.step.stages, [one.step.name for one in node.yes]) == ("Early?", [aware.pk], ["On"])
        assert node.yes[0].step.parent == node.step != asks
    assert campaign.steps.count() == 2


def test_only_a_draft_is_deleted(max_: Client, marketer: TeamMember, engaged: Stage) -> None:
    campaign = campaign_of(marketer)
    add(campaign, marketer, **move_to(engaged))
    paused(active(campaign, marketer), marketer)
    assert "Only a draft can be deleted" in max_.post(f"/campaigns/{campaign.pk}/delete", follow=True).text
    draft = campaign_of(marketer, name="Draft")
    add(draft, marketer, **move_to(engaged))
    assert max_.post(f"/campaigns/{draft.pk}/delete")["Location"] == "/campaigns"
    assert list(Campaign.objects.all()) == [campaign]


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_step_and_for_three(
    max_: Client, marketer: TeamMember, label: Label, engaged: Stage, count: int
) -> None:
    campaign = campaign_of(marketer, carrying(label, marketer))
    for _ in range(count):
        add(campaign, marketer, **move_to(engaged))
        add(campaign, marketer, Kind.PUT_ON_LABEL, label=label)
    max_.get(f"/campaigns/{campaign.pk}")
    with assertNumQueries(21):
        max_.get(f"/campaigns/{campaign.pk}")
