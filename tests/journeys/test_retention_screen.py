"""How long the details of runs are kept: the setting, what is dropped, and what a run still says and can afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from procrastinate.contrib.django import app

from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.retention.actions import drop_details
from journeys.retention.tasks import drop_details as task
from journeys.rules.queries import funnel_settings
from journeys.runs import actions
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.runs.operations import Act, Operation
from journeys.status.models import StatusChange
from tests.factories import LabelFactory, contact_in
from tests.heart import status_of
from tests.journeys.running import done, moved, started, undone


def labelled(contacts: list[Contact], by) -> Run:
    return done(started(Operation(Act.PUT_ON_LABEL, Cause.BULK, label=LabelFactory().pk), contacts, by))


def ended(run: Run, *, days_ago: float) -> Run:
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=days_ago))
    return Run.objects.get(pk=run.pk)


def details_of(run: Run) -> tuple[int, int, int]:
    return tuple(model.objects.filter(run=run).count() for model in (RunSlice, RunOutcome, RunPreview))  # type: ignore[return-value]


# The setting


def test_it_is_ninety_days_until_somebody_says_otherwise(client_of, administrator) -> None:
    client = client_of(administrator)
    page = client.get("/settings/retention")
    assert page.status_code == 200
    assert page.context["form"]["days"].value() == 90
    response = client.post("/settings/retention", {"days": "30"}, follow=True)
    assert response.redirect_chain == [("/settings/retention", 302)]
    assert "Details of runs are kept for 30 days now." in response.text
    assert funnel_settings().details_kept_days == 30


@pytest.mark.parametrize(
    ("days", "error"),
    [
        ("", "Give a number of days."),
        ("soon", "Give a number of days, such as 90."),
        ("6", "Keep them for a week at least: until then, whoever did it can undo it."),
        ("-1", "Keep them for a week at least: until then, whoever did it can undo it."),
        ("3651", "Give 3,650 days at most: ten years."),
        ("9" * 40, "Give 3,650 days at most: ten years."),
    ],
)
def test_what_is_no_number_of_days_is_said(client_of, administrator, days: str, error: str) -> None:
    response = client_of(administrator).post("/settings/retention", {"days": days})
    assert response.status_code == 422
    assert response.context["form"].errors == {"days": [error]}
    assert funnel_settings().details_kept_days == 90


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_is_for_administrators(client_of, request, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    for response in (client.get("/settings/retention"), client.post("/settings/retention", {"days": "30"})):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert funnel_settings().details_kept_days == 90


# Dropping


def test_details_go_when_their_time_is_over_and_the_run_stays(aware, customer, marketer) -> None:
    old = ended(moved([contact_in(aware), contact_in(customer)], customer, marketer), days_ago=90.01)
    new = ended(moved([contact_in(aware), contact_in(customer)], customer, marketer), days_ago=89.99)
    assert details_of(old) == details_of(new) == (1, 1, 1)
    assert drop_details(by=None) == 1
    assert (details_of(old), details_of(new)) == ((0, 0, 0), (1, 1, 1))
    kept = Run.objects.get(pk=old.pk)
    assert (kept.updated, kept.unchanged, kept.records, kept.words) == (1, 1, 2, old.words)
    assert kept.details_dropped_at
    assert StatusChange.objects.filter(run=old).count() == 1
    assert drop_details(by=None) == 0


def test_a_run_that_goes_on_keeps_them(aware, customer, marketer) -> None:
    run = started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), [contact_in(aware)], marketer)
    Run.objects.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(days=400))
    assert drop_details(by=None) == 0
    assert details_of(run) == (1, 0, 1)


def test_a_stopped_run_is_not_continued_afterwards(client_of, aware, customer, marketer) -> None:
    run = started(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), [contact_in(aware)], marketer)
    Run.objects.filter(pk=run.pk).update(state="stopped")
    run = ended(run, days_ago=91)
    assert run.may_go_on
    assert drop_details(by=None) == 1
    assert not Run.objects.get(pk=run.pk).may_go_on
    with pytest.raises(actions.RunCannotGoOn):
        actions.continue_run(run=run, by=marketer)
    assert f"/runs/{run.pk}/continue" not in client_of(marketer).get(f"/runs/{run.pk}").text


def test_it_is_done_every_hour(aware, customer, marketer) -> None:
    (cron,) = [one.cron for one in app.periodic_registry.periodic_tasks.values() if one.task is task]
    assert cron == "37 * * * *"
    run = ended(moved([contact_in(aware)], customer, marketer), days_ago=91)
    task.func(timestamp=0)
    assert Run.objects.get(pk=run.pk).details_dropped_at


# What is said, and what can be undone


def test_moves_are_undone_for_good(client_of, aware, customer, marketer) -> None:
    people = [contact_in(aware), contact_in(customer)]
    run = ended(moved(people, customer, marketer), days_ago=89)
    client = client_of(marketer)
    until = date_format(run.finished_at + timedelta(days=90), "DATE_FORMAT")
    page = " ".join(client.get(f"/runs/{run.pk}").text.split())
    assert "Who was unchanged or refused, and why, is kept until <time" in page
    assert f">{until}</time>." in page
    run = ended(run, days_ago=91)
    drop_details(by=None)
    page = client.get(f"/runs/{run.pk}")
    assert "Who was unchanged or refused, and why, was kept until <time" in page.text
    assert "What it did is in the history for good." in page.text
    assert [row.contact_id for row in page.context["page"].rows] == [people[0].pk]
    assert f'action="/runs/{run.pk}/undo"' in page.text
    csv = b"".join(client.get(f"/runs/{run.pk}/outcomes.csv").streaming_content).decode()
    assert len(csv.splitlines()) == 2
    assert undone(Run.objects.get(pk=run.pk), marketer).updated == 1
    assert status_of(people[0].pk).stage == aware


def test_labels_are_undone_until_then(client_of, aware, marketer) -> None:
    person = contact_in(aware)
    run = ended(labelled([person], marketer), days_ago=89)
    client = client_of(marketer)
    page = client.get(f"/runs/{run.pk}").text
    assert "Whom it changed, who was refused, and why, is kept until <time" in page
    assert "until then it can be undone." in page
    assert f'action="/runs/{run.pk}/undo"' in page
    run = ended(run, days_ago=91)
    drop_details(by=None)
    page = client.get(f"/runs/{run.pk}").text
    assert "It cannot be undone any more." in page
    assert f'action="/runs/{run.pk}/undo"' not in page
    assert "changed and refused nobody" not in page
    response = client.post(f"/runs/{run.pk}/undo", follow=True)
    assert "Nothing was undone. Whom it changed is not kept any more." in response.text
    assert CarriedLabel.objects.filter(contact=person).count() == 1
    assert f"/runs/{run.pk}/undo" not in client.get("/runs").text


def test_accounts_too_and_the_undo_of_an_undo(client_of, aware, marketer) -> None:
    person = contact_in(aware)
    run = done(started(Operation(Act.DEACTIVATE, Cause.BULK), [person], marketer))
    undo = ended(undone(run, marketer), days_ago=91)
    ended(run, days_ago=91)
    drop_details(by=None)
    client = client_of(marketer)
    for one in (run, undo):
        response = client.post(f"/runs/{one.pk}/undo", follow=True)
        assert "Nothing was undone" in response.text
    assert Run.objects.count() == 2
    person.refresh_from_db()
    assert person.account_state == "active"


def test_an_undo_that_was_confirmed_before_still_knows_whom(aware, marketer) -> None:
    person = contact_in(aware)
    run = ended(labelled([person], marketer), days_ago=91)
    preview = actions.preview_undo(run=run, by=marketer)
    drop_details(by=None)
    assert done(actions.start_run(preview=preview, by=marketer)).updated == 1
    assert not CarriedLabel.objects.exists()
