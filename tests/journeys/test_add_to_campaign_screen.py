"""Letting contacts in by hand: one by its e-mail, or all that match a segment now."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns.models import Campaign, CampaignArrival
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import active, add, campaign_of, carrying, members, move_to, paused, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.fixture
def campaign(marketer: TeamMember, engaged: Stage) -> Campaign:
    begun = campaign_of(marketer)
    add(begun, marketer, **move_to(engaged))
    return begun


def test_one_contact_and_all_of_a_segment_come_in(
    max_: Client, campaign: Campaign, marketer: TeamMember, aware: Stage
) -> None:
    active(campaign, marketer)
    label, ana = LabelFactory(name="vip"), contact_in(aware, email="Ana@example.com")
    vips = [contact_in(aware), contact_in(aware)]
    put_on_label(contacts=[one.pk for one in vips], label=label, by=None, cause=Cause.MANUAL)
    segment = carrying(label, marketer)
    sent = {"email": "ana@EXAMPLE.com", "segment": segment.pk}
    page = max_.post(f"/campaigns/{campaign.pk}/contacts/add", sent, follow=True).text
    assert f"{ana} and 2 contacts of carry vip will come in within seconds" in page
    work(campaign)
    assert members(campaign) == [(contact.pk, 1, "by_hand") for contact in (ana, *vips)]


def test_into_a_paused_campaign_they_come_once_it_goes_on(
    max_: Client, campaign: Campaign, marketer: TeamMember, aware: Stage
) -> None:
    paused(active(campaign, marketer), marketer)
    contact_in(aware, email="ana@example.com")
    page = max_.post(f"/campaigns/{campaign.pk}/contacts/add", {"email": "ana@example.com"}, follow=True).text
    assert "once it is active again" in page
    work(campaign)
    assert members(campaign) == []
    assert CampaignArrival.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "Say who is to come in: give an e-mail or choose a segment."),
        ({"email": "nobody@example.com"}, "Nobody in the Contact Book has this e-mail."),
        ({"email": "<b>"}, "Enter a valid email address."),
        ({"segment": "9" * 30}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said(
    max_: Client, campaign: Campaign, marketer: TeamMember, sent: dict[str, str], error: str
) -> None:
    active(campaign, marketer)
    response = max_.post(f"/campaigns/{campaign.pk}/contacts/add", sent)
    assert (response.status_code, error in response.text) == (422, True)
    assert not CampaignArrival.objects.exists()


def test_into_a_draft_nobody_comes(max_: Client, campaign: Campaign, aware: Stage) -> None:
    contact_in(aware, email="ana@example.com")
    response = max_.post(f"/campaigns/{campaign.pk}/contacts/add", {"email": "ana@example.com"})
    assert (response.status_code, "Switch it on first: it is a draft." in response.text) == (422, True)
    assert not CampaignArrival.objects.exists()
