"""Ending a campaign says first what that means, and is for good."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.campaigns import actions
from journeys.campaigns.models import Campaign
from stages.models import Stage
from tests.journeys.campaigning import active, add, campaign_of, move_to

pytestmark = pytest.mark.django_db


def test_it_ends_for_good(client_of: Callable[[TeamMember], Client], marketer: TeamMember, engaged: Stage) -> None:
    client = client_of(marketer)
    campaign = campaign_of(marketer)
    add(campaign, marketer, **move_to(engaged))
    assert "It is a draft" in client.post(f"/campaigns/{campaign.pk}/end", follow=True).text
    active(campaign, marketer)
    assert "what waits is not done" in client.get(f"/campaigns/{campaign.pk}/end").text
    assert Campaign.objects.get().state == "active"
    page = client.post(f"/campaigns/{campaign.pk}/end", follow=True).text
    assert "Win-back has ended." in page
    assert "what waited is not done" in page
    assert Campaign.objects.get().state == "ended"
    assert "It has ended." in client.post(f"/campaigns/{campaign.pk}/activate", follow=True).text
    with pytest.raises(actions.CampaignIsGoing, match="It has ended"):
        actions.add_contacts(campaign=campaign, contacts=[1], by=marketer)
