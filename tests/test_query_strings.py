"""No page breaks, whatever stands in its address."""

from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.team.roles import Role
from tests.test_routes import ADMIN, NO_SUCH_METHOD, TABLE, World, signed_in, world

__all__ = ["world"]

PAGES = [name for name, row in TABLE.items() if row.get != NO_SUCH_METHOD and name != "admin:*"]

NAMES = [
    *("q", "stage", "lost", "label", "account_state", "newer_than", "older_than", "next", "date", "segment"),
    *(
        "what",
        "start",
        "end",
        "direction",
        "cause",
        "person",
        "since",
        "until",
        "contact",
        "to",
        "column",
        "columns",
        "sort",
        "like",
        "history",
        "stays",
        "kind",
        "state",
        "undone",
        "outcome",
        "event",
        "place",
        "before",
        "after",
        "seen",
        "preview",
        "period",
        "term",
        "was",
        "report",
        "of",
        "reached",
        "reason",
        "days",
        "class_of",
        "first",
        "last",
        "came_back",
        "by",
        "longer",
        "up_to",
        "behind",
        "act",
        "beside_since",
        "beside_until",
        "changes",
        "format",
        "imported",
        "afresh",
        "counted",
        "patient",
        "foreseen",
        "parent",
        "branch",
        "web_form",
        "theme",
        "sent",
    ),
    *("p", "o", "e", "all", "_popup", "_to_field", "_facets", "_changelist_filters", "id", "pk", "id__in"),
    *("stage__id__exact", "account_state__exact", "cause__exact", "is_active__exact", "email__regex", "search__gt"),
    *("app_label", "model_name", "field_name", "term", "page"),
]

VALUES = [
    *("", " ", "0", "1", "-1", "1.5", "1e9", "9" * 19, "9" * 30, "-" + "9" * 30, "9" * 5000, "NaN", "inf", "٣", "²"),
    *("2026-02-30", "0000-00-00", "0001-01-01", "9999-12-31", "2026-05-03T25:61", "2026-05-03", "10000-01-01"),
    *(
        "\0",
        "a\0b",
        "\ud800",
        "\ufffe",
        "🤷",
        "ß" * 300,
        "x" * 9000,
        "'",
        '"',
        "\\",
        "%",
        "_",
        "(",
        "[",
        "*",
        ":*",
        "&",
    ),
    *("<script>", "{{", "//evil.example/", "https://evil.example/", "/stages", "none", "any", "outside", "none-lost"),
    *(
        "yes",
        "no",
        "on",
        "true",
        "null",
        "1-lost",
        "1.1",
        "1-1735689600000",
        "unchanged",
        "1735689600000000.5",
        "1," * 500,
        "\r\nX: y",
        "a b c d " * 40,
    ),
]

AS_IT_IS = ["%", "%zz", "%ff", "%c0%80", "=&=&", "&&&", "?", "a=%ff&a=%fe", "q=%ed%a0%80", ";", "%00", "[]=1&[x]=2"]


def _quoted(text: str) -> str:
    return quote(text, errors="surrogatepass")


names = st.sampled_from(NAMES) | st.text(max_size=12)
values = st.sampled_from(VALUES) | st.text(max_size=40) | st.integers().map(str) | st.dates().map(str)
pairs = st.tuples(names, values).map(lambda pair: f"{_quoted(pair[0])}={_quoted(pair[1])}")
queries = st.lists(pairs | st.sampled_from(AS_IT_IS), max_size=5).map("&".join)
headers = st.sampled_from(
    [{}, {"HX-Request": "true", "HX-Target": "dialog"}, {"HX-Request": "true", "HX-Target": "\\"}]
)

many = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def client(world: World) -> Client:
    """Somebody who may open every page."""
    return signed_in(world.people[Role.ADMINISTRATOR])


def ask(client: Client, address: str, query: str, sent: dict[str, str] | None = None) -> int:
    return client.get(f"{address}?{query}", headers=sent or {}).status_code  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PAGES)
@many
@given(query=queries, sent=headers)
@example(query="q=%00", sent={})
@example(query="%00=1", sent={})
def test_no_query_string_breaks_a_page(
    world: World, client: Client, name: str, query: str, sent: dict[str, str]
) -> None:
    assert ask(client, world.address(name), query, sent) < 500


@pytest.mark.parametrize("page", [page for page in ADMIN if not page.endswith("delete")])
@many
@given(query=queries)
@example(query="email=%00")
@example(query="q=%00")
def test_no_query_string_breaks_a_page_of_the_admin(client: Client, page: str, query: str) -> None:
    assert ask(client, ADMIN[page](), query) < 500


@pytest.mark.parametrize("name", [name for name in PAGES if TABLE[name].args])
@pytest.mark.parametrize("number", [0, 1, 2**31, 2**63 - 1, 2**63, 10**40])
def test_no_number_in_a_path_breaks_a_page(client: Client, world: World, name: str, number: int) -> None:
    world.things = dict.fromkeys(world.things, number)
    assert ask(client, world.address(name), "") < 500


@pytest.mark.parametrize("name", PAGES)
def test_every_awkward_value_in_every_known_place(client: Client, world: World, name: str) -> None:
    for value in VALUES:
        query = "&".join(f"{known}={_quoted(value[:500])}" for known in NAMES)
        assert (value, ask(client, world.address(name), query) < 500) == (value, True)
