"""What is around campaigns: what uses a stage, merging, search, history, the check of the whole book, Manage Funnel."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.campaigns import actions
from journeys.campaigns.letting_in import campaigns_let_into
from journeys.campaigns.models import Campaign, CampaignMember, CampaignStep, Turn
from journeys.labels.actions import LabelInTheWay, delete_label
from journeys.runs.actions import make_preview
from journeys.runs.operations import Act, Operation, Selection
from journeys.search.queries import found
from journeys.segments.actions import SegmentInUse, delete_segment
from journeys.uses.actions import let_uses_follow, let_uses_of_label_follow
from journeys.uses.queries import uses_of_labels, uses_of_segments, uses_of_stages, uses_of_web_forms
from journeys.webforms.actions import WebFormInUse, delete_web_form
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Kind, active, add, campaign_of, carrying, move_to, work
from tests.journeys.segmenting import segment_of
from tests.journeys.web_forms import submitted, web_form_asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def label() -> Label:
    return LabelFactory(name="webinar")


@pytest.fixture
def campaign(marketer: TeamMember, label: Label) -> Campaign:
    return campaign_of(marketer, carrying(label, marketer))


def test_campaigns_are_named_where_their_stages_labels_and_segments_are(
    campaign: Campaign, marketer: TeamMember, label: Label, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    fans = segment_of(customer, marketer)
    vip = LabelFactory(name="vip")
    add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk, engaged.pk])
    add(campaign, marketer, **move_to(engaged))
    add(campaign, marketer, Kind.PUT_ON_LABEL, label=vip)
    add(campaign, marketer, Kind.MATCHES_SEGMENT, segment=fans)
    stages, of_labels, segments = uses_of_stages(), uses_of_labels(), uses_of_segments()
    assert [str(use) for use in stages[engaged.pk]] == ["Campaign Win-back"]
    assert [str(use) for use in stages[customer.pk]] == ["Segment Fans"]
    assert [(str(use), use.pk) for use in of_labels[vip.pk]] == [("Campaign Win-back", campaign.pk)]
    assert [str(use) for use in segments[fans.pk]] == ["Campaign Win-back"]
    assert [str(use) for use in segments[campaign.sources.get().segment_id]] == ["Campaign Win-back"]
    with pytest.raises(SegmentInUse):
        delete_segment(segment=fans, by=marketer)
    with pytest.raises(LabelInTheWay):
        delete_label(label=vip, by=marketer)


def test_merged_stages_and_labels_are_followed(
    campaign: Campaign, marketer: TeamMember, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    vip, best = LabelFactory(name="vip"), LabelFactory(name="best")
    asks = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk, engaged.pk, customer.pk])
    moves = add(campaign, marketer, **move_to(engaged))
    marks = add(campaign, marketer, Kind.PUT_ON_LABEL, label=vip)
    before = Campaign.objects.get(pk=campaign.pk).revision
    let_uses_follow(stage=engaged, to=customer, by=marketer)
    let_uses_of_label_follow(label=vip, to=best, by=marketer)
    assert CampaignStep.objects.get(pk=asks.pk).stages == [aware.pk, customer.pk]
    assert CampaignStep.objects.get(pk=moves.pk).stage == customer
    assert CampaignStep.objects.get(pk=marks.pk).label == best
    assert Campaign.objects.get(pk=campaign.pk).revision == before + 3


def test_search_finds_campaigns_for_those_who_may_open_them(
    campaign: Campaign, marketer: TeamMember, operator: TeamMember
) -> None:
    assert [(group.heading, group.hits[0].number) for group in found("win", by=marketer, limit=5)] == [
        ("Campaigns", campaign.pk)
    ]
    assert found("win", by=operator, limit=5) == []


def test_history_and_the_contact_name_the_campaign_and_its_step(
    campaign: Campaign,
    marketer: TeamMember,
    viewer: TeamMember,
    label: Label,
    aware: Stage,
    engaged: Stage,
    client_of: Callable[[TeamMember], Client],
) -> None:
    add(campaign, marketer, name="<b>Set stage</b>", **move_to(engaged))
    active(campaign, marketer)
    contact = contact_in(aware)
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    for member, links in ((marketer, True), (viewer, False)):
        page = client_of(member).get(f"/contacts/{contact.pk}").text
        assert "step &lt;b&gt;Set stage&lt;/b&gt;" in page
        assert (f'href="/campaigns/{campaign.pk}"' in page) is links
        assert (f'href="/campaigns/{campaign.pk}/contacts/{contact.pk}"' in page) is links
        assert "&lt;b&gt;Set stage&lt;/b&gt;" in client_of(member).get(reverse("journeys:status_history")).text


def test_a_preview_says_which_campaigns_its_moves_let_contacts_into(
    marketer: TeamMember, aware: Stage, engaged: Stage, customer: Stage, client_of: Callable[[TeamMember], Client]
) -> None:
    campaign = campaign_of(marketer, segment_of(customer, marketer))
    add(campaign, marketer, Kind.IS_LOST)
    contacts = [contact_in(aware) for _ in range(3)] + [
        contact_in(customer),
        contact_in(aware, account_state="inactive"),
    ]
    asked = Selection(contacts=tuple(contact.pk for contact in contacts))

    def let_in(stage: Stage) -> list[tuple[str, int]]:
        operation = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=stage.pk)
        preview = make_preview(operation=operation, selection=asked, by=marketer)
        said = client_of(marketer).get(reverse("journeys:preview", args=[preview.pk])).text
        found = [(one.campaign.name, one.count) for one in campaigns_let_into(preview)]
        for name, count in found:
            assert f"These moves will let {count} contacts into the campaign" in " ".join(said.split())
            assert name in said
        assert ("undo does not call that back" in said) is bool(found)
        return found

    assert let_in(customer) == []  # a draft lets nobody in
    active(campaign, marketer)
    assert let_in(customer) == [("Win-back", 3)]
    assert let_in(engaged) == []
    CampaignMember.objects.create(
        campaign=campaign, contact=contacts[0], entered_at=timezone.now(), how="segment", is_held=False
    )
    assert let_in(customer) == [("Win-back", 2)]


def test_a_form_lets_its_contacts_into_campaigns_that_are_going(
    marketer: TeamMember, aware: Stage, engaged: Stage
) -> None:
    form = web_form_asking("email", by=marketer)
    campaign = campaign_of(marketer)
    actions.set_sources(campaign=campaign, seen=campaign.revision, segments=[], web_forms=[form], by=marketer)
    add(campaign, marketer, **move_to(engaged))
    assert [str(use) for use in uses_of_web_forms()[form.pk]] == ["Campaign Win-back"]
    with pytest.raises(WebFormInUse):
        delete_web_form(form=form, by=marketer)
    early = submitted(form, token="one", email="early@example.com").contact
    active(campaign, marketer)
    late = submitted(form, token="two", email="late@example.com").contact
    work(campaign)
    assert list(CampaignMember.objects.values_list("contact_id", "how", "is_held")) == [(late.pk, "web_form", True)]
    assert Turn.objects.get().outcome == "changed"
    assert early.pk != late.pk
    submitted(form, token="three", email="late@example.com")
    work(campaign)
    assert CampaignMember.objects.count() == 1
