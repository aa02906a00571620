"""Status history: every change of every contact, the newest first."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.book.actions import change_contact, erase_contacts
from journeys.history import queries
from journeys.runs.models import Run
from journeys.status.actions import change_status, mark_lost, put_back, recover
from journeys.status.models import LostReason, StatusChange
from stages.actions import change_stage
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in

HISTORY = "/status-history"
LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


def rows(client: Client, **asked: Any) -> list[queries.ChangeInWords]:
    response = client.get(HISTORY, asked)
    assert response.status_code == 200
    return response.context["page"].changes


def in_short(changes: Iterable[queries.ChangeInWords]) -> list[tuple[str, str, str]]:
    return [
        (change.contact.first_name if change.contact else "", str(change.start), str(change.end)) for change in changes
    ]


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def test_everybody_with_a_role_reads_it(client_of, viewer: TeamMember, client: Client) -> None:
    assert client_of(viewer).get(HISTORY).status_code == 200
    refused = client_of(TeamMemberFactory()).get(HISTORY)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text
    assert client.get(HISTORY)["Location"] == "/sign-in?next=/status-history"
    assert client_of(viewer).post(HISTORY).status_code == 405


def test_the_newest_is_first_by_the_date_it_happened(reading, aware, customer, operator, marketer) -> None:
    ana = contact_in(aware, since=LONG_AGO, first_name="Ana", by=marketer, cause=Cause.IMPORT)
    bo = contact_in(customer, since=LONG_AGO - timedelta(days=9), first_name="Bo")
    change_status(contacts=[ana.pk], to=customer, cause=Cause.MANUAL, by=operator, note="She bought.")

    shown = rows(reading)

    assert in_short(shown) == [
        ("Ana", "Aware", "Customer"),
        ("Ana", "outside the book", "Aware"),
        ("Bo", "outside the book", "Customer"),
    ]
    assert [(change.by, change.cause, str(change.note or "")) for change in shown] == [
        (operator, Cause.MANUAL, "She bought."),
        (marketer, Cause.IMPORT, ""),
        (None, Cause.MANUAL, ""),
    ]
    page = reading.get(HISTORY).text
    assert page.count(f'href="/contacts/{ana.pk}"') == 2
    assert page.count(f'href="/contacts/{bo.pk}"') == 1
    assert "“She bought.”" in page or "She bought." in page
    assert 'title="3 Mar 2025, 12:00:00 UTC"' in page
    assert "recorded" in page


def test_lost_says_from_where_and_why_and_recovery_says_it_too(reading, customer: Stage, operator: TeamMember) -> None:
    bounced = LostReason.objects.get(name="Bounced")
    contact = contact_in(customer, first_name="Ana", by=operator)
    mark_lost(contacts=[contact.pk], reason=bounced, cause=Cause.MANUAL, by=operator)
    recover(contacts=[contact.pk], cause=Cause.MANUAL, by=operator)

    recovered, lost, _ = rows(reading)

    assert (str(lost.start), str(lost.end), lost.end.lost_reason) == ("Customer", "lost from Customer", "Bounced")
    assert (str(recovered.start), recovered.start.lost_reason, str(recovered.end)) == (
        "lost from Customer",
        "Bounced",
        "Customer",
    )
    assert (lost.becomes_lost, lost.recovers, recovered.becomes_lost, recovered.recovers) == (True, False, False, True)


def test_a_stage_has_the_name_of_then_beside_that_of_now(reading, customer: Stage, marketer: TeamMember) -> None:
    contact = contact_in(customer, since=LONG_AGO)
    change_stage(stage=customer, fields={"name": "Client"}, by=marketer)
    mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=marketer)

    lost, born = rows(reading)

    assert (str(born.end), born.end.stage.name_now) == ("Customer", "Client")
    assert (str(lost.end), lost.end.stage.was_renamed) == ("lost from Client", False)
    assert reading.get(HISTORY).text.count('<small class="muted">now Client</small>') == 1


def test_a_run_is_named_and_an_unsigned_change_blames_nobody(reading, aware, customer, marketer) -> None:
    run = Run.objects.create(kind=Run.Kind.LABEL_RULE, words="everybody carrying purchased-q2", started_by=marketer)
    contact = contact_in(aware, by=marketer)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.LABEL_RULE, by=marketer, run=run)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journeys_funnelstatus SET stage_id = %s", [aware.pk])

    unsigned, by_run, _ = rows(reading)

    assert (by_run.run, by_run.by, by_run.cause) == (run, marketer, Cause.LABEL_RULE)
    assert (unsigned.is_unsigned, unsigned.by, unsigned.goes_back) == (True, None, True)
    page = reading.get(HISTORY).text
    assert f'Label rule · <a href="/runs/{run.pk}">run {run.pk}</a>: everybody carrying purchased-q2' in page
    assert "Nobody signed it" in page
    assert f"database user {unsigned.change.database_user}" in page


def test_an_erased_person_is_a_number_and_their_words_are_gone(reading, customer: Stage, administrator) -> None:
    contact = contact_in(customer, first_name="Ana")
    mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=administrator, note="Moved to Porto")
    erase_contacts(contacts=[contact.pk], by=administrator)

    response = reading.get(HISTORY)

    assert in_short(response.context["page"].changes) == [
        ("", "lost from Customer", "outside the book"),
        ("", "Customer", "lost from Customer"),
        ("", "outside the book", "Customer"),
    ]
    assert response.text.count(f"Erased contact {contact.pk}<") == 3
    assert "Porto" not in response.text
    assert "Ana<" not in response.text


@pytest.fixture
def story(aware: Stage, customer: Stage, operator: TeamMember, marketer: TeamMember) -> dict[str, int]:
    """One change of every sort, by its name."""
    ids: dict[str, int] = {}

    def remember(name: str) -> None:
        ids[name] = StatusChange.objects.latest("id").pk

    ana = contact_in(aware, since=LONG_AGO, cause=Cause.IMPORT, by=marketer)
    remember("born")
    change_status(contacts=[ana.pk], to=customer, cause=Cause.MANUAL, by=operator)
    remember("forward")
    change_status(contacts=[ana.pk], to=aware, cause=Cause.MANUAL, by=marketer)
    remember("back")
    put_back(changes=[ids["back"]], cause=Cause.UNDO, by=operator)
    remember("undo")
    mark_lost(contacts=[ana.pk], reason=None, cause=Cause.MANUAL, by=operator)
    remember("lost")
    recover(contacts=[ana.pk], cause=Cause.MANUAL, by=marketer)
    remember("recovered")
    change_contact(contact=ana, fields={"account_state": Contact.AccountState.INACTIVE}, by=operator)
    remember("inactive")
    erase_contacts(contacts=[ana.pk], by=marketer)
    remember("erased")
    none = contact_in(None, since=LONG_AGO + timedelta(days=1), cause=Cause.API)
    remember("none")
    mark_lost(contacts=[none.pk], reason=None, cause=Cause.API, by=None)
    remember("lost from none")
    return ids


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"what": "lost"}, "lost from none, inactive, lost"),
        ({"what": "recovered"}, "recovered"),
        ({"what": "new"}, "none, born"),
        ({"what": "erased"}, "erased"),
        ({"direction": "forward"}, "undo, forward"),
        ({"direction": "back"}, "back"),
        ({"direction": "level"}, ""),
        ({"cause": "undo"}, "undo"),
        ({"cause": "account_inactive"}, "inactive"),
        ({"person": "nobody"}, "lost from none, none"),
        ({"person": "marketer"}, "erased, recovered, back, born"),
        ({"person": "marketer", "what": "recovered"}, "recovered"),
        ({"start": "customer"}, "inactive, lost, back"),
        ({"end": "customer"}, "recovered, undo, forward"),
        ({"start": "customer-lost"}, "erased, recovered"),
        ({"end": "customer-lost"}, "inactive, lost"),
        ({"start": "aware", "end": "customer"}, "undo, forward"),
        ({"start": "outside"}, "none, born"),
        ({"end": "outside"}, "erased"),
        ({"start": "none"}, "lost from none"),
        ({"end": "none-lost"}, "lost from none"),
        ({"until": "2025-03-03"}, "born"),
        ({"since": "2025-03-03", "until": "2025-03-04"}, "none, born"),
        ({"since": "2025-03-04", "until": "2025-03-04"}, "none"),
        ({"since": "2025-03-05", "until": "2025-03-04"}, ""),
        ({"since": "", "person": "", "what": ""}, "all"),
    ],
)
def test_each_filter_finds_these_and_no_others(
    reading, story: dict[str, int], asked: dict, found: str, marketer, aware, customer
) -> None:
    numbers = {"marketer": marketer.pk, "customer": customer.pk, "aware": aware.pk}
    sent = {}
    for name, value in asked.items():
        word, dash, rest = value.partition("-")
        sent[name] = f"{numbers[word]}{dash}{rest}" if word in numbers else value
    names = {pk: name for name, pk in story.items()}
    shown = [names[change.pk] for change in rows(reading, **sent)]
    if found == "all":
        assert len(shown) == len(story)
    else:
        assert ", ".join(shown) == found


def test_days_are_those_of_the_organisation_not_of_the_reader(reading, customer: Stage, viewer: TeamMember) -> None:
    Organisation.objects.update(time_zone="Asia/Tokyo")
    TeamMember.objects.filter(pk=viewer.pk).update(time_zone="America/New_York")
    contact_in(customer, since=datetime(2025, 3, 3, 16, tzinfo=UTC))  # 4 March in Tokyo

    assert len(rows(reading, since="2025-03-04", until="2025-03-04")) == 1
    assert rows(reading, until="2025-03-03") == []
    page = reading.get(HISTORY).text
    assert "Days begin at midnight in Asia/Tokyo." in page
    assert 'title="3 Mar 2025, 11:00:00 EST"' in page


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("since", "yesterday", "Give a date such as 2026-05-03."),
        ("until", "2026-02-30", "Give a date such as 2026-05-03."),
        ("since", "0001-01-01", "Give a date between 1970 and 2200."),
        ("until", "9999-12-31", "Give a date between 1970 and 2200."),
        ("person", "99", "Select a valid choice."),
        ("start", "customer; drop", "Select a valid choice."),
        ("end", "9" * 40, "Select a valid choice."),
        ("cause", "magic", "Select a valid choice."),
        ("what", "all", "Select a valid choice."),
        ("direction", "up", "Select a valid choice."),
    ],
)
def test_a_wrong_value_has_its_error_beside_its_field_and_narrows_nothing(
    reading, customer: Stage, name: str, value: str, says: str
) -> None:
    contact_in(customer)
    response = reading.get(HISTORY, {name: value})

    assert response.status_code == 200
    assert says in response.context["filter"].form.errors[name][0]
    assert f'id="id_{name}_error"' in response.text
    assert len(response.context["page"].changes) == 1


def test_pages_go_on_where_the_last_one_ended_in_both_directions(
    reading, customer: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    same_moment = LONG_AGO + timedelta(days=1)
    for number in range(5):
        contact_in(customer, since=same_moment if number in (1, 2, 3) else LONG_AGO, first_name=str(number))

    def names(response) -> list[str]:
        return [change.contact.first_name for change in response.context["page"].changes]

    first = reading.get(HISTORY, {"what": "new"})
    second = reading.get(first.context["older"])
    third = reading.get(second.context["older"])
    assert [names(first), names(second), names(third)] == [["3", "2"], ["1", "4"], ["0"]]
    assert (first.context["newer"], third.context["older"]) == ("", "")
    assert all("what=new" in page.context["older"] for page in (first, second))

    second_again = reading.get(third.context["newer"])
    first_again = reading.get(second_again.context["newer"])
    assert [names(second_again), names(first_again)] == [["1", "4"], ["3", "2"]]
    assert first_again.context["newer"] == ""
    assert first_again.context["older"]


@pytest.mark.parametrize("bookmark", ["", "x", "1", "1.", "9" * 17 + ".1", "-" + "9" * 17 + ".1", "1.5.2", "9" * 99])
def test_a_bookmark_that_means_nothing_is_the_first_page_or_an_empty_one(reading, customer, bookmark: str) -> None:
    contact_in(customer)
    for name in ("older_than", "newer_than"):
        assert reading.get(HISTORY, {name: bookmark}).status_code == 200


def test_htmx_gets_the_list_alone(reading, customer: Stage) -> None:
    contact_in(customer)
    part = reading.get(HISTORY, headers={"HX-Request": "true", "HX-Target": "status-history-list"})
    assert part.text.strip().startswith('<section id="status-history-list"')
    assert "<html" not in part.text
    assert "<form" not in part.text

    wrong = reading.get(f"{HISTORY}?since=x", headers={"HX-Request": "true", "HX-Target": "status-history-list"})
    assert "The list is not narrowed by it." in wrong.text


def test_nothing_yet_and_nothing_like_this_are_told_apart(client_of, viewer, operator: TeamMember) -> None:
    assert "Nothing has happened yet" in client_of(viewer).get(HISTORY).text
    assert "/contacts/new" not in client_of(viewer).get(HISTORY).text
    assert "/contacts/new" in client_of(operator).get(HISTORY).text
    narrowed = client_of(viewer).get(HISTORY, {"what": "lost"}).text
    assert "No change is like this" in narrowed
    assert '<a class="button" href="/status-history">Show everything</a>' in narrowed


def test_it_costs_thirteen_queries_however_many_changes(reading, aware, customer, operator: TeamMember) -> None:
    run = Run.objects.create(kind=Run.Kind.BULK, words="some", started_by=operator)

    def one_more() -> None:
        contact = contact_in(aware, since=LONG_AGO)
        change_status(contacts=[contact.pk], to=customer, cause=Cause.BULK, by=operator, run=run, note="Because")

    one_more()
    reading.get(HISTORY, {"cause": "bulk"})
    # session, person, organisation, role; stages, people; changes; revisions, reasons, contacts, people, runs, notes
    with assertNumQueries(13):
        assert len(rows(reading, cause="bulk")) == 1
    one_more()
    one_more()
    with assertNumQueries(13):
        assert len(rows(reading, cause="bulk")) == 3


def test_reading_writes_nothing(reading, story: dict[str, int]) -> None:
    before = (StatusChange.objects.count(), Note.objects.count(), timezone.now())
    rows(reading, what="lost")
    assert (StatusChange.objects.count(), Note.objects.count()) == before[:2]
