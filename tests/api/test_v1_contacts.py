"""`/api/v1/contacts`, labels, the funnel and the default status."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label, LabelChange
from contacts.search import queries as search
from journeys.rules.models import FunnelSettings
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.api.application import Application
from tests.api.test_v1_status import problem
from tests.factories import LabelFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


def errors(response: HttpResponse) -> dict[str, str]:
    assert problem(response)[:2] == (422, "invalid")
    return {wrong["field"]: wrong["message"] for wrong in response.json()["errors"]}


def ids(response: HttpResponse) -> list[int]:
    assert response.status_code == 200, response.content
    return [one["id"] for one in response.json()["items"]]


# One contact


def test_a_contact_says_all_that_is_known(application, operator: TeamMember, aware: Stage) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    contact = contact_in(aware, email="ana@example.com", attributes={"plan": "pro"}, city="Oslo", by=operator)
    put_on_label(contacts=[contact.pk], label=LabelFactory(name="vip"), by=operator, cause=Cause.MANUAL)
    shown = application.get(f"/v1/contacts/{contact.pk}").json()
    assert shown.pop("status") == application.get(f"/v1/contacts/{contact.pk}/status").json()
    assert shown == {
        "id": contact.pk,
        "email": "ana@example.com",
        "external_id": None,
        "first_name": "Carla",
        "last_name": contact.last_name,
        "phone": "",
        "company": "",
        "city": "Oslo",
        "country": "",
        "account_state": "active",
        "subscribed_at": None,
        "unsubscribed_at": None,
        "last_open_at": None,
        "last_click_at": None,
        "last_reply_at": None,
        "last_active_at": None,
        "attributes": {"plan": "pro"},
        "labels": ["vip"],
        "created_at": contact.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "updated_at": contact.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    assert problem(application.get("/v1/contacts/987654"))[:2] == (404, "not_found")


def test_a_new_contact_stands_where_it_is_said_to_or_in_the_default(
    application, administrator: TeamMember, aware: Stage
) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    LabelFactory(name="VIP")
    response = application.post(
        "/v1/contacts",
        {"email": "ana@example.com", "first_name": " Ana ", "labels": ["vip"], "stage": "Customer"},
    )
    made = Contact.objects.get()
    assert (response.status_code, response["Location"]) == (201, f"/api/v1/contacts/{made.pk}")
    assert (response.json()["id"], response.json()["first_name"], response.json()["labels"]) == (
        made.pk,
        "Ana",
        ["VIP"],
    )
    assert moves(made) == ["outside > Customer"]
    assert Signed.of(last_change(made)) == Signed("api", administrator.pk, via=application.token.pk)
    default = application.post("/v1/contacts", {"email": "bo@example.com"}).json()["id"]
    none = application.post("/v1/contacts", {"email": "cy@example.com", "stage": None}).json()["id"]
    assert (moves(default), moves(none)) == (["outside > Aware"], ["outside > none"])
    assert_explained()


def test_an_e_mail_or_an_external_id_that_is_taken(application, aware: Stage) -> None:
    contact_in(aware, email="ana@example.com", external_id="c-1")
    other = contact_in(aware)
    for said, field in (({"email": "ANA@example.com"}, "email"), ({"external_id": "c-1"}, "external_id")):
        for response in (application.post("/v1/contacts", said), application.patch(f"/v1/contacts/{other.pk}", said)):
            assert problem(response)[:2] == (409, "taken")
            assert [wrong["field"] for wrong in response.json()["errors"]] == [field]
    assert Contact.objects.count() == 2


def test_what_is_not_said_stays_and_null_takes_away(application, aware: Stage) -> None:
    for kind in Attribute.Type:
        Attribute.objects.create(name=kind.label, key=kind.value, type=kind, choices=["a", "b"])
    contact = contact_in(aware, email="ana@example.com", city="Oslo", attributes={"text": "x", "number": 1})
    address = f"/v1/contacts/{contact.pk}"
    assert application.patch(address, {"last_click_at": "2026-05-03T16:05:00+02:00"}).status_code == 200
    said = {"number": 1.5, "date": "2026-05-03", "yes_no": False, "choice": "b", "text": None}
    response = application.patch(address, {"city": "", "attributes": said})
    assert response.json()["last_click_at"] == "2026-05-03T14:05:00.000000Z"
    assert (response.json()["email"], response.json()["city"]) == ("ana@example.com", "")
    assert response.json()["attributes"] == {"number": 1.5, "date": "2026-05-03", "yes_no": False, "choice": "b"}
    assert moves(contact) == ["outside > Aware"]  # clicks move nobody
    assert application.patch(address, {}).status_code == 200
    nobody = application.patch(address, {"email": None, "first_name": "", "last_name": ""})
    assert problem(nobody)[:2] == (422, "invalid")
    assert Contact.objects.get(pk=contact.pk).email == "ana@example.com"


def test_an_account_made_inactive_is_lost_and_active_again_stays_lost(
    application, administrator: TeamMember, aware: Stage
) -> None:
    contact = contact_in(aware)
    shown = application.patch(f"/v1/contacts/{contact.pk}", {"account_state": "inactive"}).json()
    assert (shown["account_state"], shown["status"]["lost"]) == ("inactive", True)
    assert Signed.of(last_change(contact)) == Signed("account_inactive", administrator.pk)
    shown = application.patch(f"/v1/contacts/{contact.pk}", {"account_state": "active"}).json()
    assert (shown["account_state"], shown["status"]["lost"]) == ("active", True)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"email": "nobody"}, "email"),
    ({"email": 7}, "email"),
    ({"email": "x" * 250 + "@example.com"}, "email"),
    ({"first_name": None}, "first_name"),
    ({"first_name": "x" * 151}, "first_name"),
    ({"account_state": "asleep"}, "account_state"),
    ({"account_state": None}, "account_state"),
    ({"last_open_at": "2026-05-03T14:05:00"}, "last_open_at"),
    ({"last_open_at": 1777817100}, "last_open_at"),
    ({"attributes": {"plan": 7}}, "attributes.plan"),
    ({"attributes": {"plan": True}}, "attributes.plan"),
    ({"attributes": {"seats": "7"}}, "attributes.seats"),
    ({"attributes": {"seats": True}}, "attributes.seats"),
    ({"attributes": {"seats": 10**400}}, "attributes.seats"),
    ({"attributes": {"unknown": "x"}}, "attributes.unknown"),
    ({"attributes": {"plan": []}}, "attributes.plan.str"),
    ({"attributes": []}, "attributes"),
    ({"id": 7}, "id"),
    ({"created_at": "2026-05-03T14:05:00Z"}, "created_at"),
    ({"city": "a\0b"}, "body"),
    ({"attributes": {"plan": "a\0b"}}, "body"),
]


@pytest.mark.parametrize(("said", "field"), WRONG)
def test_what_is_not_valid_is_said_beside_its_field(application, aware: Stage, said: dict, field: str) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    Attribute.objects.create(name="Seats", key="seats", type=Attribute.Type.NUMBER)
    contact = contact_in(aware, email="ana@example.com")
    before = list(Contact.objects.values())
    for response in (
        application.patch(f"/v1/contacts/{contact.pk}", said),
        application.post("/v1/contacts", {"email": "bo@example.com", **said}),
    ):
        assert field in errors(response)
    assert list(Contact.objects.values()) == before


def test_a_new_contact_needs_labels_and_stages_that_are_there(application, aware: Stage) -> None:
    LabelFactory(name="vip")
    said = {"email": "bo@example.com"}
    assert errors(application.post("/v1/contacts", {**said, "labels": ["vip", "nope"]})) == {
        "labels.1": "There is no such label."
    }
    assert errors(application.post("/v1/contacts", {**said, "stage": "Nope"})) == {"stage": "There is no such stage."}
    assert "labels" in errors(application.post("/v1/contacts", {**said, "labels": ["x"] * 101}))
    nobody = application.post("/v1/contacts", {"city": "Oslo"})
    sentence = "Give at least an e-mail, an external id, a name, a phone or a company."
    assert problem(nobody) == (422, "invalid", sentence)
    assert Contact.objects.count() == 0


# Many


def pages(application: Application, address: str) -> list[list[int]]:
    """The ids on each page of a list, read on to its end."""
    found, following = [], ""
    while following is not None:
        answer = application.get(address + (f"&cursor={following}" if following else ""))
        found.append(ids(answer))
        following = answer.json()["next"]
    return found


def test_contacts_are_paged_from_the_newest(application, aware: Stage) -> None:
    first, second, third, fourth, fifth = (contact_in(aware).pk for _ in range(5))
    assert pages(application, "/v1/contacts?limit=2") == [[fifth, fourth], [third, second], [first]]
    assert pages(application, "/v1/contacts?limit=5") == [[fifth, fourth, third, second, first]]


@pytest.mark.parametrize("common", [0, 1_000], ids=["common", "rare"])
@pytest.mark.parametrize("beside", ["", "&stage=Aware"], ids=["alone", "beside a stage"])
def test_words_are_paged_however_common_they_are(
    application, aware: Stage, customer: Stage, monkeypatch: pytest.MonkeyPatch, common: int, beside: str
) -> None:
    monkeypatch.setattr(search, "COMMON", common)
    first, _, second, third = (
        contact_in(aware, company=name).pk for name in ("Acme", "Other", "ACME Works", "acmeland")
    )
    elsewhere = contact_in(customer, company="Acme").pk
    found = [third, second, first] if beside else [elsewhere, third, second, first]
    assert pages(application, f"/v1/contacts?q=acme&limit=1{beside}") == [[pk] for pk in found]
    assert pages(application, f"/v1/contacts?q=acme&limit=2{beside}") == [found[:2], found[2:]]
    assert pages(application, f"/v1/contacts?q=nobody&limit=2{beside}") == [[]]


def test_every_condition_narrows(application, operator: TeamMember, aware: Stage, customer: Stage) -> None:
    ana = contact_in(aware, first_name="Ana", email="ana@example.com", external_id="c-1").pk
    bo = contact_in(customer, lost=True, by=operator, first_name="Bo").pk
    cy = contact_in(None, account_state="inactive").pk
    di = contact_in(customer).pk
    put_on_label(contacts=[di], label=LabelFactory(name="vip"), by=None, cause=Cause.MANUAL)
    for query, found in {
        "q=ana": [ana],
        "email=ANA@example.com": [ana],
        "external_id=c-1": [ana],
        "external_id=c-2": [],
        "stage=aware": [ana],
        f"stage={customer.pk}": [di],
        "stage=any": [di, ana],
        "stage=none": [],
        "stage=none&lost=true": [cy],
        "lost=true": [cy, bo],
        "lost=false": [di, ana],
        "stage=Customer&lost=true": [bo],
        "label=VIP": [di],
        "label=vip&stage=Aware": [],
        "account_state=inactive": [cy],
    }.items():
        assert (query, ids(application.get(f"/v1/contacts?{query}"))) == (query, found)


@pytest.mark.parametrize(
    "query",
    [
        "stage=Nope",
        "stage=987654",
        "lost=yes",
        "label=nope",
        "account_state=x",
        "email=a&q=b",
        "q=",
        "q=%00",
        "sort=id",
    ],
)
def test_a_condition_that_means_nothing_is_refused(application, db: None, query: str) -> None:
    assert problem(application.get(f"/v1/contacts?{query}"))[:2] == (422, "invalid")


def test_a_list_has_a_price(application, aware: Stage) -> None:
    contact_in(aware)
    application.get("/v1/contacts")
    with assertNumQueries(6):
        application.get("/v1/contacts")
    contact_in(aware), contact_in(None, lost=True)
    with assertNumQueries(6):
        assert len(ids(application.get("/v1/contacts"))) == 3


# Labels


def test_labels_are_listed_made_put_on_and_taken_off(application, administrator: TeamMember, aware: Stage) -> None:
    contact = contact_in(aware)
    made = application.post("/v1/labels", {"name": "purchased-q2"})
    label = Label.objects.get()
    assert (made.status_code, made.json()) == (201, {"id": label.pk, "name": "purchased-q2", "colour": "#5b6270"})
    assert problem(application.post("/v1/labels", {"name": "PURCHASED-q2"}))[:2] == (409, "taken")
    address = f"/v1/contacts/{contact.pk}/labels/Purchased-Q2"
    assert application.put(address).json() == {"labels": ["purchased-q2"], "changed": True}
    assert application.put(address).json() == {"labels": ["purchased-q2"], "changed": False}
    carried = CarriedLabel.objects.get()
    assert (carried.by, carried.cause) == (administrator, "api")
    assert application.get("/v1/labels").json()["items"] == [
        {"id": label.pk, "name": "purchased-q2", "colour": "#5b6270", "contacts": 1}
    ]
    assert application.delete(address).json() == {"labels": [], "changed": True}
    assert application.delete(address).json() == {"labels": [], "changed": False}
    assert list(LabelChange.objects.values_list("put_on", "cause")) == [(True, "api"), (False, "api")]


@pytest.mark.parametrize("name", ["Q2/2026", "50% off?", "vip #1", "zwölf & mehr", "a/../b", "+1"])
def test_a_label_goes_by_its_name_whatever_that_is(application, aware: Stage, name: str) -> None:
    address = f"/v1/contacts/{contact_in(aware).pk}/labels/{quote(name, safe='')}"
    LabelFactory(name=name)
    assert application.put(address).json() == {"labels": [name], "changed": True}
    assert application.delete(address).json() == {"labels": [], "changed": True}


def test_a_label_or_a_contact_that_there_is_not(application, aware: Stage) -> None:
    LabelFactory(name="vip")
    for path in (f"/v1/contacts/{contact_in(aware).pk}/labels/nope", "/v1/contacts/987654/labels/vip"):
        for response in (application.put(path), application.delete(path)):
            assert problem(response)[:2] == (404, "not_found")
    assert LabelChange.objects.count() == 0


@pytest.mark.parametrize("said", [{}, {"name": ""}, {"name": " "}, {"name": "x" * 101}, {"name": "a", "colour": "red"}])
def test_a_label_that_is_none(application, db: None, said: dict) -> None:
    assert problem(application.post("/v1/labels", said))[:2] == (422, "invalid")
    assert Label.objects.count() == 0


# The funnel


def test_the_funnel_now_and_at_a_past_moment(application, operator: TeamMember, aware: Stage, customer: Stage) -> None:
    now = timezone.now()
    long_ago, lately = now - timedelta(days=9), now - timedelta(days=2)
    contact_in(aware, since=long_ago)
    contact_in(customer, since=long_ago, lost=True, lost_at=lately, by=operator)
    contact_in(None, since=lately)
    funnel = application.get("/v1/funnel").json()
    assert {one["stage"]["name"]: (one["contacts"], one["lost"]) for one in funnel["stages"]} == {
        "Aware": (1, 0),
        "Engaged": (0, 0),
        "Customer": (0, 1),
        "Loyal Customer": (0, 0),
        "Promoter": (0, 0),
    }
    totals = ("in_stages", "without_status", "lost_without_stage", "lost", "total")
    assert [funnel[name] for name in totals] == [1, 1, 0, 1, 3]
    before = (now - timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    past = application.get(f"/v1/funnel?as_of={before}").json()
    assert [past[name] for name in totals] == [2, 0, 0, 0, 2]
    assert past["as_of"] <= before
    ahead = (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert errors(application.get(f"/v1/funnel?as_of={ahead}")) == {"as_of": "Give a moment in the past."}
    assert "as_of" in errors(application.get("/v1/funnel?as_of=2026-05-03"))


def test_flows_say_who_went_where(application, operator: TeamMember, aware: Stage, customer: Stage) -> None:
    now = timezone.now()
    contact_in(aware, since=now - timedelta(days=9), lost=True, lost_at=now - timedelta(days=2), by=operator)
    contact_in(aware, since=now - timedelta(days=2))
    start, end = ((now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (3, 1))
    flows = application.get(f"/v1/funnel/flows?from={start}&to={end}").json()["flows"]
    in_aware = {"outside": False, "stage": {"id": aware.pk, "name": "Aware"}, "lost": False}
    assert sorted(flows, key=lambda flow: flow["start"]["outside"]) == [
        {"start": in_aware, "end": {**in_aware, "lost": True}, "direction": None, "contacts": 1},
        {"start": {"outside": True, "stage": None, "lost": False}, "end": in_aware, "direction": None, "contacts": 1},
    ]
    assert "to" in errors(application.get(f"/v1/funnel/flows?from={end}&to={start}"))
    assert set(errors(application.get("/v1/funnel/flows"))) == {"from", "to"}


def test_the_default_status_is_read_and_set(application, aware: Stage, loyal: Stage) -> None:
    contact_in(None)
    FunnelSettings.objects.update(default_stage=None)
    assert application.get("/v1/default-status").json() == {"stage": None, "is_open": False}
    shown = application.put("/v1/default-status", {"stage": "Aware"}).json()
    assert shown == {"stage": {"id": aware.pk, "name": "Aware"}, "is_open": True}
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    assert problem(application.put("/v1/default-status", {"stage": loyal.pk}))[:2] == (409, "closed_stage")
    assert "stage" in errors(application.put("/v1/default-status", {}))
    assert FunnelSettings.objects.get().default_stage == aware
    assert application.put("/v1/default-status", {"stage": None}).json() == {"stage": None, "is_open": False}
    assert StatusChange.objects.count() == 1
