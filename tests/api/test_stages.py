"""Lists of stages: windows, order, search and conditions; batches; and what moving a contact writes."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules.models import MovementRule
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Category, Stage
from tests.api.application import FORM, JSON, Application, error, form_pairs
from tests.factories import StageFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves, status_of

BY_NAME = ["Aware", "Customer", "Engaged", "Loyal Customer", "Promoter"]


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


def names(application: Application, query: Any = "") -> list[str]:
    said = query if isinstance(query, str) else urlencode(form_pairs(query))
    response = application.get(f"/stages?{said}")
    assert response.status_code == 200, response.text
    answer = response.json()
    return [stage["name"] for stage in answer["stages"]]


def where(column: str, expression: str, value: Any = "") -> dict[str, Any]:
    return {"where": [{"col": column, "expr": expression, "val": value}]}


def both(*conditions: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for condition in conditions for one in condition["where"]]


# Windows and order


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", BY_NAME),
        ("limit=2", BY_NAME[:2]),
        ("start=1&limit=2", BY_NAME[1:3]),
        ("start=4", BY_NAME[4:]),
        ("start=9", []),
        ("limit=0", BY_NAME),
        ("limit=x&start=x", BY_NAME),
        ("limit=-1&start=-1", BY_NAME),
        ("limit=1e99", BY_NAME),
        ("orderBy=weight", ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]),
        ("orderBy=s.weight&orderByDir=desc", ["Promoter", "Loyal Customer", "Customer", "Engaged", "Aware"]),
        ("orderBy=date_added,id&orderByDir=DESC", ["Promoter", "Loyal Customer", "Customer", "Engaged", "Aware"]),
        ("orderBy=dateAdded,stage.id", ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]),
        ("order[0][col]=isPublished&order[1][col]=id&order[1][dir]=desc", ["Engaged", "Promoter", "Loyal Customer"]),
    ],
)
def test_the_part_that_is_asked_for(application: Application, engaged: Stage, query: str, found: list[str]) -> None:
    Stage.objects.filter(pk=engaged.pk).update(is_published=False)
    assert names(application, query)[: len(found) or None] == found


@pytest.mark.parametrize(
    ("query", "total"),
    [("", 5), ("limit=2", 5), ("start=4", 5), ("start=5", 5), ("start=9&limit=1", 5), ("limit=5", 5)],
)
def test_the_total_is_of_all(application: Application, query: str, total: int) -> None:
    assert application.get(f"/stages?{query}").json()["total"] == total


def test_thirty_are_answered_unless_more_are_asked_for(application: Application) -> None:
    StageFactory.create_batch(30)
    assert len(names(application)) == 30
    assert application.get("/stages").json()["total"] == 35
    assert len(names(application, "limit=0")) == 35


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_three_queries_however_many(application: Application, marketer: TeamMember, count: int) -> None:
    Stage.objects.update(retired_at=timezone.now())
    for number in range(count):
        category = Category.objects.create(title=f"C {number}", alias=f"c-{number}")
        StageFactory(category=category, created_by=marketer, modified_by=marketer)
    application.get("/stages")
    with assertNumQueries(3):  # token with its owner, role; stages
        assert len(names(application)) == count


# Search and conditions


@pytest.fixture
def some(administrator: TeamMember, marketer: TeamMember, customer: Stage, engaged: Stage, loyal: Stage) -> None:
    sales = Category.objects.create(title="Sales", alias="sales")
    moment = datetime(2026, 2, 13, 16, 11, 7, tzinfo=UTC)
    Stage.objects.filter(pk=customer.pk).update(
        category=sales, created_by=administrator, publish_up=moment, description=""
    )
    Stage.objects.filter(pk=engaged.pk).update(is_published=False, created_by=marketer, description="100% of_it")


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("customer", ["Customer", "Loyal Customer"]),
        ("CUSTOMER loyal", ["Loyal Customer"]),
        ("product aware", ["Aware"]),
        ("nothing", []),
        ("100%", ["Engaged"]),
        ("%", ["Engaged"]),
        ('"Loyal Customer"', ["Loyal Customer"]),
        ('"', []),
        ("is:unpublished", ["Engaged"]),
        ("is:published customer", ["Customer", "Loyal Customer"]),
        ("is:mine", ["Customer"]),
        ("is:uncategorized", ["Aware", "Engaged", "Loyal Customer", "Promoter"]),
        ("category:sales", ["Customer"]),
        ("category:other", []),
        ("is:else", []),
        ("ids:{aware},x,{customer},{huge}", ["Aware", "Customer"]),
        ("ids:", []),
    ],
)
@pytest.mark.parametrize("name", ["search", "searchFilter"])
def test_search(some, application: Application, aware: Stage, customer: Stage, name: str, search: str, found) -> None:
    words = search.format(aware=aware.pk, customer=customer.pk, huge=2**70)
    assert names(application, {name: words}) == found


@pytest.mark.parametrize("parameter", ["publishedOnly=true", "published=1", "publishedOnly=1&minimal=1"])
def test_published_only_looks_at_the_flag_alone(some, application: Application, parameter: str) -> None:
    Stage.objects.filter(name="Promoter").update(publish_up=datetime(2100, 1, 1, tzinfo=UTC))
    assert names(application, parameter) == ["Aware", "Customer", "Loyal Customer", "Promoter"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (where("weight", "eq", 30), ["Customer"]),
        (where("weight", "neq", 30), ["Aware", "Engaged", "Loyal Customer", "Promoter"]),
        (where("weight", "lt", 20), ["Aware"]),
        (where("weight", "lte", 20), ["Aware", "Engaged"]),
        (where("weight", "gt", 40), ["Promoter"]),
        (where("weight", "gte", "40"), ["Loyal Customer", "Promoter"]),
        (where("weight", "between", [20, 30]), ["Customer", "Engaged"]),
        (where("weight", "between", "20,30"), ["Customer", "Engaged"]),
        (where("weight", "in", [10, 50]), ["Aware", "Promoter"]),
        (where("weight", "in", "10,50"), ["Aware", "Promoter"]),
        (where("weight", "notIn", "10,50"), ["Customer", "Engaged", "Loyal Customer"]),
        (where("s.name", "eq", "Aware"), ["Aware"]),
        (where("name", "like", "%custom%"), ["Customer", "Loyal Customer"]),
        (where("name", "like", "Custome_"), ["Customer"]),
        (where("name", "like", "custom"), []),
        (where("description", "like", "100%"), ["Engaged"]),
        (where("description", "like", "%.%.%.%.%"), []),
        (where("name", "notLike", "%custom%"), ["Aware", "Engaged", "Promoter"]),
        (where("description", "isEmpty"), ["Customer"]),
        (where("description", "isNull"), ["Customer"]),
        (where("description", "isNotEmpty"), ["Aware", "Engaged", "Loyal Customer", "Promoter"]),
        (where("publishUp", "isNotNull"), ["Customer"]),
        (where("publish_up", "isNull"), ["Aware", "Engaged", "Loyal Customer", "Promoter"]),
        (where("publishUp", "gte", "2026-02-13T17:11:07+01:00"), ["Customer"]),
        (where("publishUp", "gt", "2026-02-13T17:11:07+01:00"), []),
        (where("isPublished", "eq", "false"), ["Engaged"]),
        (where("createdByUser", "eq", "Max Weber"), ["Engaged"]),
        (where("category", "isNotNull"), ["Customer"]),
        (
            where("", "orX", where("weight", "eq", 10)["where"] + where("weight", "eq", 50)["where"]),
            ["Aware", "Promoter"],
        ),
        (where("", "andX", where("weight", "gt", 10)["where"] + where("weight", "lt", 30)["where"]), ["Engaged"]),
        ({"where": where("weight", "gt", 10)["where"] + where("weight", "lt", 30)["where"]}, ["Engaged"]),
    ],
)
def test_conditions(some, application: Application, condition: dict[str, Any], found: list[str]) -> None:
    assert names(application, condition) == found


# Batches


@pytest.mark.parametrize("encoding", [JSON, FORM])
def test_each_item_of_a_batch_has_its_outcome_at_its_place(
    administrator: TeamMember, aware: Stage, encoding: str
) -> None:
    said = [
        {"name": "B"},
        {"name": "AWARE"},
        {"weight": 1},
        {"name": "b"},
        {"name": "C", "weight": "heavy"},
        {"name": "D"},
    ]
    answer = Application(administrator, encoding=encoding).post("/stages/batch/new", said).json()
    assert {number: stage["name"] for number, stage in answer["stages"].items()} == {"0": "B", "5": "D"}
    assert answer["statusCodes"] == [201, 400, 400, 400, 400, 201]
    assert {number: problem["message"] for number, problem in answer["errors"].items()} == {
        "1": "name: There is a stage of this name already.",
        "2": "name: A name is required.",
        "3": "name: There is a stage of this name already.",
        "4": "weight: Please enter a number.",
    }
    assert sorted(Stage.objects.filter(created_by=administrator).values_list("name", flat=True)) == ["B", "D"]


def test_what_went_well_is_an_array_and_errors_are_left_out(application: Application) -> None:
    answer = application.post("/stages/batch/new", [{"name": "B"}, {"name": "C"}]).json()
    assert list(answer) == ["stages", "statusCodes"]
    assert [stage["name"] for stage in answer["stages"]] == ["B", "C"]


def test_numbers_of_the_request_are_kept(application: Application) -> None:
    answer = application.post("/stages/batch/new", {"7": {"name": "B"}, "9": {"weight": 1}}).json()
    assert (list(answer["stages"]), answer["statusCodes"]) == (["7"], {"7": 201, "9": 400})


def test_a_batch_is_judged_in_its_order(application: Application, aware: Stage, engaged: Stage) -> None:
    said = [
        {"id": aware.pk, "name": "Engaged"},
        {"id": engaged.pk, "name": "Keen"},
        {"id": aware.pk, "name": "Engaged"},
    ]
    answer = application.patch("/stages/batch/edit", said).json()
    assert answer["statusCodes"] == [400, 200, 200]
    assert list(Stage.objects.filter(pk__in=[aware.pk, engaged.pk]).values_list("name", flat=True)) == [
        "Engaged",
        "Keen",
    ]
    assert list(Stage.objects.get(pk=aware.pk).revisions.values_list("name", flat=True)) == ["Aware", "Engaged"]


def test_a_batch_that_replaces_creates_what_there_is_not(
    application: Application, aware: Stage, engaged: Stage
) -> None:
    Stage.objects.filter(pk=engaged.pk).update(retired_at=timezone.now())
    said = [{"id": aware.pk, "name": "Knows"}, {"id": engaged.pk, "name": "Keen"}, {"id": "x", "name": "New"}]
    answer = application.put("/stages/batch/edit", said).json()
    assert answer["statusCodes"] == [200, 201, 201]
    knows, keen, new = answer["stages"]
    assert (knows["id"], knows["weight"], knows["isPublished"]) == (aware.pk, 0, False)
    assert keen["id"] not in (aware.pk, engaged.pk)
    assert (new["isPublished"], new["weight"]) == (True, 0)


def test_a_batch_deletes_and_contacts_stand_in_none(
    application: Application, aware: Stage, engaged: Stage, operator: TeamMember
) -> None:
    contacts = [contact_in(stage, by=operator) for stage in (aware, engaged, aware)]
    answer = application.delete(f"/stages/batch/delete?ids[0]={aware.pk}&ids[1]=x&ids[2]={engaged.pk}").json()
    assert answer["statusCodes"] == [200, 404, 200]
    assert {number: stage["name"] for number, stage in answer["stages"].items()} == {"0": "Aware", "2": "Engaged"}
    assert [moves(contact)[-1] for contact in contacts] == ["Aware > none", "Engaged > none", "Aware > none"]
    assert_explained()


@pytest.mark.parametrize("said", ['{"name": "B"}', '[1, "x", null, []]', '{"0": {"name": "B"}, "x": {}}'])
def test_a_batch_of_something_else_writes_nothing(application: Application, said: str) -> None:
    response = application.post("/stages/batch/new", said)
    assert response.status_code == 400 or response.json()["statusCodes"] == [400] * 4
    assert Stage.objects.count() == 5


def test_two_hundred_cost_no_more_queries_than_two(application: Application) -> None:
    application.get("/stages")
    for count, first in ((2, 0), (200, 2)):
        said = [{"name": f"Stage {first + number}", "weight": 5} for number in range(count)]
        with assertNumQueries(8):  # token, role; names, stages, two savepoints
            made = application.post("/stages/batch/new", said).json()["stages"]
        with assertNumQueries(8):  # token, role; the stages as they are and as they become, two savepoints
            edited = application.patch(
                "/stages/batch/edit", [{"id": stage["id"], "weight": 7} for stage in made]
            ).json()
        assert edited["statusCodes"] == [200] * count
    assert Stage.objects.filter(weight=7).count() == 202


# Contacts of a stage


def test_adding_follows_the_movement_rules(
    application: Application, administrator: TeamMember, aware, customer
) -> None:
    contact = contact_in(customer, cause=Cause.API)
    assert application.post(f"/stages/{aware.pk}/contact/{contact.pk}/add").json() == {
        "success": 1,
        "review_needed": True,
    }
    token = application.token.pk if application.token else None
    change = last_change(contact)
    assert Signed.of(change) == Signed("api", administrator.pk, via=token, review_needed=True)
    MovementRule.objects.create(cause="api", to_lower_weight="refuse", onto_lost="refuse")
    application.post(f"/stages/{customer.pk}/contact/{contact.pk}/add")
    rows = StatusChange.objects.count()
    refused = application.post(f"/stages/{aware.pk}/contact/{contact.pk}/add")
    assert refused.json() == error(409, "Contact was not able to move into this stage.")
    assert StatusChange.objects.count() == rows
    assert status_of(contact).stage == customer


def test_adding_where_it_is_writes_nothing(application: Application, aware: Stage) -> None:
    contact = contact_in(aware)
    rows = StatusChange.objects.count()
    assert application.post(f"/stages/{aware.pk}/contact/{contact.pk}/add").json() == {"success": 1}
    assert StatusChange.objects.count() == rows


def test_a_stage_set_by_hand_lately_is_not_overridden_unnoticed(
    application: Application, operator: TeamMember, aware: Stage, customer: Stage, promoter: Stage
) -> None:
    contact = contact_in(aware)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator)
    assert application.post(f"/stages/{promoter.pk}/contact/{contact.pk}/add").json()["review_needed"] is True
    assert status_of(contact).review_needed


def test_removing_leaves_no_stage_and_lost_stays(application: Application, customer: Stage) -> None:
    contact, lost = contact_in(customer), contact_in(customer, lost=True, cause=Cause.API)
    for person in (contact, lost):
        assert application.post(f"/stages/{customer.pk}/contact/{person.pk}/remove").json()["success"] == 1
    assert moves(contact)[-1] == "Customer > none"
    assert moves(lost)[-1] == "lost from Customer > lost from none"
    assert_explained()


def test_removing_from_where_it_is_not_writes_nothing(application: Application, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware)
    rows = StatusChange.objects.count()
    assert application.post(f"/stages/{customer.pk}/contact/{contact.pk}/remove").json() == {"success": 1}
    assert StatusChange.objects.count() == rows
