"""Whatever is sent: an answer in the wire's shape, never a 5xx, and nothing written where it is refused."""

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.http import HttpResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.team.models import TeamMember
from contacts.models import Attribute
from stages.models import Category, Stage
from tests.api.application import FORM, JSON, Application, error
from tests.factories import LabelFactory, contact_in

MANY = settings.default.max_examples > 1000
generated = settings(
    max_examples=500 if MANY else 25,
    deadline=None,
    derandomize=not MANY,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

READS = ["/stages", "/stages/{stage}", "/contacts", "/contacts/{contact}", "/contacts/{contact}/activity"]
WRITES = [
    ("POST", "/stages/new"),
    ("PUT", "/stages/{stage}/edit"),
    ("PATCH", "/stages/{stage}/edit"),
    ("DELETE", "/stages/{stage}/delete"),
    ("POST", "/stages/batch/new"),
    ("PUT", "/stages/batch/edit"),
    ("PATCH", "/stages/batch/edit"),
    ("DELETE", "/stages/batch/delete"),
    ("POST", "/stages/{stage}/contact/{contact}/add"),
    ("POST", "/stages/{stage}/contact/{contact}/remove"),
    ("POST", "/stages/{stage}/contact/add/{contact}"),
    ("POST", "/stages/{stage}/contact/remove/{contact}"),
    ("POST", "/contacts/new"),
    ("PUT", "/contacts/{contact}/edit"),
    ("PATCH", "/contacts/{contact}/edit"),
    ("DELETE", "/contacts/{contact}/delete"),
]
OPERATIONS = [*(("GET", path) for path in READS), *WRITES]
WITH_BODY = [(method, path) for method, path in WRITES if method != "DELETE"]


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


@pytest.fixture
def things(aware: Stage, customer: Stage) -> dict[str, int]:
    Category.objects.create(title="Sales", alias="sales")
    LabelFactory(name="vip")
    for kind in Attribute.Type:
        Attribute.objects.create(name=kind.label, key=f"of-{kind.value.replace('_', '-')}", type=kind, choices=["a"])
    return {"stage": customer.pk, "contact": contact_in(aware, email="ana@example.com").pk}


def written() -> list[str]:
    """A fingerprint of what the wire can write."""
    tables = ("stages_stage", "contacts_contact", "contacts_label", "contacts_carriedlabel", "journeys_statuschange")
    with connection.cursor() as cursor:
        prints = []
        for table in tables:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t")
            prints.append(cursor.fetchone()[0])
        return prints


def check(response: HttpResponse, before: list[str]) -> int:
    """It is an answer of the wire, and a refusal wrote nothing."""
    code = response.status_code
    answer = response.json()
    assert code < 500, answer
    assert response["Content-Type"] == "application/json"
    assert response["Mautic-Version"]
    if code >= 400:
        (said,) = answer["errors"]
        assert (said["code"], said["type"], list(said)) == (code, None, ["code", "message", "details", "type"])
        assert said["message"]
        assert written() == before
    else:
        assert code in (200, 201)
    return code


# Bodies that cannot be read


@pytest.mark.parametrize(
    ("encoding", "body", "status", "message"),
    [
        (JSON, b"{", 400, "The body is not JSON that can be read."),
        (JSON, b"{'name': 'B'}", 400, "The body is not JSON that can be read."),
        (JSON, b'{"name": NaN}', 400, "The body is not JSON that can be read."),
        (JSON, b'{"weight": -Infinity}', 400, "The body is not JSON that can be read."),
        (JSON, b'{"name": "\\ud800"}', 400, "The body is not JSON that can be read."),
        (JSON, b'{"weight": ' + b"9" * 5000 + b"}", 400, "The body is not JSON that can be read."),
        (JSON, b"[" * 100_000, 400, "The body is not JSON that can be read."),
        (JSON, b'{"a":' * 100_000, 400, "The body is not JSON that can be read."),
        (JSON, b'{"name": "a\\u0000b"}', 400, "The body holds a NUL character."),
        (JSON, b'{"a": [{"b\\u0000": 1}]}', 400, "The body holds a NUL character."),
        (JSON, b"\xff\xfe", 400, "The body cannot be read."),
        (JSON, b"7", 400, "The body has to be a JSON object or array."),
        (JSON, b'"name"', 400, "The body has to be a JSON object or array."),
        (JSON, b'{"name": "' + b"x" * 10_000_000 + b'"}', 413, "The body is too large."),
        (FORM, b"name=%00", 400, "The body holds a NUL character."),
        (FORM, b"a[%00]=1", 400, "The body holds a NUL character."),
        (FORM, b"name=%ff", 400, "The body cannot be read."),
        (FORM, b"&".join(b"a=1" for _ in range(4001)), 400, "The body cannot be read."),
        (FORM, b"a" + b"[b]" * 9 + b"=1", 400, "Names may be nested up to 7 deep."),
        (FORM, b"name=" + b"x" * 10_000_000, 413, "The body is too large."),
    ],
)
def test_a_body_that_cannot_be_read(
    things, administrator: TeamMember, encoding: str, body: bytes, status: int, message: str
) -> None:
    before = written()
    application = Application(administrator, encoding=encoding)
    for method, path in WITH_BODY:
        response = application.call(method, path.format(**things), body)
        assert (path, response.status_code, response.json()) == (path, status, error(status, message))
    assert written() == before


# Values that mean nothing


AWKWARD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**400, 1e308, "", " ", "7", "x" * 5000, "NaN"),
    *("1e999999", "9" * 5000, "\ud83e\udd37", "<script>", "'", "%", "٣", "2026-02-30", "9999-12-31T23:59:59-14:00"),
    *("0001-01-01T00:00:00+14:00", "1969-12-31", "2201-01-01", [], {}, [1], {"id": 1}, {"id": {}}, [[[]]], "#12345g"),
]
STAGE_KEYS = ["name", "weight", "description", "isPublished", "category", "publishUp", "publishDown", "color", "id"]
CONTACT_KEYS = [
    *("firstname", "email", "phone", "external_id", "account_state", "lastActive", "last_open_at", "tags", "stage"),
    *("of-text", "of_number", "of_date", "of_yes_no", "of_choice", "review_needed"),
]

REFUSED: dict[str, list[Any]] = {
    "name": [None, "", " ", True, [], {}, "x" * 101],
    "weight": [True, "heavy", 2**31, -(2**31) - 1, 1e308, "1e999999", "9" * 5000, "NaN", [], {}],
    "description": [True, [], {}],
    "category": ["x", -1, 1.5, True, 2**63, [], 987654, {"id": {}}],
    "publishUp": ["soon", "2026-02-30", "1969-12-31", "2201-01-01", 7, True, [], {}],
    "publishDown": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
    "color": ["red", "#12345g", "", None, [], 7],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_value_of_a_stage_is_refused_beside_its_name(things, application: Application, name: str) -> None:
    before = written()
    for value in REFUSED[name]:
        for method, path in WITH_BODY[:3]:
            response = application.call(method, path.format(**things), {"name": "B", name: value})
            (said,) = response.json()["errors"]
            assert (value, response.status_code, list(said["details"])) == (value, 400, [name])
            assert said["message"] == f"{name}: {said['details'][name][0]}"
        batch = application.patch("/stages/batch/edit", [{"id": things["stage"], name: value}])
        assert batch.json()["statusCodes"] == [400]
        assert list(batch.json()["errors"][0]["details"]) == [name]
    assert written() == before


REFUSED_OF_CONTACTS: list[tuple[str, Any]] = [
    ("email", "nobody"),
    ("email", "x" * 250 + "@example.com"),
    ("email", ["a@example.com"]),
    ("firstname", "x" * 151),
    ("firstname", {}),
    ("phone", True),
    ("external_id", "x" * 201),
    ("account_state", "asleep"),
    ("account_state", None),
    ("lastActive", "yesterday"),
    ("last_click_at", "2026-13-01"),
    ("tags", {"a": 1}),
    ("tags", [["a"]]),
    ("tags", ["x" * 101]),
    ("tags", [f"tag {number}" for number in range(101)]),
    ("stage", "Customer"),
    ("stage", 987654),
    ("stage", 2**63),
    ("of_number", "many"),
    ("of_number", "1e400"),
    ("of-number", []),
    ("of_date", "2026-02-30"),
    ("of_choice", "b"),
    ("of_text", "x" * 2001),
]


def test_a_wrong_value_of_a_contact_is_refused_beside_its_name(things, application: Application) -> None:
    before = written()
    for name, value in REFUSED_OF_CONTACTS:
        for method, path in (("POST", "/contacts/new"), ("PATCH", "/contacts/{contact}/edit")):
            response = application.call(method, path.format(**things), {"email": "bo@example.com", name: value})
            (said,) = response.json()["errors"]
            assert (name, value, response.status_code, list(said["details"])) == (name, value, 400, [name])
    assert written() == before


BREAKERS: list[Any] = [
    *(2**63, 10**400, 1e308, "x" * 5000, "9" * 5000, "1e999999", "\u0663", [[[]]], {"id": {}}),
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
]


@pytest.mark.parametrize(
    ("keys", "operations"), [(STAGE_KEYS, WITH_BODY[:3]), (CONTACT_KEYS, WITH_BODY[-3:])], ids=["stage", "contact"]
)
def test_no_value_under_any_key_breaks_anything(things, application: Application, keys: list, operations: list) -> None:
    before = written()
    for method, path in operations:
        for name in keys:
            for value in BREAKERS:
                if check(application.call(method, path.format(**things), {name: value}), before) < 400:
                    before = written()


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_every_awkward_value_in_a_batch(things, application: Application, method: str) -> None:
    for name in STAGE_KEYS:
        items = [{"id": things["stage"], "name": f"B {number}", name: value} for number, value in enumerate(AWKWARD)]
        answer = application.call(method, "/stages/batch/edit", items).json()
        assert len(answer["statusCodes"]) == len(AWKWARD)
        assert {code for code in answer["statusCodes"] if code >= 500} == set()
    for item in AWKWARD:
        before = written()
        check(application.call(method, "/stages/batch/edit", [item]), before)


# Ids and query strings


@pytest.mark.parametrize(
    "number", ["0", "987654", str(2**63), str(2**63 - 1), "9" * 30, "9" * 5000, "-1", "1.5", "x", "%00"]
)
def test_an_unknown_id_is_not_found(things, application: Application, number: str) -> None:
    before = written()
    for method, path in OPERATIONS:
        for name in things:
            address = path.format(**{**things, name: number})
            if address != path.format(**things):
                code = check(application.call(method, address), before)
                is_number = number.isdigit() and len(number) < 4000
                assert (address, code) == (address, 400 if method == "PUT" and is_number else 404)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("orderBy=secret", "orderBy: There is no column 'secret'."),
        ("orderBy=s.password", "orderBy: There is no column 'password'."),
        ("orderBy=" + "x" * 500, f"orderBy: There is no column '{'x' * 40}'."),
        ("order[0][col]=secret", "orderBy: There is no column 'secret'."),
        ("order=name", "order: This value is not valid."),
        ("order[0]=name", "order: This value is not valid."),
        ("where=1", "where: This value is not valid."),
        ("where[0]=1", "where: This value is not valid."),
        ("where[0][col]=secret&where[0][expr]=eq&where[0][val]=1", "where: There is no column 'secret'."),
        ("where[0][col][a]=1&where[0][expr]=eq", "where: This value is not valid."),
        ("where[0][col]=id&where[0][expr]=regexp&where[0][val]=1", "where: There is no expression 'regexp'."),
        ("where[0][col]=id&where[0][expr]=eq&where[0][val]=x", "where: This value is not valid."),
        ("where[0][col]=id&where[0][expr]=eq", "where: This value is not valid."),
        (f"where[0][col]=id&where[0][expr]=gt&where[0][val]={2**63}", "where: This value is not valid."),
        ("where[0][col]=id&where[0][expr]=like&where[0][val]=1", "where: like needs a column of text."),
        ("where[0][col]=id&where[0][expr]=between&where[0][val]=1", "where: Give 2 values."),
        ("where[0][col]=dateAdded&where[0][expr]=gt&where[0][val]=x", "where: Please enter a valid date and time."),
        ("search=%00", "The query string holds a NUL character."),
        ("search=%ff", "The query string cannot be read."),
        ("a" + "[b]" * 9 + "=1", "Names may be nested up to 7 deep."),
    ],
)
@pytest.mark.parametrize("path", ["/stages", "/contacts"])
def test_an_unknown_column_expression_or_value_is_a_400(
    things, application: Application, path: str, query: str, message: str
) -> None:
    response = application.get(f"{path}?{query}")
    assert (response.status_code, response.json()) == (400, error(400, message))


def test_a_like_that_is_too_long_is_a_400(application: Application) -> None:
    query = urlencode({"where[0][col]": "name", "where[0][expr]": "like", "where[0][val]": "%" * 301})
    assert application.get(f"/stages?{query}").json() == error(400, "where: Give at most 300 characters.")


# Generated


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(AWKWARD),
    st.datetimes().map(str),
    st.sampled_from(["Aware", "ana@example.com", "vip", "-vip", "active", "inactive", "a"]),
    st.integers(1, 6),
)
nested = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
keys = st.sampled_from(STAGE_KEYS + CONTACT_KEYS) | texts
objects = st.dictionaries(keys, plain, max_size=5) | st.dictionaries(keys, nested, max_size=3)
bodies = st.one_of(objects, st.lists(objects, max_size=3), nested, st.none(), st.binary(max_size=20))

columns = (
    st.sampled_from(["id", "s.name", "isPublished", "weight", "date_added", "email", "createdByUser", "x"]) | texts
)
expressions = st.sampled_from(
    [
        *("eq", "neq", "lt", "lte", "gt", "gte", "like", "notLike", "in", "notIn", "between", "isNull", "isNotNull"),
        *("isEmpty", "isNotEmpty", "andX", "orX"),
    ]
)
parameters = st.sampled_from(
    [
        *("search", "searchFilter", "start", "limit", "orderBy", "orderByDir", "publishedOnly", "published", "minimal"),
        *("where", "order", "ids", "ids[]", "page", "filters[includeEvents][]", "includeEvents", "access_token[]"),
        *("where[0][col]", "where[0][expr]", "where[0][val]", "where[0][val][]", "order[0][col]", "order[0][dir]"),
    ]
)
words = st.one_of(
    texts,
    st.sampled_from(["is:mine", "is:published", "ids:1,x,2", "category:sales", "email:ana@example.com", "tag:vip"]),
    st.sampled_from(['"', "\\", "'", "%", "_", "(", "&", ":*"]),
    st.integers(-(2**70), 2**70).map(str),
    columns,
)
conditions = st.tuples(columns, expressions, words).map(
    lambda said: [("where[0][col]", said[0]), ("where[0][expr]", said[1]), ("where[0][val]", said[2])]
)
queries = st.one_of(
    conditions, st.lists(st.tuples(parameters, words), max_size=4), st.lists(st.tuples(texts, words), max_size=2)
).map(lambda pairs: "&".join(f"{quote(name, safe='[]')}={quote(value)}" for name, value in pairs))


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@generated
@given(data=st.data(), query=queries, encoding=st.sampled_from([JSON, FORM]))
def test_no_request_breaks_an_operation(
    things, administrator: TeamMember, method: str, path: str, data: st.DataObject, query: str, encoding: str
) -> None:
    application = Application(administrator, encoding=encoding)
    body = data.draw(bodies) if (method, path) in WITH_BODY else None
    if encoding == FORM and not isinstance(body, dict | list | bytes):
        body = None
    if isinstance(body, int | float | str | bool):
        body = json.dumps(body)
    before = written()
    check(application.call(method, f"{path.format(**things)}?{query}", body), before)
