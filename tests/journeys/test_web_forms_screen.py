"""The list of web forms: what each asks people, whether it is open, how often it was sent."""

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.webforms.actions import close_web_form
from stages.models import Stage
from tests.factories import TeamMemberFactory
from tests.journeys.web_forms import submitted, web_form_asking

WEB_FORMS = "/web-forms"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def test_somebody_without_a_role_is_told_which_one_is_needed(client_of, db: None) -> None:
    refused = client_of(TeamMemberFactory()).get(WEB_FORMS)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


def test_without_web_forms_it_says_what_they_are(client_of, viewer: TeamMember, marketer: TeamMember) -> None:
    shown = client_of(viewer).get(WEB_FORMS).text
    assert "No web forms yet" in shown
    assert "New web form" not in shown
    assert client_of(marketer).get(WEB_FORMS).text.count("New web form") == 2


def test_each_form_says_its_state_and_how_often_it_was_sent(
    reading: Client, marketer: TeamMember, customer: Stage
) -> None:
    fair = web_form_asking("email", by=marketer, name="Fair", default_status=False, stage=customer)
    web_form_asking("email", by=marketer, name="Advent")
    submitted(fair, email="ana@example.com")
    submitted(fair, token="t1", email="bo@example.com")
    close_web_form(form=fair, by=marketer)
    response = reading.get(WEB_FORMS)
    assert [(row["form"].name, row["form"].sent, row["form"].is_open) for row in response.context["rows"]] == [
        ("Advent", 0, True),
        ("Fair", 2, False),
    ]
    assert response.text.count("Closed</span>") == 1
    assert "Actions for" not in response.text


def test_a_stage_that_is_closed_is_marked(reading: Client, marketer: TeamMember, customer: Stage) -> None:
    web_form_asking("email", by=marketer, default_status=False, stage=customer)
    assert "Closed</span>" not in reading.get(WEB_FORMS).text
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert "Closed</span>" in reading.get(WEB_FORMS).text


def test_marketers_may_do_everything_from_here(client_of, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    shown = client_of(marketer).get(WEB_FORMS).text
    for address in (f"/{form.pk}/edit", f"/new?like={form.pk}", f"/{form.pk}/close", f"/{form.pk}/delete"):
        assert f'"{WEB_FORMS}{address}"' in shown
    assert f"/{form.pk}/open" not in shown


@pytest.mark.parametrize("count", [1, 3])
def test_its_queries_do_not_grow_with_the_forms(reading: Client, marketer: TeamMember, count: int) -> None:
    for number in range(count):
        submitted(
            web_form_asking("email", by=marketer, name=f"Form {number}"), token=str(number), email=f"{number}@b.co"
        )
    reading.get(WEB_FORMS)
    with assertNumQueries(5):
        reading.get(WEB_FORMS)


def test_what_people_typed_stays_text(reading: Client, marketer: TeamMember) -> None:
    web_form_asking("email", by=marketer, name="<b>Fair</b>", heading="<script>alert(1)</script>")
    shown = reading.get(WEB_FORMS).text
    assert "&lt;b&gt;Fair&lt;/b&gt;" in shown
    assert "<script>alert(1)" not in shown
