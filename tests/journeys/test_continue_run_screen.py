"""A run that stopped before its end: its page says why, and Continue has it go on."""

import pytest
from django.utils import timezone

from contacts.causes import Cause
from journeys.runs import selections
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from tests.factories import contact_in
from tests.journeys.running import done, one_slice_of, started, undone


@pytest.fixture
def stopped(aware, customer, marketer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run over five contacts that moved two of them and stopped."""
    monkeypatch.setattr(selections, "SLICE", 2)
    operation = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    run = one_slice_of(started(operation, [contact_in(aware) for _ in range(5)], marketer))
    problem = "The disk of the database is full."
    Run.objects.filter(pk=run.pk).update(state="stopped", finished_at=timezone.now(), tries=6, problem=problem)
    run.refresh_from_db()
    return run


def test_the_page_says_why_and_offers_to_go_on(client_of, marketer, stopped: Run) -> None:
    page = client_of(marketer).get(f"/runs/{stopped.pk}")
    assert "Stopped before the end" in page.text
    assert "The disk of the database is full. It was tried 6 times. What was done before stays." in page.text
    assert f'action="/runs/{stopped.pk}/continue"' in page.text
    assert [str(term) for term in page.context["terms"]] == ["2 moved", "0 unchanged", "0 refused", "3 to go"]


def test_it_goes_on(client_of, administrator, stopped: Run) -> None:
    response = client_of(administrator).post(f"/runs/{stopped.pk}/continue", follow=True)
    assert response.redirect_chain == [(f"/runs/{stopped.pk}", 302)]
    assert f"Run {stopped.pk} goes on." in response.text
    assert "Stopped" not in response.text
    run = done(stopped)
    assert (run.state, run.updated) == ("finished", 5)


def test_a_pause_after_a_failure_is_said(client_of, viewer, stopped: Run) -> None:
    Run.objects.filter(pk=stopped.pk).update(
        state="running", finished_at=None, tries=2, next_try_at=timezone.now(), records=20_000
    )
    page = client_of(viewer).get(f"/runs/{stopped.pk}")
    assert "Waiting for a worker" in page.text
    Run.objects.filter(pk=stopped.pk).update(records=5)
    page = client_of(viewer).get(f"/runs/{stopped.pk}")
    assert "It did not get on: it is tried again at " in page.text
    assert "The disk of the database is full. That was try 2 of 6; then the run stops." in page.text


def test_what_is_undone_is_not_continued(client_of, marketer, stopped: Run) -> None:
    undone(stopped, marketer)
    client = client_of(marketer)
    assert f"/runs/{stopped.pk}/continue" not in client.get(f"/runs/{stopped.pk}").text
    response = client.post(f"/runs/{stopped.pk}/continue", follow=True)
    assert "Nothing was continued: there is nothing left that this run could do." in response.text
    stopped.refresh_from_db()
    assert (stopped.state, stopped.updated) == ("stopped", 2)


def test_it_needs_the_role_that_may_start_such_a_run(client_of, viewer, operator, stopped: Run) -> None:
    for member, needed in ((viewer, "Operator"), (operator, "Marketer")):
        assert f"/runs/{stopped.pk}/continue" not in client_of(member).get(f"/runs/{stopped.pk}").text
        response = client_of(member).post(f"/runs/{stopped.pk}/continue")
        assert response.status_code == 403
        assert f"This needs the role {needed}." in response.text
    stopped.refresh_from_db()
    assert stopped.state == "stopped"


def test_a_get_continues_nothing_and_no_such_run_is_404(client_of, marketer, stopped: Run) -> None:
    client = client_of(marketer)
    assert client.get(f"/runs/{stopped.pk}/continue").status_code == 405
    assert client.post("/runs/0/continue").status_code == 404
    stopped.refresh_from_db()
    assert stopped.state == "stopped"
