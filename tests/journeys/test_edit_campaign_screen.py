"""Another name and other sources: of a draft, or of a campaign that is paused."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.campaigns import actions
from journeys.campaigns.models import Campaign
from tests.factories import LabelFactory
from tests.journeys.campaigning import Kind, active, add, campaign_of, carrying

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


def test_it_shows_what_is_kept_and_keeps_what_is_sent(max_: Client, marketer: TeamMember) -> None:
    one, two = carrying(LabelFactory(name="one"), marketer), carrying(LabelFactory(name="two"), marketer)
    campaign = campaign_of(marketer, one)
    page = max_.get(f"/campaigns/{campaign.pk}/edit")
    assert page.context["form"]["segments"].value() == [one.pk]
    sent = {"name": "Other", "segments": [two.pk], "seen": campaign.revision}
    assert max_.post(f"/campaigns/{campaign.pk}/edit", sent)["Location"] == f"/campaigns/{campaign.pk}"
    stored = Campaign.objects.get()
    assert (stored.name, [source.segment for source in stored.sources.all()]) == ("Other", [two])
    assert stored.changed_by == marketer


def test_who_is_second_is_told_and_nothing_of_theirs_is_lost(
    max_: Client, marketer: TeamMember, administrator: TeamMember
) -> None:
    campaign = campaign_of(marketer)
    actions.change_campaign(campaign=campaign, seen=campaign.revision, values={"name": "Ana's"}, by=administrator)
    response = max_.post(f"/campaigns/{campaign.pk}/edit", {"name": "Max's", "seen": campaign.revision})
    assert response.status_code == 409
    assert "Ana Silva changed this campaign" in response.text
    assert response.context["form"]["name"].value() == "Max's"
    assert Campaign.objects.get().name == "Ana's"
    again = {"name": "Max's", "seen": response.context["form"]["seen"].value()}
    assert max_.post(f"/campaigns/{campaign.pk}/edit", again).status_code == 302
    assert Campaign.objects.get().name == "Max's"


def test_an_active_campaign_is_paused_first(max_: Client, marketer: TeamMember) -> None:
    campaign = campaign_of(marketer)
    add(campaign, marketer, Kind.IS_LOST)
    active(campaign, marketer)
    for response in (
        max_.get(f"/campaigns/{campaign.pk}/edit", follow=True),
        max_.post(f"/campaigns/{campaign.pk}/edit", {"name": "Other"}, follow=True),
    ):
        assert response.redirect_chain == [(f"/campaigns/{campaign.pk}", 302)]
        assert "Pause it first." in response.text
    assert Campaign.objects.get().name == "Win-back"
