"""Changing a segment: what is shown, who may, and who was first."""

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.segments.conditions import Condition, Operator
from journeys.segments.models import Segment
from stages.models import Stage
from tests.journeys.segmenting import in_stage, is_in, posted, segment_of


@pytest.fixture
def segment(marketer: TeamMember, promoter: Stage) -> Segment:
    return segment_of(promoter, marketer, description="Ask them.")


def test_it_shows_what_is_kept(client_of, marketer: TeamMember, segment: Segment, promoter: Stage) -> None:
    form = client_of(marketer).get(f"/segments/{segment.pk}/edit").context["form"]
    assert form.typed == [[is_in(promoter)]]
    shown = {name: form[name].value() for name in ("name", "description", "is_for_all", "seen")}
    assert shown == {"name": "Fans", "description": "Ask them.", "is_for_all": True, "seen": 1}


def test_a_change_is_saved(client_of, marketer: TeamMember, segment: Segment, aware: Stage) -> None:
    sent = posted([is_in(aware), {"field": "company", "operator": "is_empty"}], seen="1", name="Newcomers")
    response = client_of(marketer).post(f"/segments/{segment.pk}/edit", sent)
    assert (response.status_code, response["Location"]) == (302, f"/segments/{segment.pk}")
    segment.refresh_from_db()
    assert (segment.name, segment.description, segment.is_for_all, segment.revision) == ("Newcomers", "", False, 2)
    assert segment.asks == in_stage(aware, Condition("company", Operator.IS_EMPTY))


def test_whoever_comes_second_sees_who_was_first_and_keeps_what_they_typed(
    client_of, marketer: TeamMember, administrator: TeamMember, segment: Segment, promoter: Stage
) -> None:
    address = f"/segments/{segment.pk}/edit"
    first = posted([is_in(promoter)], seen="1", name="Friends", is_for_all="on")
    assert client_of(administrator).post(address, first).status_code == 302
    second = posted([is_in(promoter)], seen="1", name="Advocates", is_for_all="on")
    max_: Client = client_of(marketer)
    response = max_.post(address, second)
    assert response.status_code == 409
    assert "Ana Silva changed this segment" in response.text
    assert 'value="Advocates"' in response.text
    assert Segment.objects.get().name == "Friends"
    assert max_.post(address, {**second, "seen": response.context["form"]["seen"].value()}).status_code == 302
    assert Segment.objects.get().name == "Advocates"


def test_what_is_wrong_is_said(client_of, marketer: TeamMember, segment: Segment) -> None:
    response = client_of(marketer).post(f"/segments/{segment.pk}/edit", posted([{"field": "status"}], seen="x"))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"0-0-place", "seen"}
    assert Segment.objects.get().revision == 1


def test_a_segment_is_taken_from_everybody_by_its_owner_alone(client_of, administrator, segment, promoter) -> None:
    response = client_of(administrator).post(f"/segments/{segment.pk}/edit", posted([is_in(promoter)], seen="1"))
    assert response.status_code == 422
    assert response.context["form"].errors == {"is_for_all": ["It is Max Weber's: nobody else can make it their own."]}


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_one_for_everybody_needs_a_marketer(request, client_of, segment: Segment, promoter: Stage, name: str) -> None:
    client = client_of(request.getfixturevalue(name))
    address = f"/segments/{segment.pk}/edit"
    for response in (client.get(address), client.post(address, posted([is_in(promoter)], seen="1", name="Mine"))):
        assert response.status_code == 403
        assert "This needs the role Marketer: the segment is for everybody." in response.text
    assert Segment.objects.get().name == "Fans"


def test_everybody_changes_their_own_and_nobody_elses(client_of, viewer, operator, promoter: Stage) -> None:
    own = segment_of(promoter, viewer, is_for_all=False)
    sent = posted([is_in(promoter)], seen="1", name="Mine")
    assert client_of(operator).post(f"/segments/{own.pk}/edit", sent).status_code == 404
    assert client_of(viewer).post(f"/segments/{own.pk}/edit", sent).status_code == 302
    assert Segment.objects.get().name == "Mine"
