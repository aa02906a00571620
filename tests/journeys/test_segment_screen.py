"""One segment: what it asks, who matches, and deleting it."""

from datetime import date

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.segments.conditions import Condition, Operator
from journeys.segments.models import Segment
from journeys.uses import queries as uses
from journeys.uses.queries import Use, UseKind
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.segmenting import in_stage, segment_of


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture
def segment(marketer: TeamMember, promoter: Stage) -> Segment:
    before = Condition("last_open_at", Operator.BEFORE, day=date(2026, 4, 8), or_never=True)
    return segment_of(promoter, marketer, description="Ask them.", conditions=in_stage(promoter, before))


def test_it_says_what_it_asks_and_who_matches(reading: Client, segment: Segment, promoter: Stage, aware) -> None:
    contact_in(promoter, first_name="Ada", last_name="Lee")
    contact_in(aware, first_name="Ben")
    response = reading.get(f"/segments/{segment.pk}")
    assert response.status_code == 200
    assert response.context["sentence"] == ("Funnel status is Promoter AND Last open before 8 Apr 2026 or never")
    assert response.context["about_days"].startswith("Days begin at midnight in UTC: before a day is")
    assert [str(contact) for contact in response.context["contacts"]] == ["Ada Lee"]
    assert response.context["count"] == 1
    for words in ("Ask them.", "For everybody, by Max Weber", f'href="/contacts?segment={segment.pk}"'):
        assert words in response.text


def test_where_nobody_matches_that_is_said(reading: Client, segment: Segment) -> None:
    page = reading.get(f"/segments/{segment.pk}")
    assert "Nobody matches now" in page.text
    assert page.context["count"] == 0


def test_somebody_elses_own_segment_is_not_there(reading: Client, client_of, marketer, promoter: Stage) -> None:
    own = segment_of(promoter, marketer, is_for_all=False)
    assert reading.get(f"/segments/{own.pk}").status_code == 404
    assert client_of(marketer).get(f"/segments/{own.pk}").status_code == 200


def test_it_is_deleted_while_nothing_uses_it(client_of, marketer: TeamMember, segment: Segment) -> None:
    response = client_of(marketer).post(f"/segments/{segment.pk}/delete", follow=True)
    assert response.redirect_chain == [("/segments", 302)]
    assert "Fans was deleted." in response.text
    assert not Segment.objects.exists()


def test_what_uses_it_is_said_and_keeps_it(client_of, marketer, segment: Segment, monkeypatch) -> None:
    use = Use(UseKind.LABEL_RULE, "journeys:manage_funnel", "spring")
    monkeypatch.setattr(uses, "SOURCES_OF_SEGMENTS", (lambda: iter([(segment.pk, use)]),))
    client = client_of(marketer)
    page = client.get(f"/segments/{segment.pk}").text
    assert "Label rule spring" in page
    assert "It can be deleted once nothing uses it." in page
    assert f"/segments/{segment.pk}/delete" not in page
    response = client.post(f"/segments/{segment.pk}/delete", follow=True)
    assert response.redirect_chain == [(f"/segments/{segment.pk}", 302)]
    assert "Fans stays: it is used in Label rule spring." in response.text
    assert Segment.objects.count() == 1


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_deleting_one_for_everybody_needs_a_marketer(request, client_of, segment: Segment, name: str) -> None:
    refused = client_of(request.getfixturevalue(name)).post(f"/segments/{segment.pk}/delete")
    assert refused.status_code == 403
    assert "This needs the role Marketer: the segment is for everybody." in refused.text
    assert Segment.objects.count() == 1


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_everybody_deletes_their_own(request, client_of, promoter: Stage, name: str) -> None:
    member = request.getfixturevalue(name)
    own = segment_of(promoter, member, is_for_all=False)
    client_of(member).post(f"/segments/{own.pk}/delete")
    assert not Segment.objects.exists()


@pytest.mark.parametrize("many", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(reading: Client, segment: Segment, promoter: Stage, many: int) -> None:
    for _ in range(many):
        contact_in(promoter)
    with assertNumQueries(20):
        reading.get(f"/segments/{segment.pk}")


def test_a_stage_names_the_segments_that_use_it(client_of, marketer, segment: Segment, promoter: Stage) -> None:
    page = client_of(marketer).get(f"/stages/{promoter.pk}").text
    assert f'<a href="/segments/{segment.pk}">Segment Fans</a>' in page
