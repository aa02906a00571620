"""A new campaign: its name, where contacts come from, and while when it moves them."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.campaigns.models import Campaign
from journeys.segments.models import Segment
from journeys.webforms.models import WebForm
from tests.factories import LabelFactory
from tests.journeys.campaigning import campaign_of, carrying

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


def test_it_is_created_as_a_draft_with_its_sources(max_: Client, marketer: TeamMember) -> None:
    segment = carrying(LabelFactory(), marketer)
    form = WebForm.objects.create(name="Newsletter")
    sent = {
        "name": "  Win   back ",
        "segments": [segment.pk],
        "web_forms": [form.pk],
        "may_restart": "on",
        "publish_up": "2026-05-03T10:00",
    }
    response = max_.post("/campaigns/new", sent)
    campaign = Campaign.objects.get()
    assert response["Location"] == f"/campaigns/{campaign.pk}"
    assert (campaign.name, campaign.state, campaign.may_restart, campaign.created_by) == (
        "Win back",
        "draft",
        True,
        marketer,
    )
    assert campaign.publish_up and campaign.publish_up.isoformat() == "2026-05-03T10:00:00+00:00"
    assert [(one.segment, one.web_form) for one in campaign.sources.all()] == [(segment, None), (None, form)]


def test_somebody_elses_own_segment_is_not_offered(max_: Client, administrator: TeamMember) -> None:
    own = carrying(LabelFactory(), administrator)
    Segment.objects.update(is_for_all=False)
    assert "carry" not in max_.get("/campaigns/new").text
    response = max_.post("/campaigns/new", {"name": "Win back", "segments": [own.pk]})
    assert response.status_code == 422
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"name": ""}, "Give the campaign a name."),
        ({"name": "win-BACK"}, "There is a campaign of this name already."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "a\0b"}, "Null characters are not allowed."),
        (
            {"name": "Other", "publish_up": "2026-05-03T10:00", "publish_down": "2026-05-03T10:00"},
            "Unpublish at has to be later than publish at.",
        ),
        ({"name": "Other", "publish_down": "9999-05-03T10:00"}, "Give a date between 1970 and 2200."),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_typed_is_lost(
    max_: Client, marketer: TeamMember, sent: dict[str, str], error: str
) -> None:
    campaign_of(marketer)
    response = max_.post("/campaigns/new", {**sent, "description": "<b>typed</b>"})
    if "\0" in sent["name"]:
        assert response.status_code in (400, 422)
    else:
        assert response.status_code == 422
        assert error in response.text
        assert "&lt;b&gt;typed&lt;/b&gt;" in response.text
    assert Campaign.objects.count() == 1
