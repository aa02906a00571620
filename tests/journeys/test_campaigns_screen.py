"""The list of campaigns: each with its state, where contacts come from, and its counts."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns.actions import create_campaign
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Unit, active, add, after, campaign_of, carrying, move_to, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


def test_it_needs_a_marketer(client_of: Callable[[TeamMember], Client], operator: TeamMember) -> None:
    response = client_of(operator).get("/campaigns")
    assert (response.status_code, "This needs the role Marketer." in response.text) == (403, True)
    assert "/campaigns" not in client_of(operator).get("/").text


def test_without_any_it_says_what_they_are_for(max_: Client) -> None:
    page = max_.get("/campaigns").text
    assert "No campaigns yet" in page
    assert 'href="/campaigns/new"' in page


def test_each_says_its_state_its_sources_and_its_counts(max_: Client, marketer: TeamMember, engaged: Stage) -> None:
    label = LabelFactory(name="webinar")
    campaign = campaign_of(marketer, carrying(label, marketer))
    add(campaign, marketer, **move_to(engaged, **after(3, Unit.DAYS)))
    add(campaign, marketer, **move_to(engaged, **after(4, Unit.DAYS)))
    active(campaign, marketer)
    contact = contact_in(None)
    put_on_label(contacts=[contact.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)
    create_campaign(values={"name": "<i>A draft</i>"}, by=marketer)
    page = max_.get("/campaigns")
    rows = page.context["rows"]
    assert [(str(row.campaign), row.members, row.waiting, row.sources) for row in rows] == [
        ("<i>A draft</i>", 0, 0, []),
        ("Win-back", 1, 2, ["carry webinar"]),
    ]
    assert "&lt;i&gt;A draft&lt;/i&gt;" in page.text
    assert ("Active" in page.text, "Draft" in page.text, "By hand alone" in page.text) == (True, True, True)


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(max_: Client, marketer: TeamMember, count: int) -> None:
    label = LabelFactory(name="webinar")
    segment = carrying(label, marketer)
    for number in range(count):
        campaign_of(marketer, segment, name=f"Campaign {number}")
    max_.get("/campaigns")
    with assertNumQueries(10):  # session, person, organisation, role, what waits for review; four, segments
        max_.get("/campaigns")
