"""Contact: the one sentence, the stages passed, labels, details and the history; roles and cost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.labels import queries as label_queries
from contacts.models import Attribute, Contact, Label
from journeys.history import queries as history_queries
from journeys.status import actions as status
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory, contact_in
from tests.journeys.running import moved

ClientOf = Callable[[TeamMember], Client]
START = datetime(2026, 1, 10, 9, tzinfo=UTC)


def move(contact: Contact, to: Stage | None, at: datetime, *, by: TeamMember | None, **more: Any) -> None:
    outcome = status.change_status(
        contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=by, dates={contact.pk: at}, back_allowed=True, **more
    )
    assert outcome.changed == [contact.pk]


def lose(contact: Contact, at: datetime, *, by: TeamMember | None, reason: str = "No answer") -> None:
    found = LostReason.objects.get(name=reason)
    status.mark_lost(contacts=[contact.pk], reason=found, cause=Cause.MANUAL, by=by, dates={contact.pk: at})


def address(contact: Contact) -> str:
    return f"/contacts/{contact.pk}"


@pytest.fixture
def travelled(aware: Stage, engaged: Stage, customer: Stage, operator: TeamMember) -> Contact:
    """In Aware for 10 days, in Engaged for 5, lost from it for 20, then in Customer."""
    contact = contact_in(aware, since=START, by=operator, first_name="Ida", last_name="Berg", email="ida@example.com")
    move(contact, engaged, START + timedelta(days=10), by=operator, note="Answered the newsletter")
    lose(contact, START + timedelta(days=15), by=operator)
    move(contact, customer, START + timedelta(days=35), by=operator)
    return contact


# Who may


def test_it_is_for_people_who_signed_in(client: Client, travelled: Contact) -> None:
    assert client.get(address(travelled))["Location"] == f"/sign-in?next=/contacts/{travelled.pk}"


def test_somebody_without_a_role_is_told_which_one_is_needed(client_of: ClientOf, travelled: Contact) -> None:
    refused = client_of(TeamMemberFactory()).get(address(travelled))
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text
    assert "Ida" not in refused.text


@pytest.mark.parametrize(
    ("role", "acts", "erases"),
    [
        ("viewer", False, False),
        ("operator", True, False),
        ("marketer", True, False),
        ("administrator", True, True),
    ],
)
def test_what_each_role_is_offered(
    request: Any, client_of: ClientOf, travelled: Contact, role: str, acts: bool, erases: bool
) -> None:
    label = LabelFactory()
    put_on_label(contacts=[travelled.pk], label=label, by=None, cause=Cause.MANUAL)
    LabelFactory()
    page = client_of(request.getfixturevalue(role)).get(address(travelled)).text
    for part in ("/edit", "/change-status", "/labels/put-on", "/labels/take-off", "/return"):
        assert (part in page) is acts, part
    assert ("/erase" in page) is erases


@pytest.mark.parametrize("pk", ["0", "999999", "99999999999999999999999999"])
def test_nobody_has_that_number(client_of: ClientOf, viewer: TeamMember, pk: str) -> None:
    assert client_of(viewer).get(f"/contacts/{pk}").status_code == 404


# Why it is here


def test_the_sentence_and_the_time_spent_in_each_stage(
    client_of: ClientOf, viewer: TeamMember, travelled: Contact
) -> None:
    context = client_of(viewer).get(address(travelled)).context
    assert context["story"].sentence == (
        "Customer since 14 Feb by hand (Olga Petrova); before that lost from Engaged for 20 days."
        if timezone.now().year == 2026
        else "Customer since 14 Feb 2026 by hand (Olga Petrova); before that lost from Engaged for 20 days."
    )
    here = (timezone.now() - (START + timedelta(days=35))).days
    assert [(step.stage.name, step.state, step.note, step.address) for step in context["steps"]] == [
        ("Aware", "passed", "10 days", ""),
        ("Engaged", "passed", "5 days", ""),
        ("Customer", "current", f"{here} days", ""),
        ("Loyal Customer", "ahead", "", ""),
        ("Promoter", "ahead", "", ""),
    ]


def test_choosing_a_stage_opens_the_change(
    client_of: ClientOf, operator: TeamMember, travelled: Contact, loyal: Stage, promoter: Stage
) -> None:
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    steps = client_of(operator).get(address(travelled)).context["steps"]
    chosen = {step.stage.name: step.address for step in steps}
    back = f"next=%2Fcontacts%2F{travelled.pk}"
    assert chosen["Loyal Customer"] == f"/contacts/{travelled.pk}/change-status?{back}&to={loyal.pk}"
    assert (chosen["Customer"], chosen["Promoter"]) == ("", "")


def test_a_lost_contact_can_be_recovered_by_choosing_its_stage(
    client_of: ClientOf, operator: TeamMember, customer: Stage
) -> None:
    contact = contact_in(customer, since=START)
    lose(contact, START + timedelta(days=3), by=operator, reason="Chose a competitor")
    context = client_of(operator).get(address(contact)).context
    assert "Lost from Customer since 13 Jan" in context["story"].sentence
    assert context["story"].sentence.endswith(": Chose a competitor; before that Customer for 3 days.")
    (here,) = [step for step in context["steps"] if step.stage == customer]
    assert (here.state, here.note) == ("current lost-here", "3 days")
    assert here.address.endswith(f"&to={customer.pk}")


def test_a_retired_stage_is_shown_to_whoever_is_still_there(
    client_of: ClientOf, operator: TeamMember, customer: Stage
) -> None:
    contact = contact_in(customer, lost=True)
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    steps = client_of(operator).get(address(contact)).context["steps"]
    assert [(step.stage.name, bool(step.address)) for step in steps] == [
        ("Aware", True),
        ("Engaged", True),
        ("Customer", False),
        ("Loyal Customer", True),
        ("Promoter", True),
    ]


# The history


def test_the_history_by_days_the_newest_first(client_of: ClientOf, viewer: TeamMember, travelled: Contact) -> None:
    days = client_of(viewer).get(address(travelled)).context["days"]
    assert [
        (day.isoformat(), [(str(row.change.start), str(row.change.end), row.is_latest) for row in rows])
        for day, rows in days
    ] == [
        ("2026-02-14", [("lost from Engaged", "Customer", True)]),
        ("2026-01-25", [("Engaged", "lost from Engaged", False)]),
        ("2026-01-20", [("Aware", "Engaged", False)]),
        ("2026-01-10", [("outside the book", "Aware", False)]),
    ]


def test_a_row_says_who_why_and_what_was_noted(client_of: ClientOf, viewer: TeamMember, travelled: Contact) -> None:
    page = client_of(viewer).get(address(travelled)).text
    assert "Olga Petrova, by hand" in page
    assert '<p class="move-note">Answered the newsletter</p>' in page
    assert 'title="20 Jan 2026, 09:00:00 UTC"' in page
    assert "New in the book" in page


def test_days_are_those_of_the_organisation(client_of: ClientOf, viewer: TeamMember, aware: Stage) -> None:
    Organisation.objects.update(time_zone="Asia/Tokyo")
    contact = contact_in(aware, since=datetime(2026, 1, 10, 20, tzinfo=UTC))
    response = client_of(viewer).get(address(contact))
    assert [day.isoformat() for day, _ in response.context["days"]] == ["2026-01-11"]
    assert "Days are those of Asia/Tokyo." in response.text


def test_a_stage_has_its_name_of_then(client_of: ClientOf, viewer: TeamMember, travelled: Contact) -> None:
    Stage.objects.filter(name="Engaged").update(name="Warm")
    page = client_of(viewer).get(address(travelled)).text
    assert '</svg>Engaged</span><small class="muted">now Warm</small>' in page
    assert "</svg>Warm</span>" in page  # the stage control, which is about now


def test_a_change_that_was_undone_is_marked(
    client_of: ClientOf, viewer: TeamMember, travelled: Contact, promoter: Stage, operator: TeamMember
) -> None:
    move(travelled, promoter, timezone.now(), by=operator)
    latest = StatusChange.objects.filter(contact=travelled).latest("pk")
    status.put_back(changes=[latest.pk], cause=Cause.UNDO, by=operator)
    response = client_of(viewer).get(address(travelled))
    rows = [row for _, day in response.context["days"] for row in day]
    assert [row.is_undone for row in rows] == [False, True, False, False, False, False]
    assert [step.state for step in response.context["steps"]][-1] == "ahead"
    assert "put back today at" in response.context["story"].sentence


def test_every_row_but_those_of_the_present_status_can_be_returned_to(
    client_of: ClientOf, operator: TeamMember, travelled: Contact, aware: Stage
) -> None:
    move(travelled, aware, timezone.now(), by=operator)
    response = client_of(operator).get(address(travelled))
    rows = [row for _, day in response.context["days"] for row in day]
    assert [(str(row.change.end), row.may_be_returned_to) for row in rows] == [
        ("Aware", False),
        ("Customer", True),
        ("lost from Engaged", True),
        ("Engaged", True),
        ("Aware", False),
    ]
    assert response.text.count('aria-label="Return to this status: lost from Engaged"') == 1
    assert f'name="signature" value="{travelled.status.signature}"' in response.text


def test_a_retired_stage_cannot_be_returned_to(client_of: ClientOf, operator: TeamMember, travelled: Contact) -> None:
    Stage.objects.filter(name="Aware").update(retired_at=timezone.now())
    rows = [row for _, day in client_of(operator).get(address(travelled)).context["days"] for row in day]
    assert [row.may_be_returned_to for row in rows] == [False, True, True, False]


def test_a_long_history_goes_on_page_by_page(
    monkeypatch: pytest.MonkeyPatch, client_of: ClientOf, viewer: TeamMember, travelled: Contact
) -> None:
    monkeypatch.setattr(history_queries, "PAGE", 3)
    client = client_of(viewer)
    first = client.get(address(travelled))
    assert [len(rows) for _, rows in first.context["days"]] == [1, 1, 1]
    assert "4 changes in all." in first.text
    second = client.get(first.context["older"].partition("#")[0])
    assert [str(row.change.end) for _, rows in second.context["days"] for row in rows] == ["Aware"]
    assert second.context["older"] == ""
    assert second.context["story"].sentence == first.context["story"].sentence
    assert "Back to the newest" in second.text


@pytest.mark.parametrize(
    "query",
    [
        "older_than=abc",
        "older_than=1.2.3",
        "older_than=99999999999999999999",
        "older_than=9999999999999999.999999999999999999",
        "history=labels&older_than=abc",
        "history=labels&older_than=99999999999999999999999",
        "history=nothing",
    ],
)
def test_a_made_up_address_is_answered(client_of: ClientOf, viewer: TeamMember, travelled: Contact, query: str) -> None:
    assert client_of(viewer).get(f"{address(travelled)}?{query}").status_code == 200


# Labels


def test_labels_say_who_put_them_on_and_when(
    client_of: ClientOf, viewer: TeamMember, operator: TeamMember, travelled: Contact
) -> None:
    put_on_label(contacts=[travelled.pk], label=LabelFactory(name="vip"), by=operator, cause=Cause.MANUAL)
    put_on_label(contacts=[travelled.pk], label=LabelFactory(name="Fair"), by=None, cause=Cause.IMPORT, run_id=41)
    response = client_of(viewer).get(address(travelled))
    assert [one.label.name for one in response.context["carried"]] == ["Fair", "vip"]
    text = " ".join(response.text.split())
    assert '<span class="carried-by">Olga Petrova, <time' in text
    assert '<span class="carried-by">import, <a href="/runs/41">run 41</a>, <time' in text
    history = " ".join(client_of(viewer).get(address(travelled), {"history": "labels"}).text.split())
    assert 'import, <a href="/runs/41">run 41</a></p>' in history


def test_a_run_that_moved_it_is_a_click_away(
    client_of: ClientOf, viewer: TeamMember, marketer: TeamMember, travelled: Contact, engaged: Stage
) -> None:
    run = moved([travelled], engaged, marketer)
    text = " ".join(client_of(viewer).get(address(travelled)).text.split())
    assert f'by bulk change (<a href="/runs/{run.pk}">run {run.pk}</a>, Max Weber); before that Customer' in text
    assert f'Max Weber, bulk change, <a href="/runs/{run.pk}">run {run.pk}</a></p>' in text
    move(travelled, None, timezone.now(), by=marketer)
    assert f">run {run.pk}</a>, Max Weber)" not in client_of(viewer).get(address(travelled)).text


def test_labels_put_on_and_taken_off_have_their_own_history(
    monkeypatch: pytest.MonkeyPatch, client_of: ClientOf, viewer: TeamMember, operator: TeamMember, travelled: Contact
) -> None:
    monkeypatch.setattr(label_queries, "PAGE", 2)
    vip, fair = LabelFactory(name="vip"), LabelFactory(name="fair")
    put_on_label(contacts=[travelled.pk], label=vip, by=operator, cause=Cause.MANUAL)
    put_on_label(contacts=[travelled.pk], label=fair, by=operator, cause=Cause.MANUAL)
    take_off_label(contacts=[travelled.pk], label=vip, by=operator, cause=Cause.MANUAL)
    client = client_of(viewer)

    first = client.get(address(travelled), {"history": "labels"})
    rows = [(str(row.label), row.change.put_on) for _, day in first.context["days"] for row in day]
    assert rows == [("vip", False), ("fair", True)]
    second = client.get(first.context["older"].partition("#")[0])
    assert [(str(row.label), row.change.put_on) for _, day in second.context["days"] for row in day] == [("vip", True)]
    assert second.context["older"] == ""
    assert "taken off" in first.text


def test_a_label_that_is_gone_is_still_a_row(
    client_of: ClientOf, viewer: TeamMember, operator: TeamMember, travelled: Contact
) -> None:
    label = LabelFactory(name="vip")
    put_on_label(contacts=[travelled.pk], label=label, by=operator, cause=Cause.MANUAL)
    take_off_label(contacts=[travelled.pk], label=label, by=operator, cause=Cause.MANUAL)
    Label.objects.all().delete()
    assert client_of(viewer).get(address(travelled), {"history": "labels"}).text.count("A label that is gone") == 2


def test_no_label_was_ever_put_on(client_of: ClientOf, viewer: TeamMember, travelled: Contact) -> None:
    page = client_of(viewer).get(address(travelled), {"history": "labels"}).text
    assert "No label was ever put on" in page
    assert "Carries no label." in page


# Details


def test_details_and_attributes_in_words(client_of: ClientOf, viewer: TeamMember) -> None:
    for position, (name, kind) in enumerate(
        [("Plan", "choice"), ("Seats", "number"), ("Renewal", "date"), ("VIP", "yes_no"), ("Remark", "text")]
    ):
        Attribute.objects.create(name=name, key=name.lower(), type=kind, position=position)
    contact = ContactFactory(
        city="Lisbon",
        country="Portugal",
        account_state="inactive",
        attributes={"plan": "Team", "seats": 1200, "renewal": "2026-05-03", "vip": False, "gone": "x"},
    )
    response = client_of(viewer).get(address(contact))
    assert [(str(attribute), value) for attribute, value in response.context["attributes"]] == [
        ("Plan", "Team"),
        ("Seats", "1,200"),
        ("Renewal", "3 May 2026"),
        ("VIP", "No"),
        ("Remark", ""),
    ]
    assert "Lisbon, Portugal" in response.text
    assert '<span class="badge lost">Inactive</span>' in response.text


@pytest.mark.parametrize("value", [["a"], {"b": 1}, "2026-99-99", 1.5, True, "", "<script>"])
@pytest.mark.parametrize("kind", Attribute.Type.values)
def test_a_value_of_another_type_is_shown_as_it_is(
    client_of: ClientOf, viewer: TeamMember, kind: str, value: Any
) -> None:
    Attribute.objects.create(name="Odd", key="odd", type=kind)
    contact = ContactFactory(attributes={"odd": value})
    response = client_of(viewer).get(address(contact))
    assert response.status_code == 200
    assert "<script>" not in response.text.replace("<script src", "")


def test_words_of_others_are_no_markup(client_of: ClientOf, viewer: TeamMember, aware: Stage) -> None:
    contact = contact_in(aware, first_name="<b>Bo</b>", last_name="&amp;", company="<i>")
    page = client_of(viewer).get(address(contact)).text
    assert "<b>Bo" not in page
    assert "&lt;b&gt;Bo&lt;/b&gt; &amp;amp;" in page


# htmx and cost


def test_htmx_gets_the_history_alone(client_of: ClientOf, viewer: TeamMember, travelled: Contact) -> None:
    headers = {"HX-Request": "true", "HX-Target": "contact-history"}
    part = client_of(viewer).get(address(travelled), headers=headers).text
    assert part.startswith('<section id="contact-history"')
    assert "<html" not in part


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_row_and_for_three(
    client_of: ClientOf, operator: TeamMember, aware: Stage, engaged: Stage, count: int
) -> None:
    contact = contact_in(aware, since=START, by=operator)
    for number in range(count):
        to = (engaged, aware)[number % 2]
        move(contact, to, START + timedelta(days=number), by=operator, note=f"Note {number}")
        put_on_label(contacts=[contact.pk], label=LabelFactory(), by=operator, cause=Cause.MANUAL)
    client = client_of(operator)
    client.get(address(contact))
    with assertNumQueries(19):
        # Session, person, organisation, role; contact, history in short, its last row, stages, labels on and not on,
        # attributes; a page of history with names of then, reasons, contacts, people, notes.
        client.get(address(contact))
