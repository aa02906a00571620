"""The chip in the top bar: how many runs are going."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from tests.factories import TeamMemberFactory, contact_in
from tests.journeys.running import done, started

GOING = "/runs/going"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def chip(client: Client) -> str:
    response = client.get(GOING, headers={"HX-Request": "true", "HX-Target": "runs-going"})
    assert response.status_code == 200
    assert response.text.startswith('<div id="runs-going"')
    assert 'hx-trigger="every 15s"' in response.text
    return " ".join(response.text.split())


def test_it_says_how_many_runs_are_going(reading, aware, marketer) -> None:
    assert "<a" not in chip(reading)
    lose = Operation(Act.MARK_LOST, Cause.BULK)
    run = started(lose, [contact_in(aware)], marketer)
    one = chip(reading)
    assert f'href="/runs/{run.pk}" aria-label="1 run going"' in one
    started(lose, [contact_in(aware)], marketer)
    assert 'href="/runs?state=running" aria-label="2 runs going"' in chip(reading)
    done(run)
    assert 'aria-label="1 run going"' in chip(reading)


def test_an_import_that_fell_silent_is_not_going(reading, db: None) -> None:
    run = Run.objects.create(kind=Run.Kind.IMPORT, words="Import leads.csv")
    assert f'href="/runs/{run.pk}"' in chip(reading)
    Run.objects.update(progressed_at=timezone.now() - timedelta(minutes=3))
    assert "<a" not in chip(reading)


def test_pages_ask_for_it_after_themselves_and_pay_nothing(client_of, reading, viewer: TeamMember) -> None:
    page = reading.get("/stages").text
    assert '<div id="runs-going" class="runs-going" hx-get="/runs/going" hx-trigger="load"' in page
    with assertNumQueries(5):  # session, person, organisation, role; runs
        chip(reading)
    without_role = client_of(TeamMemberFactory())
    assert "runs-going" not in without_role.get("/account").text
    assert without_role.get(GOING).status_code == 403
