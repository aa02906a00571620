"""Removing a step says first what goes with it."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns.models import Campaign, Turn
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, carrying, paused, work

pytestmark = pytest.mark.django_db


def test_it_goes_with_all_below_it_and_what_waits_is_not_done(
    client_of: Callable[[TeamMember], Client], marketer: TeamMember, engaged: Stage
) -> None:
    client, label = client_of(marketer), LabelFactory()
    campaign = campaign_of(marketer, carrying(label, marketer))
    asks = add(campaign, marketer, Kind.IS_LOST, name="Lost?", **after(3, Unit.DAYS))
    add(campaign, marketer, Kind.CHANGE_STAGE, asks, "no", stage=engaged, name="On")
    active(campaign, marketer)
    contact = contact_in(None)
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    address = f"/campaigns/steps/{asks.pk}/remove"
    assert "Pause it first" in client.post(address, follow=True).text
    stopped = paused(campaign, marketer)
    said = " ".join(client.get(address).text.split())
    assert "With it 1 step below it goes: On." in said
    assert "1 turn waits there, and will not be done." in said
    stale = client.post(address, {"seen": stopped.revision - 1}, follow=True).text
    assert "Somebody changed this campaign meanwhile. Nothing was removed." in stale
    assert "Lost? was removed." in client.post(address, {"seen": stopped.revision}, follow=True).text
    assert campaign.steps.filter(removed_at=None).count() == 0
    assert Turn.objects.get().outcome == "removed"
    assert client.get(address).status_code == 404


def test_of_a_draft_nothing_is_left(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> None:
    campaign = campaign_of(marketer)
    asks = add(campaign, marketer, Kind.IS_LOST)
    add(campaign, marketer, Kind.IS_LOST, asks, "yes")
    seen = Campaign.objects.get().revision
    client_of(marketer).post(f"/campaigns/steps/{asks.pk}/remove", {"seen": seen})
    assert campaign.steps.count() == 0
