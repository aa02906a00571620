"""What became of a contact in a campaign, round by round, in Mautic's words; and taking it out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from journeys.campaigns.models import CampaignMember, Turn
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, carrying, move_to, work

pytestmark = pytest.mark.django_db


def test_the_log_says_what_was_done_refused_and_cancelled(
    client_of: Callable[[TeamMember], Client], marketer: TeamMember, aware: Stage, engaged: Stage, customer: Stage
) -> None:
    client, label = client_of(marketer), LabelFactory(name="webinar")
    campaign = campaign_of(marketer, carrying(label, marketer), may_restart=True)
    add(campaign, marketer, Kind.IN_STAGES, stages=[aware.pk], name="Early?")
    add(campaign, marketer, name="back", **move_to(engaged))
    add(campaign, marketer, name="later", **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(customer)
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    now = timezone.now()
    work(campaign, now)
    take_off_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign, now + timedelta(hours=1))
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign, now + timedelta(hours=2))
    address = f"/campaigns/{campaign.pk}/contacts/{contact.pk}"
    page = client.get(address)
    found = [[(row.step.name, row.outcome) for row in one.rows] for one in page.context["rounds"]]
    refused = "Contact was not able to move into this stage."
    assert found == [
        [("Early?", "No."), ("back", refused), ("later", "Waiting.")],
        [("Early?", "No."), ("back", refused), ("later", "Contact removed from campaign.")],
    ]
    assert "Contact removed from campaign on" in page.text
    assert "left all segments" in page.text
    page = client.post(f"{address}/remove", follow=True).text
    assert "was removed from Win-back, and comes back by hand alone." in page
    assert "removed by hand, Max Weber" in page
    assert set(Turn.objects.filter(step__name="later").values_list("outcome", flat=True)) == {"left"}
    assert "is not in Win-back." in client.post(f"{address}/remove", follow=True).text
    assert CampaignMember.objects.filter(left_at=None).count() == 0


def test_who_never_was_in_it_has_no_log(
    client_of: Callable[[TeamMember], Client], marketer: TeamMember, aware: Stage
) -> None:
    campaign, contact = campaign_of(marketer), contact_in(aware)
    assert "Never in this campaign" in client_of(marketer).get(f"/campaigns/{campaign.pk}/contacts/{contact.pk}").text
    assert client_of(marketer).get(f"/campaigns/{campaign.pk}/contacts/{10**18}").status_code == 404
