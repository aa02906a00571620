"""Contacts of the wire: what is sent, what is understood, lists, activity."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label, LabelChange
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.api.application import FORM, JSON, Application, error, form_pairs
from tests.factories import ContactFactory, LabelFactory, contact_in
from tests.heart import assert_explained, moves, status_of

MOMENT = "2026-02-13T16:11:07+00:00"


@pytest.fixture(params=[JSON, FORM])
def application(request: pytest.FixtureRequest, administrator: TeamMember) -> Application:
    return Application(administrator, encoding=request.param)


@pytest.fixture
def json_application(administrator: TeamMember) -> Application:
    return Application(administrator)


def tags(answer: dict[str, Any]) -> list[str]:
    return [tag["tag"] for tag in answer["contact"]["tags"]]


def all_fields(answer: dict[str, Any]) -> dict[str, Any]:
    return answer["contact"]["fields"]["all"]


# What is sent


def test_a_contact_as_it_is_sent(json_application: Application, customer: Stage, operator: TeamMember) -> None:
    Attribute.objects.create(name="Number of seats", key="number-of-seats", type="number")
    contact = contact_in(
        customer,
        lost=True,
        by=operator,
        email="ana@example.com",
        first_name="Ana",
        last_name="Lee",
        company="Acme",
        external_id="X-1",
        attributes={"number-of-seats": 7},
        last_open_at=datetime(2026, 2, 13, 16, 11, 7, tzinfo=UTC),
    )
    answer = json_application.get(f"/contacts/{contact.pk}").json()["contact"]
    assert answer["fields"]["core"]["firstname"] == {
        "id": 1,
        "label": "First name",
        "alias": "firstname",
        "type": "text",
        "group": "core",
        "object": "lead",
        "value": "Ana",
        "normalizedValue": "Ana",
    }
    assert answer["fields"]["core"]["number_of_seats"]["value"] == 7
    assert answer["fields"]["all"] == {
        "id": contact.pk,
        "firstname": "Ana",
        "lastname": "Lee",
        "email": "ana@example.com",
        "phone": None,
        "company": "Acme",
        "city": None,
        "country": None,
        "external_id": "X-1",
        "number_of_seats": 7,
    }
    assert answer["stage"] == {
        "id": customer.pk,
        "name": "Customer",
        "weight": 30,
        "description": "Contact has made a transaction.",
    }
    assert (answer["lost"], answer["account_state"], answer["points"]) == (True, "active", 0)
    assert (answer["lastActive"], answer["last_open_at"], answer["last_click_at"]) == (MOMENT, MOMENT, None)


def test_without_a_stage_it_is_null(json_application: Application) -> None:
    contact = contact_in(None)
    assert json_application.get(f"/contacts/{contact.pk}").json()["contact"]["stage"] is None


# What is understood


def test_a_new_contact_with_everything(application: Application, administrator: TeamMember, customer: Stage) -> None:
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["gold"])
    Attribute.objects.create(name="Is vip", key="is-vip", type="yes_no")
    said = {
        "firstname": "Bo",
        "lastname": "Berg",
        "email": "bo@example.com",
        "phone": "+47 1",
        "company": "Acme",
        "city": "Oslo",
        "country": "Norway",
        "external_id": "X-7",
        "plan": "gold",
        "is_vip": True,
        "tags": ["vip", "new"],
        "stage": customer.pk,
        "lastActive": MOMENT,
        "last_open_at": "2026-01-01 10:00",
        "unsubscribed_at": "2026-01-02T10:00:00+02:00",
        "unknown": "key",
        "id": 7,
    }
    response = application.post("/contacts/new", said)
    contact = Contact.objects.get()
    assert response.status_code == 201
    assert response["Location"] == f"/api/contacts/{contact.pk}"
    assert (contact.first_name, contact.phone, contact.external_id) == ("Bo", "+47 1", "X-7")
    assert contact.attributes == {"plan": "gold", "is-vip": True}
    assert tags(response.json()) == ["new", "vip"]
    answer = response.json()["contact"]
    assert (answer["lastActive"], answer["last_open_at"]) == (MOMENT, "2026-01-01T10:00:00+00:00")
    assert answer["unsubscribed_at"] == "2026-01-02T08:00:00+00:00"
    assert moves(contact) == ["outside > Customer"]
    assert StatusChange.objects.get().cause == "api"
    assert set(LabelChange.objects.values_list("cause", "changed_by")) == {("api", administrator.pk)}


def test_without_a_stage_it_gets_the_default_status(application: Application) -> None:
    application.post("/contacts/new", {"email": "bo@example.com"})
    application.post("/contacts/new", {"email": "cy@example.com", "stage": ""})
    assert [moves(contact) for contact in Contact.objects.order_by("pk")] == [["outside > Aware"], ["outside > none"]]
    assert list(StatusChange.objects.values_list("cause", flat=True)) == ["default", "api"]


def test_a_known_e_mail_updates_and_what_is_not_sent_stays(application: Application, aware: Stage) -> None:
    label = LabelFactory(name="vip")
    contact = contact_in(aware, email="Ana@example.com", city="Oslo", attributes={"plan": "gold"}, company="Acme")
    CarriedLabel.objects.create(contact=contact, label=label)
    response = application.post("/contacts/new", {"email": "ana@example.com", "firstname": "Anna"})
    assert (response.status_code, response.json()["contact"]["id"]) == (200, contact.pk)
    stored = Contact.objects.get()
    assert (stored.first_name, stored.city, stored.company, stored.attributes) == (
        "Anna",
        "Oslo",
        "Acme",
        {"plan": "gold"},
    )
    assert tags(response.json()) == ["vip"]
    assert moves(contact) == ["outside > Aware"]


def test_put_clears_fields_and_leaves_what_is_our_own(application: Application, aware: Stage) -> None:
    contact = contact_in(
        aware, email="ana@example.com", city="Oslo", external_id="X-1", attributes={"plan": "gold", "left": "over"}
    )
    Attribute.objects.create(name="Plan", key="plan")
    Contact.objects.update(last_click_at=MOMENT)
    answer = application.put(f"/contacts/{contact.pk}/edit", {"company": "Acme"}).json()
    assert {name: value for name, value in all_fields(answer).items() if value} == {
        "id": contact.pk,
        "company": "Acme",
        "external_id": "X-1",
    }
    stored = Contact.objects.get()
    assert (stored.email, stored.attributes) == (None, {"left": "over"})
    assert answer["contact"]["last_click_at"] == MOMENT
    assert answer["contact"]["stage"]["name"] == "Aware"


def test_put_of_nothing_would_leave_nobody(application: Application, aware: Stage) -> None:
    contact = contact_in(aware, email="ana@example.com")
    response = application.put(f"/contacts/{contact.pk}/edit", {"city": "Oslo"})
    assert response.json() == error(400, "Give at least an e-mail, an external id, a name, a phone or a company.")
    stored = Contact.objects.get()
    assert (stored.email, stored.city) == ("ana@example.com", "")


@pytest.mark.parametrize(
    ("said", "carried"),
    [
        (["new"], ["new", "old", "vip"]),
        (["-old"], ["vip"]),
        (["-OLD", "new", "-unknown"], ["new", "vip"]),
        ("new,-vip", ["new", "old"]),
        ([{"id": 1, "tag": "new"}], ["new", "old", "vip"]),
        ([], ["old", "vip"]),
        ("", ["old", "vip"]),
        (["VIP", " vip "], ["old", "vip"]),
    ],
)
def test_tags_are_labels_put_on_and_taken_off(json_application: Application, said: Any, carried: list[str]) -> None:
    contact = ContactFactory()
    json_application.patch(f"/contacts/{contact.pk}/edit", {"tags": ["vip", "old"]})
    assert tags(json_application.patch(f"/contacts/{contact.pk}/edit", {"tags": said}).json()) == carried
    assert Label.objects.count() == len({*carried, "vip", "old"})


def test_a_key_that_another_has_is_refused(application: Application) -> None:
    contact, other = ContactFactory(external_id="X-1"), ContactFactory(external_id="X-2")
    for name, value, said in (
        ("email", other.email.upper(), "There is a contact with this e-mail already."),
        ("external_id", "X-2", "There is a contact with this external id already."),
    ):
        response = application.patch(f"/contacts/{contact.pk}/edit", {name: value, "city": "Oslo"})
        assert response.json() == error(400, f"{name}: {said}", {name: [said]})
    assert application.post("/contacts/new", {"email": "bo@example.com", "external_id": "X-2"}).status_code == 400
    assert Contact.objects.get(pk=contact.pk).city == ""
    assert Contact.objects.count() == 2


def test_a_refused_move_leaves_everything_as_it_was(application: Application, aware: Stage, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    contact = contact_in(aware, email="ana@example.com")
    said = {"email": "ana@example.com", "city": "Oslo", "tags": ["vip"], "stage": customer.pk}
    for response in (
        application.patch(f"/contacts/{contact.pk}/edit", said),
        application.post("/contacts/new", said),
        application.post("/contacts/new", said | {"email": "bo@example.com"}),
    ):
        assert response.json() == error(409, "Stage is missing or unpublished.")
    assert list(Contact.objects.values_list("email", "city")) == [("ana@example.com", "")]
    assert not Label.objects.exists()
    assert moves(contact) == ["outside > Aware"]


def test_an_account_made_inactive_is_lost_and_active_does_not_recover(application: Application, aware: Stage) -> None:
    contact = contact_in(aware)
    answer = application.patch(f"/contacts/{contact.pk}/edit", {"account_state": "inactive"}).json()["contact"]
    assert (answer["lost"], answer["stage"]["name"]) == (True, "Aware")
    refused = application.patch(f"/contacts/{contact.pk}/edit", {"stage": aware.pk})
    assert refused.json() == error(409, "The account is inactive.")
    answer = application.patch(f"/contacts/{contact.pk}/edit", {"account_state": "active"}).json()["contact"]
    assert (answer["lost"], answer["account_state"]) == (True, "active")
    assert moves(contact) == ["outside > Aware", "Aware > lost from Aware"]
    assert_explained()


def test_a_move_that_diverges_says_so(application: Application, aware: Stage, customer: Stage) -> None:
    contact = contact_in(customer, cause=Cause.API)
    answer = application.patch(f"/contacts/{contact.pk}/edit", {"stage": aware.pk}).json()
    assert answer["contact"]["review_needed"] is True
    assert status_of(contact).review_needed


@pytest.mark.parametrize(("opened", "clicked", "active", "sent"), [(1, 2, None, 2), (3, 2, None, 3), (3, 2, 1, 1)])
def test_last_active_is_what_was_said_else_the_latest_known(
    json_application: Application, opened: int, clicked: int, active: int | None, sent: int
) -> None:
    day = "2026-01-0{} 00:00"
    said = {"email": "bo@example.com", "last_open_at": day.format(opened), "last_click_at": day.format(clicked)}
    if active:
        said["lastActive"] = day.format(active)
    answer = json_application.post("/contacts/new", said).json()["contact"]
    assert answer["lastActive"] == f"2026-01-0{sent}T00:00:00+00:00"


# Lists


def ids(application: Application, query: Any = "") -> list[int]:
    said = query if isinstance(query, str) else urlencode(form_pairs(query))
    response = application.get(f"/contacts?{said}")
    assert response.status_code == 200, response.text
    return [int(number) for number in response.json()["contacts"]]


def test_a_list_is_an_object_by_id_in_the_order_asked_for(json_application: Application) -> None:
    first, second, third = (ContactFactory(first_name=name).pk for name in ("Cy", "Ana", "Bo"))
    assert ids(json_application) == [first, second, third]
    assert ids(json_application, "start=1&limit=1") == [second]
    assert ids(json_application, "orderBy=l.firstname") == [second, third, first]
    assert ids(json_application, "orderBy=id&orderByDir=desc") == [third, second, first]
    assert json_application.get("/contacts?start=1&limit=1").json()["total"] == 3
    assert json_application.get("/contacts?search=nobody").json() == {"total": 0, "contacts": {}}


def test_search_and_conditions(json_application: Application, aware: Stage, customer: Stage) -> None:
    label = LabelFactory(name="vip")
    ana = contact_in(aware, email="ana@example.com", first_name="Ana", company="Acme")
    bo = contact_in(customer, email="bo@example.com", first_name="Bo", city="Oslo")
    CarriedLabel.objects.create(contact=bo, label=label)
    for query, found in [
        ({"search": "acm"}, [ana]),
        ({"search": "email:BO@example.com"}, [bo]),
        ({"search": f"ids:{ana.pk},{bo.pk},x"}, [ana, bo]),
        ({"search": "tag:VIP bo"}, [bo]),
        ({"search": "tag:other"}, []),
        ({"where": [{"col": "email", "expr": "eq", "val": "ANA@example.com"}]}, [ana]),
        ({"where": [{"col": "l.stage_id", "expr": "eq", "val": customer.pk}]}, [bo]),
        ({"where": [{"col": "city", "expr": "isEmpty"}]}, [ana]),
        ({"where": [{"col": "dateAdded", "expr": "gt", "val": "2100-01-01"}]}, []),
    ]:
        assert (query, ids(json_application, query)) == (query, [contact.pk for contact in found])


def test_no_more_than_a_thousand_at_once(json_application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.api.queries.MOST", 2)
    made = [ContactFactory().pk for _ in range(3)]
    assert ids(json_application, "limit=0") == made[:2]
    assert ids(json_application, "limit=0&start=2") == made[2:]
    assert json_application.get("/contacts?limit=0").json()["total"] == 3


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_as_much_however_many(json_application: Application, aware: Stage, count: int) -> None:
    label = LabelFactory()
    for _ in range(count):
        CarriedLabel.objects.create(contact=contact_in(aware), label=label)
    json_application.get("/contacts")
    with assertNumQueries(6):  # token, role; ids, contacts, labels, attributes
        assert len(ids(json_application)) == count


# Activity


def test_activity_lists_status_changes_the_newest_first(
    json_application: Application, operator: TeamMember, aware: Stage, customer: Stage
) -> None:
    day = timezone.now() - timedelta(days=3)
    contact = contact_in(aware, since=day)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator, note="She bought.")
    answer = json_application.get(f"/contacts/{contact.pk}/activity").json()
    assert [event["event"] for event in answer["events"]] == ["stage.changed", "stage.changed"]
    assert (answer["total"], answer["maxPages"], answer["types"]) == (2, 1, {"stage.changed": "Stage changed"})
    newest, oldest = answer["events"]
    assert newest["details"] == {
        "stage": customer.pk,
        "stageName": "Customer",
        "lost": False,
        "lostReason": None,
        "previousStage": aware.pk,
        "previousStageName": "Aware",
        "cause": "manual",
        "changedBy": "Olga Petrova",
        "note": "She bought.",
        "review_needed": False,
    }
    assert oldest["timestamp"] == day.isoformat(timespec="seconds")
    assert oldest["details"]["previousStage"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("includeEvents[]=stage.changed", 1),
        ("includeEvents[]=page.hit", 0),
        ("excludeEvents[]=stage.changed", 0),
        ("filters[includeEvents][]=page.hit", 0),
        ("page=1&limit=1", 1),
        ("page=2&limit=1", 0),
        ("page=x&limit=x", 1),
        ("page=99999999999&limit=99999999999", 0),
    ],
)
def test_activity_may_be_narrowed(json_application: Application, query: str, count: int) -> None:
    contact = ContactFactory()
    answer = json_application.get(f"/contacts/{contact.pk}/activity?{query}").json()
    assert len(answer["events"]) == count
