"""Imports: who made which, and how far each is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.team.models import TeamMember
from journeys.imports.models import Import
from journeys.imports.wizard import actions, queries
from tests.journeys.wizard import asked_for, checked, imported, taken

PAGE = "/imports"


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, role: str) -> None:
    assert client_of(request.getfixturevalue(role)).get(PAGE).status_code == 403


def test_before_the_first_one_it_says_what_an_import_is(client_of, marketer: TeamMember) -> None:
    text = client_of(marketer).get(PAGE).text
    assert "Nothing was imported yet" in text
    assert 'href="/imports/new"' in text


def test_each_leads_to_its_step(client_of, marketer: TeamMember) -> None:
    made = [
        taken("email,id\na@b.co,1\n", marketer),
        taken('email,id\n"a@b.co,1\n', marketer),
        asked_for("email,id\na@b.co,1\n", marketer),
        checked("email,id\na@b.co,1\n", marketer),
        imported("email,id\na@b.co,1\n", marketer),
    ]
    actions.forget_import(asked=taken("email,id\nz@b.co,1\n", marketer), by=marketer)
    response = client_of(marketer).get(PAGE)
    steps = ["columns", "columns", "options", "check", ""]
    expected = [(one, f"/imports/{one.pk}/{step}".rstrip("/")) for one, step in zip(made, steps, strict=True)]
    assert response.context["rows"] == expected[::-1]
    assert "1 created, 0 updated, 0 unchanged, 0 refused" in response.text
    assert "Cannot be read" in response.text


def test_older_ones_are_on_further_pages(client_of, marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    made = [taken("email,id\na@b.co,1\n", marketer) for _ in range(3)]
    client = client_of(marketer)
    first = client.get(PAGE)
    assert [one for one, _ in first.context["rows"]] == [made[2], made[1]]
    second = client.get(first.context["older"])
    assert [one for one, _ in second.context["rows"]] == [made[0]]
    assert "No import is further back" in client.get(f"{PAGE}?older_than=0").text


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_however_many_there_are(client_of, marketer: TeamMember, count: int) -> None:
    for _ in range(count):
        imported("email,id\na@b.co,1\n", marketer)
    client = client_of(marketer)
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as queries_made:
        client.get(PAGE)
    assert len([query for query in queries_made if "journeys_import" in query["sql"]]) == 1
    assert Import.objects.count() == count
