"""What became of every contact of a run, as a file."""

import csv
from datetime import datetime

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book import actions as book
from journeys.cells import defused
from journeys.runs import outcomes
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.status import actions as status
from journeys.status.models import StatusChange
from tests.factories import LabelFactory, contact_in
from tests.journeys.running import done, moved, started


def rows(client: Client, run: Run) -> list[dict[str, str]]:
    response = client.get(f"/runs/{run.pk}/outcomes.csv")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="run-{run.pk}.csv"'
    assert response.streaming
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


def test_it_holds_everybody_and_what_became_of_them(client_of, marketer, operator, aware, engaged, customer) -> None:
    ana = contact_in(aware, first_name="Ana", last_name="Lee", email="ana@example.com", external_id="A-1")
    there, quick = contact_in(customer, first_name="Bo", email=None), contact_in(aware, email=None)
    run = started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), [ana, there, quick], marketer)
    status.change_status(contacts=[quick.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    run = done(run)
    TeamMember.objects.filter(pk=marketer.pk).update(time_zone="Asia/Tokyo")
    at = StatusChange.objects.get(run=run).changed_at

    moved_row, unchanged, refused = rows(client_of(marketer), run)

    assert moved_row == {
        "contact": str(ana.pk),
        "name": "Ana Lee",
        "e-mail": "ana@example.com",
        "external id": "A-1",
        "outcome": "changed",
        "reason": "",
        "from": "Aware",
        "to": "Customer",
        "changed at": moved_row["changed at"],
        "stands in now": "Customer",
    }
    assert moved_row["changed at"].endswith("+09:00")
    assert datetime.fromisoformat(moved_row["changed at"]) == at.replace(microsecond=0)
    assert (unchanged["contact"], unchanged["outcome"], unchanged["reason"]) == (str(there.pk), "unchanged", "")
    assert (refused["contact"], refused["outcome"], refused["to"]) == (str(quick.pk), "refused", "")
    assert refused["reason"].endswith(" by Olga Petrova: Aware → Engaged.")
    assert refused["stands in now"] == "Engaged"


def test_labels_are_listed_too(client_of, marketer, aware) -> None:
    contact = contact_in(aware)
    run = done(started(Operation(Act.PUT_ON_LABEL, Cause.BULK, label=LabelFactory().pk), [contact], marketer))
    (row,) = rows(client_of(marketer), run)
    assert (row["contact"], row["outcome"], row["from"], row["to"]) == (str(contact.pk), "changed", "", "")


def test_an_erased_contact_is_a_number_and_nothing_else(client_of, marketer, administrator, aware, customer) -> None:
    contact = contact_in(aware, first_name="Ana", email="ana@example.com")
    run = moved([contact], customer, marketer)
    book.erase_contacts(contacts=[contact.pk], by=administrator)
    (row,) = rows(client_of(marketer), run)
    assert (row["contact"], row["name"], row["e-mail"], row["external id"]) == (str(contact.pk), "", "", "")
    assert (row["from"], row["to"], row["stands in now"]) == ("Aware", "Customer", "")


@pytest.mark.parametrize("cell", ["=1+1", "+351", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(client_of, marketer, aware, customer, cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert defused("Ana = Bo + Cy") == "Ana = Bo + Cy"
    assert defused("") == ""
    contact = contact_in(aware)
    Contact.objects.filter(pk=contact.pk).update(external_id=f"{cell}Ana")
    run = moved([contact], customer, marketer)
    response = client_of(marketer).get(f"/runs/{run.pk}/outcomes.csv")
    text = b"".join(response.streaming_content).decode()
    assert f"'{cell}Ana" in text


def test_it_is_read_in_pieces(client_of, marketer, aware, customer, monkeypatch) -> None:
    monkeypatch.setattr(outcomes, "PIECE", 2)
    people = [contact_in(aware) for _ in range(5)] + [contact_in(customer) for _ in range(3)]
    run = moved(people, customer, marketer)
    pieces = [len(piece) for piece in outcomes.all_outcomes(run)]
    assert pieces == [2, 2, 1, 2, 1]
    found = rows(client_of(marketer), run)
    assert [int(row["contact"]) for row in found] == [person.pk for person in people]


def test_it_is_for_marketers(client_of, viewer, operator, marketer, aware, customer) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    link = f'href="/runs/{run.pk}/outcomes.csv"'
    for member in (viewer, operator):
        response = client_of(member).get(f"/runs/{run.pk}/outcomes.csv")
        assert response.status_code == 403
        assert "This needs the role Marketer." in response.text
        assert link not in client_of(member).get(f"/runs/{run.pk}").text
    assert link in client_of(marketer).get(f"/runs/{run.pk}").text
    assert client_of(marketer).post(f"/runs/{run.pk}/outcomes.csv").status_code == 405
    assert client_of(marketer).get("/runs/0/outcomes.csv").status_code == 404
