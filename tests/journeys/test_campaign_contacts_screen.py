"""Who is in a campaign, who left it; at each step, of whom what became; and the log of a contact."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.campaigns import actions, queries
from journeys.campaigns.models import Campaign, CampaignMember
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Unit, active, add, after, campaign_of, carrying, move_to, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.fixture
def label() -> Label:
    return LabelFactory()


@pytest.fixture
def campaign(marketer: TeamMember, label: Label, engaged: Stage) -> Campaign:
    begun = campaign_of(marketer, carrying(label, marketer))
    add(begun, marketer, name="<b>later</b>", **move_to(engaged, **after(3, Unit.DAYS)))
    return active(begun, marketer)


def test_those_in_it_and_those_who_left_are_listed(
    max_: Client, campaign: Campaign, label: Label, aware: Stage, marketer: TeamMember
) -> None:
    stays, leaves = contact_in(aware, first_name="<i>Ana</i>"), contact_in(aware)
    put_on_label(contacts=[stays.pk, leaves.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    actions.remove_contact(campaign=campaign, contact=leaves.pk, by=marketer)
    address = f"/campaigns/{campaign.pk}/contacts"
    page = max_.get(address)
    assert [(one.contact, one.get_how_display()) for one in page.context["page"].rows] == [(stays, "from a segment")]
    assert "&lt;i&gt;Ana&lt;/i&gt;" in page.text and "<i>Ana" not in page.text
    left = max_.get(f"{address}?state=left")
    assert [one.contact for one in left.context["page"].rows] == [leaves]
    assert "removed by hand" in left.text


def test_who_is_about_to_come_in_is_counted(
    max_: Client, campaign: Campaign, aware: Stage, marketer: TeamMember
) -> None:
    assert "Nobody is in it now" in max_.get(f"/campaigns/{campaign.pk}/contacts").text
    actions.add_contacts(campaign=campaign, contacts=[contact_in(aware).pk, contact_in(aware).pk], by=marketer)
    assert "2 more are about to come in." in max_.get(f"/campaigns/{campaign.pk}/contacts").text


def test_pages_are_read_on(max_: Client, campaign: Campaign, aware: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    contacts = [contact_in(aware) for _ in range(3)]
    for contact in contacts:
        CampaignMember.objects.create(
            campaign=campaign, contact=contact, entered_at=timezone.now(), how="by_hand", is_held=True
        )
    page = max_.get(f"/campaigns/{campaign.pk}/contacts")
    assert [one.contact for one in page.context["page"].rows] == contacts[:0:-1]
    older = max_.get(page.context["older"])
    assert [one.contact for one in older.context["page"].rows] == contacts[:1]


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(max_: Client, campaign: Campaign, aware: Stage, count: int) -> None:
    for _ in range(count):
        CampaignMember.objects.create(
            campaign=campaign, contact=contact_in(aware), entered_at=timezone.now(), how="by_hand", is_held=True
        )
    max_.get(f"/campaigns/{campaign.pk}/contacts")
    with assertNumQueries(8):  # session, person, organisation, role, what waits for review; campaign, members, arrivals
        max_.get(f"/campaigns/{campaign.pk}/contacts")
