"""Runs: whatever changed many contacts at once, the newest first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from journeys.runs import actions, listing, selections
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in
from tests.journeys.running import lost, moved, one_slice_of, started, undone

RUNS = "/runs"
LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


def rows(client: Client, **asked: Any) -> list[listing.RunInWords]:
    response = client.get(RUNS, asked)
    assert response.status_code == 200
    return response.context["page"].runs


def a_run(**fields: Any) -> Run:
    values = {"kind": Run.Kind.IMPORT, "words": "Import old.csv", "state": Run.State.FINISHED, **fields}
    return Run.objects.create(**values)


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def test_everybody_with_a_role_reads_it(client_of, viewer: TeamMember, client: Client) -> None:
    assert client_of(viewer).get(RUNS).status_code == 200
    refused = client_of(TeamMemberFactory()).get(RUNS)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text
    assert client.get(RUNS)["Location"] == "/sign-in?next=/runs"
    assert client_of(viewer).post(RUNS).status_code == 405


def test_the_newest_is_first_each_in_words(reading, aware, customer, promoter, marketer, operator) -> None:
    a_run(records=7, created=4, updated=1, unchanged=1, refused=1, started_at=LONG_AGO)
    people = [contact_in(aware), contact_in(promoter), contact_in(customer)]
    run = moved(people, customer, marketer)
    losing = lost(people[:1], operator)
    Run.objects.filter(pk__in=[run.pk, losing.pk]).update(started_at=LONG_AGO + timedelta(days=1))

    shown = rows(reading)

    assert [str(row) for row in shown] == [
        "4 Mar 2025 Olga Petrova: 1 contact lost, 1 lost",
        "4 Mar 2025 Max Weber: 3 contacts → Customer, 2 moved, 1 back, 1 unchanged",
        "3 Mar 2025: Import old.csv, 4 new, 1 changed, 1 unchanged, 1 refused",
    ]
    page = reading.get(RUNS).text
    assert f'<a class="name" href="/runs/{run.pk}">3 contacts → Customer</a>' in page
    assert "2 moved, 1 back, 1 unchanged" in page
    assert 'title="4 Mar 2025, 12:00:00 UTC">4 Mar 2025</time>' in page
    assert '<span class="muted">By itself</span>' in page


def test_it_says_how_each_run_stands(reading, aware, customer, marketer, monkeypatch) -> None:
    monkeypatch.setattr(selections, "SLICE", 1)
    to_customer = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    people = [contact_in(aware), contact_in(aware)]
    first = one_slice_of(started(to_customer, people, marketer))
    page = reading.get(RUNS).text
    assert '<span class="badge accent">Running</span>' in page
    assert "1 of 2 contacts done" in page
    assert "Undone by <a" not in page

    actions.cancel_run(run=first, by=marketer)
    page = reading.get(RUNS).text
    assert '<span class="badge warn">Cancelled</span>' in page
    assert "1 moved, 1 refused" in page

    undo = undone(first, marketer)
    page = reading.get(RUNS).text
    assert f'Undone by <a href="/runs/{undo.pk}">run {undo.pk}</a> on <time' in page
    assert "which was undone" not in page

    redo = undone(undo, marketer)
    page = " ".join(reading.get(RUNS).text.split())
    assert f', which was undone by <a href="/runs/{redo.pk}">run {redo.pk}</a>' in page


def test_undo_is_offered_to_those_who_may(client_of, viewer, operator, marketer, aware, customer) -> None:
    run, losing = moved([contact_in(aware)], customer, marketer), lost([contact_in(aware)], marketer)
    a_run(created=1, records=1)

    def offered(member: TeamMember) -> list[int]:
        text = client_of(member).get(RUNS).text
        return [one.pk for one in Run.objects.order_by("pk") if f'action="/runs/{one.pk}/undo"' in text]

    assert [offered(member) for member in (viewer, operator, marketer)] == [
        [],
        [losing.pk],
        [run.pk, losing.pk],
    ]
    undo = undone(losing, marketer)
    assert offered(operator) == [undo.pk]
    assert RunPreview.objects.filter(run=None).count() == 0


@pytest.fixture
def story(aware: Stage, customer: Stage, marketer: TeamMember, operator: TeamMember) -> dict[str, int]:
    """One run of every sort, by its name."""
    runs = {
        "old": a_run(started_by=operator, started_at=LONG_AGO),
        "newer": a_run(started_by=operator, started_at=LONG_AGO + timedelta(days=1), state=Run.State.STOPPED),
        "nobody's": a_run(kind=Run.Kind.MERGE, stage=customer, started_at=LONG_AGO + timedelta(days=2)),
    }
    runs["moved"] = moved([contact_in(aware)], customer, marketer)
    runs["lost"] = lost([contact_in(aware)], operator)
    runs["undo"] = undone(runs["moved"], marketer)
    return {name: run.pk for name, run in runs.items()}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"person": "operator"}, "lost, newer, old"),
        ({"person": "nobody"}, "nobody's"),
        ({"kind": "bulk"}, "lost, moved"),
        ({"kind": "undo"}, "undo"),
        ({"kind": "import"}, "newer, old"),
        ({"stage": "customer"}, "moved, nobody's"),
        ({"stage": "aware"}, ""),
        ({"state": "stopped"}, "newer"),
        ({"state": "running"}, ""),
        ({"undone": "yes"}, "moved"),
        ({"undone": "no"}, "undo, lost, nobody's, newer, old"),
        ({"until": "2025-03-03"}, "old"),
        ({"since": "2025-03-03", "until": "2025-03-04"}, "newer, old"),
        ({"since": "2025-03-05", "until": "2025-03-05"}, "nobody's"),
        ({"since": "2025-03-05", "until": "2025-03-04"}, ""),
        ({"person": "operator", "kind": "bulk"}, "lost"),
        ({"since": "", "person": "", "undone": ""}, "undo, lost, moved, nobody's, newer, old"),
    ],
)
def test_each_filter_finds_these_and_no_others(
    reading, story: dict[str, int], asked: dict, found: str, operator, aware, customer
) -> None:
    numbers = {"operator": operator.pk, "customer": customer.pk, "aware": aware.pk}
    names = {pk: name for name, pk in story.items()}
    shown = rows(reading, **{name: str(numbers.get(value, value)) for name, value in asked.items()})
    assert ", ".join(names[row.run.pk] for row in shown) == found


def test_days_are_those_of_the_organisation(reading, db: None) -> None:
    Organisation.objects.update(time_zone="Asia/Tokyo")
    a_run(started_at=datetime(2025, 3, 3, 16, tzinfo=UTC))  # 4 March in Tokyo
    assert len(rows(reading, since="2025-03-04", until="2025-03-04")) == 1
    assert rows(reading, until="2025-03-03") == []
    assert "Days begin at midnight in Asia/Tokyo." in reading.get(RUNS).text


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("since", "yesterday", "Give a date such as 2026-05-03."),
        ("until", "9999-12-31", "Give a date between 1970 and 2200."),
        ("person", "99", "Select a valid choice."),
        ("kind", "magic", "Select a valid choice."),
        ("stage", "9" * 40, "Select a valid choice."),
        ("state", "asleep", "Select a valid choice."),
        ("undone", "perhaps", "Select a valid choice."),
    ],
)
def test_a_wrong_value_has_its_error_beside_its_field_and_narrows_nothing(
    reading, name: str, value: str, says: str
) -> None:
    a_run()
    response = reading.get(RUNS, {name: value})
    assert response.status_code == 200
    assert says in response.context["filter"].form.errors[name][0]
    assert f'id="id_{name}_error"' in response.text
    assert len(response.context["page"].runs) == 1


def test_pages_go_on_where_the_last_one_ended_in_both_directions(reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    for number in range(5):
        a_run(words=str(number))
    a_run(kind=Run.Kind.MERGE, words="another")

    def words(response) -> list[str]:
        return [row.run.words for row in response.context["page"].runs]

    first = reading.get(RUNS, {"kind": "import"})
    second = reading.get(first.context["older"])
    third = reading.get(second.context["older"])
    assert [words(first), words(second), words(third)] == [["4", "3"], ["2", "1"], ["0"]]
    assert (first.context["newer"], third.context["older"]) == ("", "")
    second_again = reading.get(third.context["newer"])
    first_again = reading.get(second_again.context["newer"])
    assert [words(second_again), words(first_again)] == [["2", "1"], ["4", "3"]]
    assert (first_again.context["newer"], bool(first_again.context["older"])) == ("", True)
    assert "No run is like this" in reading.get(RUNS, {"older_than": "0"}).text


def test_htmx_gets_the_list_alone(reading, db: None) -> None:
    a_run()
    part = reading.get(RUNS, headers={"HX-Request": "true", "HX-Target": "runs-list"})
    assert part.text.strip().startswith('<section id="runs-list"')
    assert "<html" not in part.text
    wrong = reading.get(f"{RUNS}?since=x", headers={"HX-Request": "true", "HX-Target": "runs-list"})
    assert "The list is not narrowed by it." in wrong.text


def test_nothing_yet_and_nothing_like_this_are_told_apart(reading, db: None) -> None:
    assert "Nobody has changed many contacts at once yet" in reading.get(RUNS).text
    narrowed = reading.get(RUNS, {"kind": "undo"}).text
    assert "No run is like this" in narrowed
    assert '<a class="button" href="/runs">Show all runs</a>' in narrowed


def test_it_costs_nine_queries_however_many_runs(client_of, aware, customer, marketer, operator) -> None:
    reading = client_of(operator)
    lost([contact_in(aware)], operator)
    reading.get(RUNS)
    # session, person, organisation, role; undos, stages, people; runs, who may undo them
    with assertNumQueries(9):
        assert len(rows(reading)) == 1
    undone(lost([contact_in(aware)], marketer), marketer)
    with assertNumQueries(9):
        assert len(rows(reading)) == 3
