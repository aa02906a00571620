"""Changing a step, and its place in its branch."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns.models import Campaign, CampaignStep
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, carrying, move_to, paused, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


def names(campaign: Campaign) -> list[str]:
    return list(campaign.steps.order_by("position").values_list("name", flat=True))


def test_it_shows_what_is_kept_and_keeps_what_is_sent(
    max_: Client, marketer: TeamMember, aware: Stage, engaged: Stage
) -> None:
    campaign = campaign_of(marketer)
    step = add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk], name="Early?", **after(3, Unit.DAYS))
    address = f"/campaigns/steps/{step.pk}/edit"
    form = max_.get(address).context["form"]
    shown = {name: form[name].value() for name in ("name", "when", "amount", "unit", "stages", "seen")}
    assert shown == {"name": "Early?", "when": "after", "amount": 3, "unit": "days", "stages": [aware.pk], "seen": 3}
    sent = {"name": "Later?", "when": "at", "at": "2027-05-03T10:00", "amount": "7", "unit": "days", "seen": "3"}
    assert (
        max_.post(address, {**sent, "stages": [engaged.pk]})["Location"] == f"/campaigns/{campaign.pk}#step-{step.pk}"
    )
    kept = CampaignStep.objects.get()
    assert (kept.name, kept.when, kept.amount, kept.unit, kept.stages) == ("Later?", "at", None, "", [engaged.pk])
    assert kept.at and kept.at.isoformat() == "2027-05-03T10:00:00+00:00"
    stale = max_.post(address, {**sent, "stages": [engaged.pk]})
    assert stale.status_code == 409
    assert "Somebody changed this campaign meanwhile." in stale.text


def test_it_says_before_how_many_wait_for_it(max_: Client, marketer: TeamMember, engaged: Stage) -> None:
    label = LabelFactory()
    campaign = campaign_of(marketer, carrying(label, marketer))
    step = add(campaign, marketer, **move_to(engaged, **after(3, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(None)
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    paused(campaign, marketer)
    assert (
        "1 waits for it: they wait as it says when you have saved" in max_.get(f"/campaigns/steps/{step.pk}/edit").text
    )


def test_steps_change_places_within_their_branch(max_: Client, marketer: TeamMember) -> None:
    campaign = campaign_of(marketer)
    steps = [add(campaign, marketer, Kind.IS_LOST, name=name) for name in "abc"]
    add(campaign, marketer, Kind.IS_LOST, steps[0], "yes", name="below")

    def move(step: CampaignStep, way: str) -> str:
        seen = Campaign.objects.get().revision
        return max_.post(f"/campaigns/steps/{step.pk}/{way}", {"seen": seen}, follow=True).text

    assert "c was moved up." in move(steps[2], "up")
    assert [one for one in names(campaign) if one != "below"] == ["a", "c", "b"]
    assert "a was moved down." in move(steps[0], "down")
    assert [one for one in names(campaign) if one != "below"] == ["c", "a", "b"]
    assert "was moved" not in move(steps[2], "up")
    stale = max_.post(f"/campaigns/steps/{steps[0].pk}/down", {"seen": "1"}, follow=True).text
    assert "Somebody changed this campaign meanwhile. a stays where it is." in stale
    assert [one for one in names(campaign) if one != "below"] == ["c", "a", "b"]
