"""Undoing a run: first a preview of what goes back, then a run of its own."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from contacts.causes import Cause
from journeys.runs import actions, selections
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation
from journeys.status import actions as status
from journeys.status.models import StatusChange
from tests.factories import contact_in
from tests.heart import status_of
from tests.journeys.running import lost, moved, one_slice_of, started, undone


def undo(client: Client, run: Run, **sent: str):
    return client.post(f"/runs/{run.pk}/undo", sent, follow=True)


def sentence(response: HttpResponse) -> str:
    """What the preview says would happen."""
    return response.context["sentence"]


def test_it_shows_what_would_go_back_before_anything_does(client_of, marketer, operator, aware, engaged, customer):
    people = [contact_in(aware), contact_in(aware), contact_in(aware)]
    run = moved(people, customer, operator)
    status.change_status(contacts=[people[0].pk], to=engaged, cause=Cause.MANUAL, by=operator)
    before = StatusChange.objects.count()

    response = undo(client_of(marketer), run)

    preview = RunPreview.objects.latest("pk")
    assert response.redirect_chain == [(f"/previews/{preview.pk}?next=%2Fruns%2F{run.pk}", 302)]
    assert (preview.made_by, preview.records, preview.operation["run"]) == (marketer, 3, run.pk)
    assert "2 will go back" in sentence(response)
    assert "1 was moved since: 1 by hand." in sentence(response)
    assert (StatusChange.objects.count(), Run.objects.count()) == (before, 1)


def test_those_moved_since_can_be_put_back_too(client_of, marketer, operator, aware, engaged, customer) -> None:
    people = [contact_in(aware), contact_in(aware)]
    run = moved(people, customer, marketer)
    status.change_status(contacts=[people[0].pk], to=engaged, cause=Cause.MANUAL, by=operator)
    client = client_of(marketer)
    page = undo(client, run).text
    (again,) = re.findall(r'action="(/runs/\d+/undo)"', page)
    assert again == f"/runs/{run.pk}/undo"

    response = undo(client, run, also_moved_since="1")
    assert "2 will go back" in sentence(response)
    preview = RunPreview.objects.latest("pk")
    assert preview.operation["also_moved_since"] is True
    started_run = client.post(f"/previews/{preview.pk}/start", {"typed": "2"}, follow=True)
    run_of_undo = Run.objects.latest("pk")
    assert started_run.redirect_chain[-1][0] == f"/runs/{run_of_undo.pk}"
    assert (run_of_undo.undoes, run_of_undo.state, run_of_undo.updated) == (run, "finished", 2)
    assert [status_of(person).stage for person in people] == [aware, aware]


def test_an_undo_is_undone_in_the_same_way(client_of, marketer, aware, customer) -> None:
    contact = contact_in(aware)
    run = undone(moved([contact], customer, marketer), marketer)
    client = client_of(marketer)
    page = undo(client, run)
    assert "1 will go back" in sentence(page)
    client.post(f"/previews/{RunPreview.objects.latest('pk').pk}/start", {"typed": "1"})
    assert status_of(contact).stage == customer


def test_of_a_cancelled_undo_the_rest_can_be_put_back(client_of, marketer, aware, customer, monkeypatch) -> None:
    run = moved([contact_in(aware), contact_in(aware)], customer, marketer)
    monkeypatch.setattr(selections, "SLICE", 1)
    first = one_slice_of(actions.start_run(preview=actions.preview_undo(run=run, by=marketer), by=marketer))
    actions.cancel_run(run=first, by=marketer)
    client = client_of(marketer)
    assert "Undone in part by" in " ".join(client.get(f"/runs/{run.pk}").text.split())
    response = undo(client, run)
    assert "1 will go back" in sentence(response)
    assert "1 was moved since: 1 by undo." in sentence(response)


def why_not(client: Client, run: Run) -> str:
    made = RunPreview.objects.count()
    response = undo(client, run)
    assert response.redirect_chain == [(f"/runs/{run.pk}", 302)]
    assert RunPreview.objects.count() == made
    return response.text


def test_what_cannot_be_undone_says_why(client_of, marketer, aware, customer) -> None:
    client = client_of(marketer)
    run = moved([contact_in(aware)], customer, marketer)
    undo_run = undone(run, marketer)
    assert f"Nothing was undone. Run {undo_run.pk} undid this run already." in why_not(client, run)
    redo = undone(undo_run, marketer)
    says = why_not(client, run)
    assert f"Run {undo_run.pk} undid this run, and run {redo.pk} undid that one in turn." in says

    nobody = moved([contact_in(customer)], customer, marketer)
    assert "There is nothing that this run could put back" in why_not(client, nobody)
    imported = Run.objects.create(kind=Run.Kind.IMPORT, words="Import", state="finished", records=1, updated=1)
    assert "There is nothing that this run could put back" in why_not(client, imported)
    going = started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), [contact_in(aware)], marketer)
    assert "The run is still going on. Cancel it first." in why_not(client, going)


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_get_makes_no_preview(client_of, marketer, aware, customer, method: str) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    made = RunPreview.objects.count()
    assert getattr(client_of(marketer), method)(f"/runs/{run.pk}/undo").status_code == 405
    assert client_of(marketer).post("/runs/0/undo").status_code == 404
    assert RunPreview.objects.count() == made


def test_whoever_may_start_such_a_run_may_undo_anybodys(client_of, viewer, operator, marketer, aware, customer) -> None:
    losing, moving = lost([contact_in(aware)], marketer), moved([contact_in(aware)], customer, marketer)
    for member, run, needed in ((viewer, losing, "Operator"), (operator, moving, "Marketer")):
        response = client_of(member).post(f"/runs/{run.pk}/undo")
        assert response.status_code == 403
        assert f"This needs the role {needed}." in response.text
    assert client_of(operator).post(f"/runs/{losing.pk}/undo").status_code == 302
    undo_of_losing, undo_of_moving = undone(losing, marketer), undone(moving, marketer)
    assert client_of(operator).post(f"/runs/{undo_of_losing.pk}/undo").status_code == 302
    assert client_of(operator).post(f"/runs/{undo_of_moving.pk}/undo").status_code == 403
