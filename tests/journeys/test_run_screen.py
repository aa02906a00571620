"""A run: who did what to how many, how far it is, and what became of each contact."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import new_contact_ids, put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.book import actions as book
from journeys.runs import actions, outcomes, selections
from journeys.runs.models import Run, RunOutcome, RunSlice
from journeys.runs.operations import Act, Operation
from journeys.status import actions as status
from stages.models import Stage
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.journeys.running import a_worker_is_up, done, lost, moved, one_slice_of, started, undone

ClientOf = Callable[[TeamMember], Client]
POLL = {"HX-Request": "true", "HX-Target": "run-progress"}


def to(stage: Stage) -> Operation:
    return Operation(Act.CHANGE_STATUS, Cause.BULK, stage=stage.pk)


def address(run: Run) -> str:
    return f"/runs/{run.pk}"


def plain(response: HttpResponse) -> str:
    """The text of a page with one space between words."""
    return " ".join(response.text.split())


def contacts_of(response: HttpResponse) -> list[int]:
    return [row.contact_id for row in response.context["page"].rows]


def choices(response: HttpResponse) -> list[tuple[str, str, int | None]]:
    return [(count.code, count.words, count.count) for count in response.context["counts"]]


def pks(contacts: Sequence[Contact]) -> list[int]:
    return [contact.pk for contact in contacts]


@pytest.fixture
def reading(client_of: ClientOf, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture
def slices_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selections, "SLICE", 2)


def test_everybody_with_a_role_reads_it(client_of, viewer, client: Client, aware, customer, marketer) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    assert client_of(viewer).get(address(run)).status_code == 200
    assert client_of(TeamMemberFactory()).get(address(run)).status_code == 403
    assert client.get(address(run))["Location"] == f"/sign-in?next=/runs/{run.pk}"
    assert client_of(viewer).post(address(run)).status_code == 405
    assert client_of(viewer).get("/runs/0").status_code == 404


def test_it_says_who_did_what_and_that_the_numbers_add_up(reading, aware, customer, promoter, marketer) -> None:
    people = [
        contact_in(aware),
        contact_in(promoter),
        contact_in(customer),
        contact_in(aware, account_state="inactive"),
    ]
    run = done(started(to(customer), people, marketer, note="Q2 is over"))
    Run.objects.update(finished_at=run.started_at + timedelta(seconds=12))

    response = reading.get(address(run))

    page = plain(response)
    assert "<h1>4 contacts → Customer <small>run " in page
    assert "Bulk change, started by <strong>Max Weber</strong> on" in page
    assert '<p class="move-note run-note">Q2 is over</p>' in page
    assert "<strong>Finished after 12 seconds.</strong>" in page
    terms = response.context["terms"]
    assert [str(term) for term in terms] == ["2 moved", "1 unchanged", "1 refused"]
    assert '<b>2</b> moved</span> <span class="sign">+</span>' in page
    assert '<span class="sign">=</span> <b>4 contacts</b>' in page
    assert sum(term.count for term in terms) == 4
    assert "Of those moved, 1 forward, 1 back." in page
    assert 'hx-trigger="every 1s"' not in page


def test_each_outcome_opens_its_contacts(reading, aware, customer, promoter, marketer) -> None:
    people = [contact_in(aware, first_name="Ana"), contact_in(promoter), contact_in(customer, first_name="Bo")]
    inactive = contact_in(aware, account_state="inactive", first_name="Cy", last_name="Reis")
    run = moved([*people, inactive], customer, marketer)

    first = reading.get(address(run))
    assert choices(first) == [
        ("changed", "Moved", 2),
        ("unchanged", "Unchanged", 1),
        ("account_inactive", "The account is inactive", 1),
    ]
    assert contacts_of(first) == pks(people[:2])
    assert plain(first).count('<span class="badge ">Back</span>') == 1
    for code in ("changed", "unchanged", "account_inactive"):
        assert f'href="/runs/{run.pk}?outcome={code}"' in first.text

    unchanged = reading.get(address(run), {"outcome": "unchanged"})
    assert contacts_of(unchanged) == [people[2].pk]
    refused = reading.get(address(run), {"outcome": "account_inactive"})
    assert contacts_of(refused) == [inactive.pk]
    page = plain(refused)
    assert f'<a class="name" href="/contacts/{inactive.pk}">Cy Reis</a>' in page
    assert "<td>The account is inactive.</td>" in page
    assert "Lost from</span>" in page  # where Cy stands now
    assert "Ana" not in page.split("run-outcomes")[1]


@pytest.mark.parametrize("asked", ["magic", "closed_stage", "9" * 40, "run_cancelled"])
def test_an_outcome_that_nobody_has_is_said_and_narrows_nothing(reading, aware, customer, marketer, asked) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    response = reading.get(address(run), {"outcome": asked})
    assert response.status_code == 200
    assert response.context["chosen"].code == "changed"
    assert "No contact of this run has the outcome that the address asks for." in response.text
    assert "No contact of this run" not in reading.get(address(run)).text


# Who or what was first


def test_of_who_was_changed_meanwhile_it_says_by_whom(reading, aware, engaged, promoter, customer, marketer, operator):
    first, second = contact_in(aware), contact_in(aware)
    run = started(to(customer), [first, second], marketer)
    status.change_status(contacts=[first.pk], to=engaged, cause=Cause.MANUAL, by=operator)
    status.change_status(contacts=[second.pk], to=engaged, cause=Cause.API, by=None)
    run = done(run)
    status.change_status(contacts=[first.pk], to=promoter, cause=Cause.MANUAL, by=marketer)  # long after

    response = reading.get(address(run))

    assert choices(response) == [
        ("changed", "Moved", 0),
        ("changed_meanwhile", "Somebody changed this contact meanwhile", 2),
    ]
    by_hand, by_api = (row.reason for row in response.context["page"].rows)
    assert by_hand.startswith(("Changed at ", "Changed on "))
    assert by_hand.endswith(" by Olga Petrova: Aware → Engaged.")
    assert by_api.endswith(" (API): Aware → Engaged.")
    assert " by Olga Petrova: Aware → Engaged." in response.text
    assert "Max Weber: Engaged" not in response.text


def test_an_undo_says_what_moved_those_it_left(reading, aware, engaged, customer, marketer, operator) -> None:
    people = [contact_in(aware), contact_in(aware)]
    run = moved(people, customer, marketer)
    status.change_status(contacts=[people[0].pk], to=engaged, cause=Cause.MANUAL, by=operator)
    undo = undone(run, marketer)
    response = reading.get(address(undo), {"outcome": "moved_since"})
    assert [row.reason.partition(" by ")[2] for row in response.context["page"].rows] == [
        "Olga Petrova: Customer → Engaged."
    ]
    assert f'It puts back what <a href="/runs/{run.pk}">run {run.pk}</a> did.' in plain(response)
    back = reading.get(address(undo))
    assert contacts_of(back) == [people[1].pk]
    assert choices(back)[0] == ("changed", "Put back", 1)


def test_an_undo_of_labels_says_who_changed_them_since(reading, aware, marketer, operator) -> None:
    label = LabelFactory(name="vip")
    taken, again, inactive = contact_in(aware), contact_in(aware), contact_in(aware)
    put = Operation(Act.PUT_ON_LABEL, Cause.BULK, label=label.pk)
    run = done(started(put, [taken, again], marketer))
    for one in (taken, again):
        CarriedLabel.objects.filter(contact=one).update(taken_off=True, by=operator, cause=Cause.MANUAL, run_id=None)
        CarriedLabel.objects.filter(contact=one).delete()
    put_on_label(contacts=[again.pk], label=label, by=None, cause=Cause.API)
    undo = undone(run, marketer)
    rows = reading.get(address(undo), {"outcome": "changed_since"}).context["page"].rows
    reasons = {row.contact_id: row.reason for row in rows}
    assert reasons[taken.pk].startswith("The label was taken off ")
    assert reasons[taken.pk].endswith(" by Olga Petrova.")
    assert reasons[again.pk].startswith("The label was put on ")
    assert reasons[again.pk].endswith(" (API).")

    off = done(started(Operation(Act.DEACTIVATE, Cause.BULK), [inactive], marketer))
    book.activate_accounts(contacts=[inactive.pk], by=operator)
    rows = reading.get(address(undone(off, marketer))).context["page"].rows
    assert [row.reason for row in rows] == ["It was changed since by something else."]


def test_labels_and_accounts_are_listed_though_nobody_moved(reading, aware, marketer) -> None:
    put = Operation(Act.PUT_ON_LABEL, Cause.BULK, label=LabelFactory(name="vip").pk)
    people = [contact_in(aware), contact_in(aware)]
    run = done(started(put, people, marketer))
    response = reading.get(address(run))
    assert choices(response) == [("changed", "Changed", 2)]
    assert contacts_of(response) == pks(people)


def test_an_erased_contact_is_a_number(client_of, marketer, administrator, aware, customer) -> None:
    gone, there = contact_in(aware, first_name="Ana"), contact_in(customer, first_name="Bo")
    run = moved([gone, there], customer, marketer)
    book.erase_contacts(contacts=[gone.pk, there.pk], by=administrator)
    for code, contact in (("changed", gone), ("unchanged", there)):
        page = plain(client_of(marketer).get(address(run), {"outcome": code}))
        assert f"Erased contact {contact.pk}<" in page
        assert "No longer in the book" in page
        assert f'href="/contacts/{contact.pk}"' not in page
        assert "Ana" not in page and "Bo " not in page


# Page by page


def walk(client: Client, run: Run, **asked: str) -> tuple[list[list[int]], list[list[int]]]:
    """The contacts of each page, there and back."""
    response = client.get(address(run), asked)
    there = [contacts_of(response)]
    while following := response.context["next"]:
        response = client.get(following)
        there.append(contacts_of(response))
    back = [contacts_of(response)]
    while previous := response.context["previous"]:
        response = client.get(previous)
        back.append(contacts_of(response))
    return there, back[::-1]


def test_moves_are_read_page_by_page_in_both_directions(reading, slices_of_two, aware, customer, marketer, monkeypatch):
    monkeypatch.setattr(outcomes, "PAGE", 2)
    people = [contact_in(aware) for _ in range(5)]
    run = moved(people, customer, marketer)
    order = sorted(pks(people))
    there, back = walk(reading, run)
    assert there == back == [order[:2], order[2:4], order[4:]]


def test_other_outcomes_are_read_page_by_page_across_slices(
    reading, slices_of_two, aware, customer, marketer, monkeypatch
) -> None:
    monkeypatch.setattr(outcomes, "PAGE", 3)
    people = [contact_in(customer if number not in (2, 5) else aware) for number in range(9)]
    run = moved(people, customer, marketer)
    unchanged = [person.pk for number, person in enumerate(people) if number not in (2, 5)]
    assert RunOutcome.objects.filter(run=run, code="unchanged").count() == 5
    there, back = walk(reading, run, outcome="unchanged")
    assert there == back == [unchanged[:3], unchanged[3:6], unchanged[6:]]


@pytest.mark.parametrize("place", ["", "x", "1", "1.", "-1.2", "9" * 10 + ".1", "1." + "9" * 19, "9" * 99])
def test_a_place_that_means_nothing_is_the_first_page(reading, aware, customer, marketer, place: str) -> None:
    people = [contact_in(aware), contact_in(customer)]
    run = moved(people, customer, marketer)
    for name in ("before", "after"):
        for code, person in zip(("changed", "unchanged"), people, strict=True):
            response = reading.get(address(run), {name: place, "outcome": code})
            assert (response.status_code, contacts_of(response)) == (200, [person.pk])


def test_a_page_beyond_the_end_says_so(reading, aware, customer, marketer) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    assert "Nobody is further on" in reading.get(address(run), {"after": "999999999.999999999999999999"}).text


def test_htmx_gets_the_contacts_alone(reading, aware, customer, marketer) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    part = reading.get(address(run), headers={"HX-Request": "true", "HX-Target": "run-outcomes"})
    assert part.text.strip().startswith('<section id="run-outcomes"')
    assert "<html" not in part.text
    assert "hx-swap-oob" not in part.text


# Progress


def test_while_it_goes_on_the_page_asks_again_and_can_be_reloaded(
    client_of, slices_of_two, aware, customer, marketer
) -> None:
    people = [contact_in(aware) for _ in range(5)]
    run = one_slice_of(started(to(customer), people, marketer))
    a_worker_is_up()
    response = client_of(marketer).get(address(run))
    page = plain(response)
    assert f'hx-get="/runs/{run.pk}?seen=2-' in page
    assert 'hx-trigger="every 1s"' in page
    assert '<progress value="2" max="5"' in page
    assert f'<a href="/runs/{run.pk}">Reload</a>' in page
    assert [str(term) for term in response.context["terms"]] == ["2 moved", "0 unchanged", "0 refused", "3 to go"]
    assert contacts_of(response) == pks(people[:2])
    assert "Contacts so far" in page
    assert f'action="/runs/{run.pk}/cancel"' in page
    assert f'action="/runs/{run.pk}/undo"' not in page


def test_what_is_asked_for_again_is_the_progress_alone(client_of, slices_of_two, aware, customer, marketer) -> None:
    run = one_slice_of(started(to(customer), [contact_in(aware) for _ in range(5)], marketer))
    client = client_of(marketer)
    seen = client.get(address(run)).context["seen"]
    part = client.get(address(run), {"seen": str(seen)}, headers=POLL)
    assert part.text.strip().startswith('<section id="run-progress"')
    assert "run-outcomes" not in part.text and "run-actions" not in part.text
    assert part.context["pace"] is None  # nothing was done since
    one_slice_of(run)
    part = client.get(address(run), {"seen": str(seen)}, headers=POLL)
    assert part.context["pace"].per_second > 0
    assert f"?seen={seen}" in part.text
    assert " a second, about " in part.text


def test_at_its_end_it_stops_asking_and_brings_all_there_is(
    client_of, slices_of_two, aware, customer, marketer
) -> None:
    people = [*(contact_in(aware) for _ in range(3)), contact_in(customer)]
    run = one_slice_of(started(to(customer), people, marketer))
    client = client_of(marketer)
    client.get(address(run))
    done(run)
    on_screen = {"HX-Current-URL": f"http://testserver/runs/{run.pk}?outcome=unchanged"}
    part = client.get(address(run), headers={**POLL, **on_screen})
    page = plain(part)
    assert "every 1s" not in page
    assert '<div id="run-actions" hx-swap-oob="true">' in page
    assert f'action="/runs/{run.pk}/undo"' in page
    assert 'hx-swap-oob="true">' in page.split('<section id="run-outcomes"')[1].split("<div")[0]
    assert contacts_of(part) == [people[3].pk]
    assert "Finished: 3 moved, 1 unchanged." in page
    assert "Finished: 3 moved" not in client.get(address(run)).text
    broken = client.get(address(run), headers={**POLL, "HX-Current-URL": "http://[x"})
    assert contacts_of(broken) == pks(people[:3])


def test_without_a_worker_it_says_since_when_it_waits(reading, slices_of_two, aware, customer, marketer, monkeypatch):
    run = one_slice_of(started(to(customer), [contact_in(aware) for _ in range(5)], marketer))
    since = timezone.now() - timedelta(minutes=8)
    Run.objects.update(progressed_at=since)
    waits = "Waiting for a worker since "
    a_worker_is_up(seconds_ago=31)
    page = plain(reading.get(address(run)))
    assert f"{waits}" in page
    assert f"{timezone.localtime(since):%H:%M}.</strong>" in page
    assert "<progress" not in page
    a_worker_is_up(seconds_ago=20)
    page = plain(reading.get(address(run)))
    assert waits not in page
    assert "<progress" in page


def test_a_small_run_just_begun_waits_for_nobody(reading, slices_of_two, aware, customer, marketer, monkeypatch):
    run = started(to(customer), [contact_in(aware)], marketer)
    assert "Waiting for a worker" not in reading.get(address(run)).text
    monkeypatch.setattr("journeys.runs.progress.SMALL", 0)
    assert "Waiting for a worker since" in reading.get(address(run)).text
    done(run)
    assert "Waiting for a worker" not in reading.get(address(run)).text


def test_a_cancelled_run_says_who_stopped_it_and_whom_it_left(
    client_of, slices_of_two, aware, customer, marketer, administrator
) -> None:
    people = [contact_in(aware) for _ in range(3)]
    run = one_slice_of(started(to(customer), people, marketer))
    actions.cancel_run(run=run, by=administrator)
    response = client_of(marketer).get(address(run))
    assert "Cancelled by Ana Silva after " in response.text
    assert choices(response) == [
        ("changed", "Moved", 2),
        ("run_cancelled", "The run was cancelled before it came to this contact", 1),
    ]
    assert f'action="/runs/{run.pk}/undo"' in response.text


def test_cancel_and_undo_are_for_those_who_may_start_such_a_run(
    client_of, slices_of_two, viewer, operator, marketer, aware, customer
) -> None:
    going = started(to(customer), [contact_in(aware)], marketer)
    losing, moving = lost([contact_in(aware)], marketer), moved([contact_in(aware)], customer, marketer)

    def offered(member: TeamMember) -> list[bool]:
        client = client_of(member)
        forms = [(going, "cancel"), (losing, "undo"), (moving, "undo")]
        return [f'action="/runs/{run.pk}/{act}"' in client.get(address(run)).text for run, act in forms]

    assert offered(viewer) == [False, False, False]
    assert offered(operator) == [False, True, False]
    assert offered(marketer) == [True, True, True]


def test_an_undone_run_says_by_which_and_offers_no_second_undo(client_of, marketer, aware, customer) -> None:
    run = moved([contact_in(aware)], customer, marketer)
    undo = undone(run, marketer)
    client = client_of(marketer)
    page = plain(client.get(address(run)))
    assert f'Undone by <a href="/runs/{undo.pk}">run {undo.pk}</a> on <time' in page
    assert f'action="/runs/{run.pk}/undo"' not in page
    assert f'action="/runs/{undo.pk}/undo"' in client.get(address(undo)).text
    redo = undone(undo, marketer)
    page = plain(client.get(address(run)))
    assert f', which was undone by <a href="/runs/{redo.pk}">run {redo.pk}</a>' in page
    assert f'action="/runs/{run.pk}/undo"' not in page


# Imports


def test_an_import_shows_what_the_history_knows(client_of, marketer, customer) -> None:
    run = Run.objects.create(
        kind=Run.Kind.IMPORT,
        words="Import leads.csv",
        started_by=marketer,
        state=Run.State.STOPPED,
        finished_at=timezone.now() + timedelta(seconds=4),
        records=3,
        created=1,
        refused=2,
    )
    number = a_new_contact_of(run, customer, marketer)
    response = client_of(marketer).get(address(run))
    page = plain(response)
    assert "<strong>Stopped before the end, after 4 seconds.</strong>" in page
    assert [str(term) for term in response.context["terms"]] == ["1 new", "0 changed", "0 unchanged", "2 refused"]
    assert "<b>3 rows</b>" in page
    assert (choices(response), contacts_of(response)) == ([("changed", "New or moved", None)], [number])
    assert '<span class="muted">New in the book</span>' in page
    assert f'action="/runs/{run.pk}/undo"' not in page


def a_new_contact_of(run: Run, stage: Stage, by: TeamMember) -> int:
    ids = list(new_contact_ids(1))
    status.enter_book(contacts=ids, to=stage, cause=Cause.IMPORT, by=by, run=run)
    return Contact.objects.create(pk=ids[0], first_name="Nia").pk


def test_an_import_that_moved_nobody_says_what_is_not_listed(reading, db: None) -> None:
    run = Run.objects.create(kind=Run.Kind.IMPORT, words="Import", records=1, updated=1, state="finished")
    page = plain(reading.get(address(run)))
    assert "It moved nobody. Refused rows are listed with the import." in page
    assert "This run changed and refused nobody." not in page


def test_an_import_under_way_says_when_it_was_heard_of(reading, db: None) -> None:
    run = Run.objects.create(kind=Run.Kind.IMPORT, words="Import leads.csv", records=40, created=40)
    page = plain(reading.get(address(run)))
    assert "<strong>Importing.</strong> Last heard of <time" in page
    assert "Waiting for a worker" not in page
    assert "/cancel" not in page


# What it costs


def test_it_costs_the_same_however_many_contacts(reading, aware, customer, engaged, marketer, operator) -> None:
    def read(run: Run, **asked: Any) -> int:
        return len(contacts_of(reading.get(address(run), asked)))

    def run_over(count: int) -> Run:
        run = started(to(customer), [contact_in(aware) for _ in range(2 * count)], marketer)
        refused = RunSlice.objects.get(run=run, number=0).contacts[:count]
        status.change_status(contacts=refused, to=engaged, cause=Cause.MANUAL, by=operator)
        return done(run)

    one, three = run_over(1), run_over(3)
    read(one)
    # session, person, organisation, role; run, undos, retention; counts;
    # changes, statuses, revisions, reasons, contacts, people, runs
    with assertNumQueries(15):
        assert read(one) == 1
    with assertNumQueries(15):
        assert read(three) == 3
    # places, contacts, statuses; changes in the way, revisions, reasons, contacts, people
    with assertNumQueries(16):
        assert read(one, outcome="changed_meanwhile") == 1
    with assertNumQueries(16):
        assert read(three, outcome="changed_meanwhile") == 3


def test_asking_again_costs_little(reading, slices_of_two, aware, customer, marketer) -> None:
    run = one_slice_of(started(to(customer), [contact_in(aware) for _ in range(3)], marketer))
    reading.get(address(run), headers=POLL)
    with assertNumQueries(6):  # session, person, organisation, role; run, undos
        reading.get(address(run), headers=POLL)
