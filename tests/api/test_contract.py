"""Every row of the contract with Mautic's clients, in JSON and as a form: what is sent, the answer word for word."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Category, Stage
from tests.api.application import FORM, JSON, Application, error
from tests.factories import contact_in
from tests.heart import assert_explained, moves

NOT_FOUND = error(404, "Item was not found.")
CLOSED = error(409, "Stage is missing or unpublished.")
NAME_REQUIRED = error(400, "name: A name is required.", {"name": ["A name is required."]})
ANY = object()
"""Stands for a value that the row does not say."""


@dataclass
class World:
    """The things that rows are about, by the words in braces."""

    things: dict[str, Any]

    def fill(self, said: Any) -> Any:
        """The same with numbers in place of words such as `{customer}`."""
        match said:
            case str():
                whole = said[1:-1] if said.startswith("{") and said.endswith("}") else ""
                return (
                    self.things[whole] if whole in self.things else said.format(**self.things) if "{" in said else said
                )
            case dict():
                return {name: self.fill(value) for name, value in said.items()}
            case list():
                return [self.fill(value) for value in said]
        return said


@pytest.fixture
def world(administrator: TeamMember, aware: Stage, engaged: Stage, customer: Stage, loyal: Stage) -> World:
    sales = Category.objects.create(title="Sales", alias="sales", colour="#336699")
    Stage.objects.filter(pk=customer.pk).update(category=sales, publish_up="2026-01-02T03:04:05Z")
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    return World(
        {
            "aware": aware.pk,
            "engaged": engaged.pk,
            "customer": customer.pk,
            "closed": loyal.pk,
            "sales": sales.pk,
            "contact": contact_in(aware, cause=Cause.API, email="ana@example.com", first_name="Ana").pk,
            "lost": contact_in(customer, lost=True, by=administrator).pk,
            "inactive": contact_in(aware, by=administrator, account_state="inactive").pk,
            "none": 987654,
            "me": administrator.pk,
        }
    )


@dataclass
class Row:
    """A request and its answer. `holds` are keys of the answered item (or of the whole answer) with their values."""

    method: str
    path: str
    said: Any = None
    status: int = 200
    answer: Any = ANY
    holds: dict[str, Any] = field(default_factory=dict)


def post(path: str, said: Any = None, **rest: Any) -> Row:
    return Row("POST", path, said, **rest)


ROWS = {
    # stages
    "list": Row("GET", "/stages", holds={"total": 5}),
    "get": Row("GET", "/stages/{aware}", holds={"id": "{aware}", "name": "Aware", "weight": 10, "isPublished": True}),
    "get without one": Row("GET", "/stages/{none}", status=404, answer=NOT_FOUND),
    "create": post(
        "/stages/new",
        {
            "name": "Stage A",
            "weight": 5,
            "description": "<p>First</p>",
            "isPublished": 1,
            "category": "{sales}",
            "publishUp": "2026-01-01T00:00:00+02:00",
            "publishDown": "2026-02-01 23:59",
            "id": 7,
            "unknown": "key",
        },
        status=201,
        holds={
            "name": "Stage A",
            "weight": 5,
            "description": "<p>First</p>",
            "isPublished": True,
            "publishUp": "2025-12-31T22:00:00+00:00",
            "publishDown": "2026-02-01T23:59:00+00:00",
            "createdBy": "{me}",
            "createdByUser": "Ana Silva",
            "modifiedBy": None,
        },
    ),
    "create with a name alone": post(
        "/stages/new",
        {"name": "B"},
        status=201,
        holds={"isPublished": True, "weight": 0, "description": None, "category": None, "publishUp": None},
    ),
    "create unpublished": post(
        "/stages/new", {"name": "B", "isPublished": 0}, status=201, holds={"isPublished": False}
    ),
    "create with a weight as text of a number": post(
        "/stages/new", {"name": "B", "weight": "2.5"}, status=201, holds={"weight": 3}
    ),
    "create with an equal weight": post("/stages/new", {"name": "B", "weight": 10}, status=201, holds={"weight": 10}),
    "create without a name": post("/stages/new", {"weight": 5}, status=400, answer=NAME_REQUIRED),
    "create with an empty name": post("/stages/new", {"name": " "}, status=400, answer=NAME_REQUIRED),
    "create with a name that is taken": post(
        "/stages/new",
        {"name": "AWARE"},
        status=400,
        answer=error(
            400,
            "name: There is a stage of this name already.",
            {"name": ["There is a stage of this name already."]},
        ),
    ),
    "create with text as weight": post(
        "/stages/new",
        {"name": "B", "weight": "heavy"},
        status=400,
        answer=error(400, "weight: Please enter a number.", {"weight": ["Please enter a number."]}),
    ),
    "create in an unknown category": post(
        "/stages/new",
        {"name": "B", "category": "{none}"},
        status=400,
        answer=error(400, "category: There is no such category.", {"category": ["There is no such category."]}),
    ),
    "create with a window that closes first": post(
        "/stages/new",
        {"name": "B", "publishUp": "2026-02-01", "publishDown": "2026-01-01"},
        status=400,
        answer=error(
            400,
            "publishDown: Unpublish at has to be later than publish at.",
            {"publishDown": ["Unpublish at has to be later than publish at."]},
        ),
    ),
    "replace": Row(
        "PUT",
        "/stages/{customer}/edit",
        {"name": "Client"},
        holds={
            "id": "{customer}",
            "name": "Client",
            "weight": 0,
            "isPublished": False,
            "category": None,
            "description": None,
            "publishUp": None,
            "modifiedByUser": "Ana Silva",
        },
    ),
    "replace without a name": Row("PUT", "/stages/{customer}/edit", {"weight": 1}, status=400, answer=NAME_REQUIRED),
    "replace one that there is not": Row(
        "PUT", "/stages/{none}/edit", {"name": "B"}, status=201, holds={"name": "B", "isPublished": True, "weight": 0}
    ),
    "edit": Row(
        "PATCH",
        "/stages/{customer}/edit",
        {"name": "Client"},
        holds={"id": "{customer}", "name": "Client", "weight": 30, "publishUp": "2026-01-02T03:04:05+00:00"},
    ),
    "edit nothing": Row("PATCH", "/stages/{customer}/edit", {}, holds={"name": "Customer", "dateModified": None}),
    "edit one that there is not": Row("PATCH", "/stages/{none}/edit", {"name": "B"}, status=404, answer=NOT_FOUND),
    "delete": Row("DELETE", "/stages/{engaged}/delete", holds={"id": "{engaged}", "name": "Engaged"}),
    "delete one that there is not": Row("DELETE", "/stages/{none}/delete", status=404, answer=NOT_FOUND),
    # batches
    "create several": post(
        "/stages/batch/new", [{"name": "B"}, {"name": "C", "weight": 2}], status=201, holds={"statusCodes": [201, 201]}
    ),
    "replace several": Row(
        "PUT",
        "/stages/batch/edit",
        [{"id": "{customer}", "name": "Client"}, {"name": "B"}],
        holds={"statusCodes": [200, 201]},
    ),
    "edit several": Row(
        "PATCH",
        "/stages/batch/edit",
        [{"id": "{customer}", "weight": 7}, {"id": "{none}", "weight": 8}],
        holds={"statusCodes": [200, 404], "errors": {"1": NOT_FOUND["errors"][0]}},
    ),
    "delete several": Row(
        "DELETE", "/stages/batch/delete?ids[]={engaged}&ids[]={none}", holds={"statusCodes": [200, 404]}
    ),
    "delete several, with commas": Row(
        "DELETE", "/stages/batch/delete?ids={engaged},{customer}", holds={"statusCodes": [200, 200]}
    ),
    "create none": post("/stages/batch/new", [], status=400, answer=error(400, "A batch needs at least one item.")),
    "create too many": post(
        "/stages/batch/new",
        [{"name": f"Stage {number}"} for number in range(201)],
        status=400,
        answer=error(400, "A batch holds at most 200 items."),
    ),
    # contacts of a stage
    "add": post("/stages/{customer}/contact/{contact}/add", answer={"success": 1}),
    "add, as formerly": post("/stages/{customer}/contact/add/{contact}", {}, answer={"success": 1}),
    "add where it is": post("/stages/{aware}/contact/{contact}/add", [], answer={"success": 1}),
    "add with a flag of its own": post(
        "/stages/{customer}/contact/{contact}/add",
        {"review_needed": True},
        answer={"success": 1, "review_needed": True},
    ),
    "add somebody whom a person marked lost": post(
        "/stages/{customer}/contact/{lost}/add", answer={"success": 1, "review_needed": True}
    ),
    "add to a closed stage": post("/stages/{closed}/contact/{contact}/add", status=409, answer=CLOSED),
    "add with an inactive account": post(
        "/stages/{customer}/contact/{inactive}/add", status=409, answer=error(409, "The account is inactive.")
    ),
    "add nobody": post("/stages/{customer}/contact/{none}/add", status=404, answer=error(404, "Contact not found.")),
    "add to no stage": post("/stages/{none}/contact/{contact}/add", status=404, answer=NOT_FOUND),
    "remove": post("/stages/{aware}/contact/{contact}/remove", answer={"success": 1}),
    "remove, as formerly": post("/stages/{aware}/contact/remove/{contact}", {}, answer={"success": 1}),
    "remove from another stage": post("/stages/{customer}/contact/{contact}/remove", answer={"success": 1}),
    "remove nobody": post("/stages/{aware}/contact/{none}/remove", status=404, answer=error(404, "Contact not found.")),
    # contacts
    "contacts": Row("GET", "/contacts", holds={"total": 3}),
    "contact": Row("GET", "/contacts/{contact}", holds={"id": "{contact}", "account_state": "active", "lost": False}),
    "contact that there is not": Row("GET", "/contacts/{none}", status=404, answer=NOT_FOUND),
    "contact, new": post(
        "/contacts/new", {"email": "bo@example.com", "firstname": "Bo"}, status=201, holds={"points": 0, "tags": []}
    ),
    "contact, known": post("/contacts/new", {"email": "ANA@example.com"}, holds={"id": "{contact}"}),
    "contact, nobody": post(
        "/contacts/new",
        {"city": "Oslo"},
        status=400,
        answer=error(400, "Give at least an e-mail, an external id, a name, a phone or a company."),
    ),
    "contact, edited": Row("PATCH", "/contacts/{contact}/edit", {"city": "Oslo"}, holds={"id": "{contact}"}),
    "contact, edited and not there": Row(
        "PATCH", "/contacts/{none}/edit", {"city": "Oslo"}, status=404, answer=NOT_FOUND
    ),
    "contact, replaced": Row(
        "PUT", "/contacts/{contact}/edit", {"email": "new@example.com"}, holds={"id": "{contact}"}
    ),
    "contact, replaced and not there": Row("PUT", "/contacts/{none}/edit", {"email": "b@example.com"}, status=201),
    "contact, moved to a closed stage": Row(
        "PATCH", "/contacts/{contact}/edit", {"stage": "{closed}", "city": "Oslo"}, status=409, answer=CLOSED
    ),
    "contact, erased": Row("DELETE", "/contacts/{contact}/delete", holds={"id": "{contact}"}),
    "contact, erased and not there": Row("DELETE", "/contacts/{none}/delete", status=404, answer=NOT_FOUND),
    "activity": Row("GET", "/contacts/{contact}/activity", holds={"total": 1, "page": 1, "limit": 25}),
    "activity of nobody": Row("GET", "/contacts/{none}/activity", status=404, answer=NOT_FOUND),
    # everywhere
    "no such path": Row("GET", "/companies", status=404, answer=NOT_FOUND),
    "a slash at the end": Row("GET", "/stages/", status=404, answer=NOT_FOUND),
    "another method": Row("DELETE", "/stages", status=405, answer=error(405, "This path knows another method.")),
}

ITEMS = ("stage", "contact")


@pytest.mark.parametrize("encoding", [JSON, FORM])
@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_the_contract(world: World, administrator: TeamMember, name: str, encoding: str) -> None:
    row = ROWS[name]
    before = written()
    response = Application(administrator, encoding=encoding).call(
        row.method, world.fill(row.path), world.fill(row.said)
    )

    answer = response.json()
    assert (response.status_code, answer if row.status >= 400 else None) == (
        row.status,
        row.answer if row.status >= 400 else None,
    )
    assert response["Content-Type"] == "application/json"
    assert response["Mautic-Version"].startswith("5.")
    assert not response.cookies
    if row.answer is not ANY:
        assert answer == row.answer
    item = next((answer[key] for key in ITEMS if key in answer), answer)
    assert {key: item[key] for key in row.holds} == world.fill(row.holds)
    if row.status >= 400:
        assert written() == before
    assert_explained()


def written() -> tuple:
    """What is in the tables that the wire writes to."""
    tables = (Stage, Contact, FunnelStatus, StatusChange)
    return tuple(list(model.objects.order_by("pk").values()) for model in tables)


# The shape


STAGE_KEYS = [
    *("isPublished", "dateAdded", "dateModified", "createdBy", "createdByUser", "modifiedBy", "modifiedByUser"),
    *("id", "name", "category", "weight", "description", "publishUp", "publishDown", "color"),
]


def test_the_keys_of_a_stage_in_their_order(world: World, administrator: TeamMember) -> None:
    stage = Application(administrator).get(world.fill("/stages/{customer}")).json()["stage"]
    assert list(stage) == STAGE_KEYS
    assert stage == {
        "isPublished": True,
        "dateAdded": Stage.objects.get(pk=stage["id"]).created_at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "dateModified": None,
        "createdBy": None,
        "createdByUser": None,
        "modifiedBy": None,
        "modifiedByUser": None,
        "id": world.things["customer"],
        "name": "Customer",
        "category": {
            "isPublished": True,
            "createdByUser": None,
            "modifiedByUser": None,
            "id": world.things["sales"],
            "title": "Sales",
            "alias": "sales",
            "description": None,
            "color": "336699",
            "bundle": "stage",
        },
        "weight": 30,
        "description": "Contact has made a transaction.",
        "publishUp": "2026-01-02T03:04:05+00:00",
        "publishDown": None,
        "color": Stage.objects.get(pk=stage["id"]).colour,
    }


def test_a_list_is_an_array_and_minimal_leaves_out_the_window(world: World, administrator: TeamMember) -> None:
    application = Application(administrator)
    assert [list(stage) for stage in application.get("/stages").json()["stages"]] == [STAGE_KEYS] * 5
    minimal = application.get("/stages?minimal=true").json()["stages"]
    assert [list(stage) for stage in minimal] == [
        [key for key in STAGE_KEYS if key not in ("publishUp", "publishDown")]
    ] * 5


def test_what_is_created_has_a_location_that_answers(administrator: TeamMember) -> None:
    application = Application(administrator)
    created = application.post("/stages/new", {"name": "B"})
    assert created["Location"] == f"/api/stages/{created.json()['stage']['id']}"
    assert application.get(created["Location"].removeprefix("/api")).json() == created.json()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((said, True) for said in (True, 1, "1", "true", "on", "yes")),
        *((said, False) for said in (False, 0, "0", "false", "off", "no", "", None, "2", [])),
    ],
)
def test_what_published_may_be(administrator: TeamMember, said: Any, meant: bool) -> None:
    created = Application(administrator).post("/stages/new", {"name": "B", "isPublished": said})
    assert created.json()["stage"]["isPublished"] is meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [(2.4, 2), (2.5, 3), (-2.5, -3), ("7", 7), ("1e2", 100), ("", 0), (None, 0), (2**31 - 1, 2**31 - 1)],
)
def test_a_weight_is_rounded(administrator: TeamMember, said: Any, meant: int) -> None:
    created = Application(administrator).post("/stages/new", {"name": "B", "weight": said})
    assert created.json()["stage"]["weight"] == meant


# Nothing that was not sent is touched


def test_patch_never_touches_what_was_not_sent(world: World, administrator: TeamMember) -> None:
    stage = Stage.objects.filter(pk=world.things["customer"])
    stage.update(target_days=30, colour="#123456", modified_at=timezone.now() - timedelta(days=1))
    (before,) = stage.values()
    for said in ({"description": "New"}, {"weight": 31}, {"publishUp": None}, {"category": None}, {"color": "abcdef"}):
        Application(administrator).patch(world.fill("/stages/{customer}/edit"), said)
    (after,) = stage.values()
    changed = {"description": "New", "weight": 31, "publish_up": None, "category_id": None, "colour": "#abcdef"}
    signed = {"modified_by_id": administrator.pk, "modified_at": after["modified_at"]}
    assert after == {**before, **changed, **signed}


def test_put_leaves_what_mautics_clients_do_not_know_of(world: World, administrator: TeamMember) -> None:
    stage = Stage.objects.filter(pk=world.things["customer"])
    stage.update(target_days=30, colour="#123456")
    Application(administrator).put(world.fill("/stages/{customer}/edit"), {"name": "Client"})
    assert stage.values_list("target_days", "colour").get() == (30, "#123456")


# Deleting retires


def test_deleting_retires_and_history_stays(world: World, administrator: TeamMember, aware: Stage) -> None:
    contact = world.things["contact"]
    history = StatusChange.objects.filter(contact=contact)
    (born,) = history.values()
    Application(administrator).delete(world.fill("/stages/{aware}/delete"))

    stored = Stage.objects.get(pk=aware.pk)
    assert (stored.name, stored.modified_by) == ("Aware", administrator)
    assert isinstance(stored.retired_at, datetime)
    assert history.values()[0] == born
    assert moves(contact) == ["outside > Aware", "Aware > none"]
    assert history.values_list("cause", "changed_by").last() == ("stage_retired", administrator.pk)
    assert moves(world.things["inactive"]) == ["outside > lost from Aware", "lost from Aware > lost from none"]
    application = Application(administrator)
    assert application.get(f"/stages/{aware.pk}").status_code == 404
    assert aware.pk not in [stage["id"] for stage in application.get("/stages").json()["stages"]]
    assert application.delete(f"/stages/{aware.pk}/delete").status_code == 404


def test_a_round_trip_changes_nothing(world: World, administrator: TeamMember) -> None:
    application = Application(administrator)
    for path, key in (("/stages/{customer}", "stage"), ("/contacts/{contact}", "contact")):
        address = world.fill(path)
        before = application.get(address).json()
        application.patch(f"{address}/edit", before[key])
        assert application.get(address).json() == before
