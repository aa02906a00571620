"""Search: contacts, stages, segments and labels by what somebody types, with and without JavaScript."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.models import Label
from journeys.search import queries
from journeys.search.queries import SOURCES, Hit, Source, is_in_name
from stages.models import Stage
from tests.api.application import Application
from tests.factories import ContactFactory, LabelFactory, StageFactory, TeamMemberFactory, contact_in
from tests.journeys.segmenting import segment_of

SEARCH = "/search"
WHILE_TYPING: dict[str, Any] = {"HX-Request": "true", "HX-Target": "search-results"}
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def vera(client_of: ClientOf, viewer: TeamMember) -> Client:
    return client_of(viewer)


def found(client: Client, text: str, **headers: Any) -> dict[str, list[str]]:
    response = client.get(SEARCH, {"q": text}, headers=headers)
    assert response.status_code == 200
    return {group.heading: [hit.name for hit in group.hits] for group in response.context["groups"]}


def test_it_is_for_people_with_a_role(client: Client, client_of: ClientOf, db: None) -> None:
    nobody = client_of(TeamMemberFactory())
    assert client.get(SEARCH)["Location"] == "/sign-in?next=/search"
    refused = nobody.get(SEARCH, {"q": "a"})
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text
    assert 'role="search"' not in refused.text


def test_everything_of_a_name_is_found_and_leads_to_its_page(
    vera: Client, customer: Stage, marketer: TeamMember
) -> None:
    segment = segment_of(customer, marketer, name="Old customers", description="Ask them.")
    label = LabelFactory(name="customers of may", colour="#112233")
    contact = contact_in(customer, first_name="Ida", last_name="Customs", email="ida@example.com", lost=True)
    assert found(vera, "cust") == {
        "Contacts": ["Ida Customs"],
        "Stages": ["Customer", "Loyal Customer"],
        "Segments": ["Old customers"],
        "Labels": ["customers of may"],
    }
    page = vera.get(SEARCH, {"q": "cust"}).text
    for address in (
        f"/contacts/{contact.pk}",
        f"/stages/{customer.pk}",
        f"/segments/{segment.pk}",
        f"/labels/{label.pk}",
    ):
        assert f'<a class="search-option" href="{address}">' in page
    for note in ("ida@example.com", "Ask them."):
        assert f'<span class="search-note">{note}</span>' in page
    assert "Lost from" in page
    assert 'fill="#112233"' in page
    assert found(vera, "cust may") == {"Labels": ["customers of may"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("bo@example.org", ["Bo Lund"]),
        ("example.org", ["Bo Lund"]),
        ("bo", ["Bo Lund"]),
        ("10023", ["Bo Lund"]),
        ("ORD-10023", ["Bo Lund"]),
        ("acm", ["Bo Lund"]),
        ("+49 (30) 231", ["Bo Lund"]),
        ("LUND bo", ["Bo Lund"]),
        ("und", []),
        ("zzz", []),
        ("!", []),
        ("%", []),
        ("_", []),
        ("\u200f", []),
        ("<script>", []),
        ("x" * 5000, []),
        ("' AND 1=1 --", []),
    ],
)
def test_a_contact_is_found_by_whatever_tells_it_apart(vera: Client, text: str, names: list[str]) -> None:
    ContactFactory(
        first_name="Bo",
        last_name="Lund",
        email="bo@example.org",
        external_id="ORD-10023",
        company="Acme",
        phone="+49 30 231-25",
    )
    for headers in ({}, WHILE_TYPING):
        assert found(vera, text, **headers).get("Contacts", []) == names


@pytest.mark.parametrize(
    "text",
    [
        "bo lund",
        "LU",
        "lund@",
        "@example.org",
        "example",
        "bo.lund@example.org",
        "+49 (30) 231",
        "231",
        "acm",
        "ord-10",
        "10023",
        "%",
        "zzz",
        "\u200fbo",
    ],
)
def test_the_list_the_top_bar_and_both_apis_find_the_same(vera: Client, administrator: TeamMember, text: str) -> None:
    ContactFactory(first_name="Bo", last_name="Lund", email="bo.lund@example.org", phone="+49 30 231-25")
    ContactFactory(first_name="Ada", last_name="Berg", company="Acme", external_id="ORD-10023")
    ContactFactory(first_name="Lu", last_name="", email=None, phone="231")
    application = Application(administrator)
    listed = [contact.pk for contact in vera.get("/contacts", {"q": text}).context["page"].contacts]
    groups = vera.get(SEARCH, {"q": text}).context["groups"]
    v1 = application.get(f"/v1/contacts?{urlencode({'q': text})}").json()["items"]
    wire = application.get(f"/contacts?{urlencode({'search': text})}").json()["contacts"]
    assert [hit.number for group in groups if group.heading == "Contacts" for hit in group.hits] == listed
    assert [one["id"] for one in v1] == listed
    assert sorted(map(int, wire), reverse=True) == listed


def test_somebody_elses_own_segment_is_not_found(
    vera: Client, client_of: ClientOf, marketer: TeamMember, customer: Stage
) -> None:
    segment_of(customer, marketer, name="Mine", is_for_all=False)
    assert found(vera, "mine") == {}
    assert found(client_of(marketer), "mine") == {"Segments": ["Mine"]}


def test_retired_stages_are_not_found(vera: Client) -> None:
    old = StageFactory(name="Old")
    assert found(vera, "old") == {"Stages": ["Old"]}
    Stage.objects.filter(pk=old.pk).update(retired_at="2026-01-01T00:00:00Z")
    assert found(vera, "old") == {}


def test_what_a_role_may_not_open_is_not_found(
    monkeypatch: pytest.MonkeyPatch, vera: Client, client_of: ClientOf, marketer: TeamMember
) -> None:
    secret = Source("Imports", lambda text, by, limit: [Hit("journeys:run", 1, "secret")], Role.MARKETER)
    monkeypatch.setattr(queries, "SOURCES", (*SOURCES, secret))
    assert found(vera, "secret") == {}
    assert found(client_of(marketer), "secret") == {"Imports": ["secret"]}


def test_few_are_shown_while_typing_and_more_on_the_page(vera: Client) -> None:
    for number in range(25):
        ContactFactory(first_name=f"Ada{number:02}", last_name="")
    Label.objects.bulk_create(Label(name=f"ada {number:02}") for number in range(7))
    newest = [f"Ada{number:02}" for number in reversed(range(25))]
    typing = found(vera, "ada", **WHILE_TYPING)
    assert typing["Contacts"] == newest[:6]
    assert typing["Labels"] == [f"ada {number:02}" for number in range(6)]
    assert found(vera, "ada")["Contacts"] == newest[:20]
    part = vera.get(SEARCH, {"q": "ada"}, headers=WHILE_TYPING).text
    assert 'data-said="6 or more contacts, 6 or more labels found"' in part
    page = vera.get(SEARCH, {"q": "ada"}).text
    assert '<a href="/contacts?q=ada">All contacts found by “ada”</a>' in page


def test_the_part_is_a_list_of_options_with_one_for_the_page(vera: Client) -> None:
    ContactFactory(first_name="Ada")
    part = vera.get(SEARCH, {"q": "ada <b>"}, headers=WHILE_TYPING).text
    assert part.startswith('<div id="search-results"')
    assert "<html" not in part
    assert "Nothing found for “ada &lt;b&gt;”" in part
    part = vera.get(SEARCH, {"q": "ada"}, headers=WHILE_TYPING).text
    assert part.count('role="option"') == 2
    assert 'href="/search?q=ada"' in part
    assert 'data-said="1 contact found"' in part
    assert 'role="listbox"' not in vera.get(SEARCH, {"q": " "}, headers=WHILE_TYPING).text


def test_without_words_it_says_what_can_be_found(vera: Client) -> None:
    assert "A name, an e-mail or a part of it" in vera.get(SEARCH).text
    assert "Nothing is found by these words" in vera.get(SEARCH, {"q": "zzz"}).text


def test_the_words_stay_in_both_fields(vera: Client) -> None:
    assert vera.get(SEARCH, {"q": '"ada'}).text.count('value="&quot;ada"') == 2


def test_every_page_leads_to_it(vera: Client) -> None:
    page = vera.get("/contacts").text
    assert '<form class="search" role="search" action="/search">' in page
    assert page.count('role="status"') == 1


def test_a_nul_is_refused_and_only_reading_is_answered(vera: Client) -> None:
    assert vera.get(f"{SEARCH}?q=%00").status_code == 400
    assert vera.post(SEARCH).status_code == 405


@pytest.mark.parametrize(
    ("text", "name", "fits"),
    [
        ("may", "Customers of May", True),
        ("of cust", "Customers of May", True),
        ("ustom", "Customers", False),
        ("ÉCO", "école", True),
        ("a-b", "A B", True),
        ("may june", "May", False),
    ],
)
def test_a_name_is_found_by_the_beginnings_of_its_words(text: str, name: str, fits: bool) -> None:
    assert is_in_name(text, name) is fits


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(
    vera: Client, customer: Stage, marketer: TeamMember, count: int
) -> None:
    for number in range(count):
        contact_in(customer, first_name="Ada")
        LabelFactory(name=f"ada {number}")
        segment_of(customer, marketer, name=f"Ada {number}")
    vera.get(SEARCH)
    with assertNumQueries(12):
        # Session, person, organisation, role; how common, who, contacts, labels carried; stages; segments; labels;
        # web forms.
        vera.get(SEARCH, {"q": "ada"}, headers=WHILE_TYPING)
    with assertNumQueries(4):
        vera.get(SEARCH, {"q": "!"}, headers=WHILE_TYPING)
