"""Cancelling a run: what it did stays, the rest is left as it was."""

import pytest

from contacts.causes import Cause
from journeys.runs import selections
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from tests.factories import contact_in
from tests.heart import status_of
from tests.journeys.running import done, one_slice_of, started


@pytest.fixture
def going(aware, customer, marketer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run over five contacts that moved two of them."""
    monkeypatch.setattr(selections, "SLICE", 2)
    operation = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    return one_slice_of(started(operation, [contact_in(aware) for _ in range(5)], marketer))


def test_it_stops_and_says_how_many_it_left(client_of, administrator, aware, going: Run) -> None:
    response = client_of(administrator).post(f"/runs/{going.pk}/cancel", follow=True)
    assert response.redirect_chain == [(f"/runs/{going.pk}", 302)]
    assert f"Run {going.pk} was cancelled. It left 3 contacts as they were." in response.text
    going.refresh_from_db()
    assert (going.state, going.cancelled_by, going.updated, going.refused) == ("cancelled", administrator, 2, 3)


def test_a_run_that_has_ended_is_not_cancelled(client_of, marketer, going: Run) -> None:
    done(going)
    response = client_of(marketer).post(f"/runs/{going.pk}/cancel", follow=True)
    assert "Nothing was cancelled: there is nothing left to stop." in response.text
    going.refresh_from_db()
    assert (going.state, going.cancelled_by, going.updated) == ("finished", None, 5)


def test_an_import_is_not_cancelled_here(client_of, marketer, db: None) -> None:
    run = Run.objects.create(kind=Run.Kind.IMPORT, words="Import leads.csv")
    response = client_of(marketer).post(f"/runs/{run.pk}/cancel", follow=True)
    assert "Nothing was cancelled" in response.text
    run.refresh_from_db()
    assert run.state == "running"


def test_it_needs_the_role_that_may_start_such_a_run(client_of, viewer, operator, aware, going: Run) -> None:
    for member, needed in ((viewer, "Operator"), (operator, "Marketer")):
        response = client_of(member).post(f"/runs/{going.pk}/cancel")
        assert response.status_code == 403
        assert f"This needs the role {needed}." in response.text
    going.refresh_from_db()
    assert going.is_running
    losing = started(Operation(Act.MARK_LOST, Cause.BULK), [contact_in(aware)], operator)
    assert client_of(operator).post(f"/runs/{losing.pk}/cancel").status_code == 302
    losing.refresh_from_db()
    assert losing.state == "cancelled"


def test_a_get_cancels_nothing_and_no_such_run_is_404(client_of, marketer, going: Run) -> None:
    client = client_of(marketer)
    assert client.get(f"/runs/{going.pk}/cancel").status_code == 405
    assert client.post("/runs/0/cancel").status_code == 404
    going.refresh_from_db()
    assert going.is_running


def test_who_was_left_is_where_they_were(client_of, marketer, aware, going: Run) -> None:
    client_of(marketer).post(f"/runs/{going.pk}/cancel")
    response = client_of(marketer).get(f"/runs/{going.pk}", {"outcome": "run_cancelled"})
    left = [row.contact for row in response.context["page"].rows]
    assert len(left) == 3
    assert {status_of(contact).stage for contact in left} == {aware}
