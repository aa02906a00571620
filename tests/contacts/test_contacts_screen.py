"""Contacts: search, filters, pages, roles, and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, Contact, KeptColumns
from contacts.search import queries as search
from contacts.search.queries import search_for
from journeys.book import queries
from journeys.book.queries import Count, how_many
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, StageFactory, TeamMemberFactory, contact_in, standing

CONTACTS = "/contacts"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

ClientOf = Callable[[TeamMember], Client]


def found(client: Client, **query: Any) -> list[str]:
    """The first names of the contacts on the page, in its order."""
    response = client.get(CONTACTS, query)
    assert response.status_code == 200
    return [contact.first_name for contact in response.context["page"].contacts]


def total(client: Client, **query: Any) -> str:
    return str(client.get(CONTACTS, query).context["count"])


@pytest.fixture
def ana(client_of: ClientOf, viewer: TeamMember) -> Client:
    return client_of(viewer)


# Who may


def test_it_is_for_people_who_signed_in(client: Client, viewer: TeamMember) -> None:
    assert client.get(CONTACTS)["Location"] == "/sign-in?next=/contacts"


def test_somebody_without_a_role_is_told_which_one_is_needed(client_of: ClientOf, db: None) -> None:
    refused = client_of(TeamMemberFactory()).get(CONTACTS)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


@pytest.mark.parametrize(
    ("role", "acts"), [("viewer", False), ("operator", True), ("marketer", True), ("administrator", True)]
)
def test_operators_and_up_act_and_viewers_read(
    request: Any, client_of: ClientOf, db: None, role: str, acts: bool
) -> None:
    contact = ContactFactory()
    page = client_of(request.getfixturevalue(role)).get(CONTACTS).text
    assert ('href="/contacts/new"' in page) is acts
    assert (f"/contacts/{contact.pk}/change-status" in page) is acts
    assert f'href="/contacts/{contact.pk}"' in page


# What is shown


def test_a_row_says_who_where_since_when_and_what_is_carried(
    ana: Client, customer: Stage, operator: TeamMember
) -> None:
    reason = LostReason.objects.get(name="No answer")
    contact = contact_in(
        customer,
        lost=True,
        reason=reason,
        first_name="Ida",
        last_name="Berg",
        email="ida@example.com",
        company="Berg Glass",
        last_open_at=LONG_AGO,
    )
    put_on_label(
        contacts=[contact.pk], label=LabelFactory(name="trade-fair"), by=operator, cause=Cause.MANUAL, run_id=None
    )

    page = ana.get(CONTACTS).text

    assert "Ida Berg" in page
    assert "ida@example.com" in page
    assert "Lost from" in page
    assert "No answer" in page
    assert "trade-fair" in page
    assert "Berg Glass" in page
    assert 'title="1 Jan 2026, 00:00:00 UTC"' in page


def test_the_newest_is_first(ana: Client) -> None:
    for name in ("Ada", "Ben", "Cleo"):
        ContactFactory(first_name=name)
    assert found(ana) == ["Cleo", "Ben", "Ada"]
    assert total(ana) == "3"


def test_a_contact_without_a_name_goes_by_its_external_id(ana: Client) -> None:
    ContactFactory(first_name="", last_name="", email=None, external_id="lead-0012")
    assert '">lead-0012</a>' in ana.get(CONTACTS).text


# Filters


@pytest.fixture
def people(aware: Stage, customer: Stage, promoter: Stage) -> None:
    contact_in(aware, first_name="Aware")
    contact_in(customer, first_name="Customer")
    contact_in(customer, first_name="Gone", lost=True)
    contact_in(aware, first_name="Left", lost=True)
    contact_in(None, first_name="None")
    contact_in(None, first_name="Nowhere", lost=True)
    contact_in(promoter, first_name="Promoter")


ALL = ["Promoter", "Nowhere", "None", "Left", "Gone", "Customer", "Aware"]


@pytest.mark.parametrize(
    ("stage", "lost", "names"),
    [
        ("", "", ALL),
        ("customer", "", ["Customer"]),
        ("customer", "no", ["Customer"]),
        ("customer", "yes", ["Gone"]),
        ("any", "", ["Promoter", "Customer", "Aware"]),
        ("any", "yes", ["Left", "Gone"]),
        ("none", "", ["None"]),
        ("none", "yes", ["Nowhere"]),
        ("", "yes", ["Nowhere", "Left", "Gone"]),
        ("", "no", ["Promoter", "None", "Customer", "Aware"]),
        ("loyal", "", []),
    ],
)
def test_in_a_stage_is_not_lost_and_every_place_can_be_asked_for(
    request: Any, ana: Client, people: None, stage: str, lost: str, names: list[str]
) -> None:
    value = str(request.getfixturevalue(stage).pk) if stage in ("customer", "loyal") else stage
    assert found(ana, stage=value, lost=lost) == names
    assert total(ana, stage=value, lost=lost) == str(len(names))


def test_a_stage_and_what_else_is_asked_for_hold_together(ana: Client, people: None, customer: Stage) -> None:
    label = LabelFactory()
    pks = list(Contact.objects.filter(first_name__in=["Aware", "Customer", "Gone"]).values_list("pk", flat=True))
    put_on_label(contacts=pks, label=label, by=None, cause=Cause.MANUAL)
    Contact.objects.filter(first_name="Gone").update(account_state="inactive")

    assert found(ana, label=label.pk) == ["Gone", "Customer", "Aware"]
    assert found(ana, label=label.pk, stage=customer.pk) == ["Customer"]
    assert found(ana, label=label.pk, stage=customer.pk, lost="yes") == ["Gone"]
    assert found(ana, label=label.pk, stage=customer.pk, lost="yes", account_state="active") == []
    assert found(ana, account_state="inactive") == ["Gone"]
    assert found(ana, account_state="active", stage="any", lost="yes") == ["Left"]
    assert found(ana, q="cust", label=label.pk) == ["Customer"]
    assert found(ana, q="gone", lost="yes", account_state="inactive") == ["Gone"]
    assert total(ana, label=label.pk, stage=customer.pk) == "1"


def test_what_the_list_is_narrowed_by_is_said_and_taken_away_one_by_one(ana: Client, customer: Stage) -> None:
    label = LabelFactory(name="vip")
    query = {"q": "ana", "stage": customer.pk, "lost": "yes", "label": label.pk, "account_state": "active"}
    chips = ana.get(CONTACTS, query).context["chips"]
    assert [(chip.words, address) for chip, address in chips] == [
        ("“ana”", f"/contacts?stage={customer.pk}&lost=yes&label={label.pk}&account_state=active"),
        ("Lost from Customer", f"/contacts?q=ana&label={label.pk}&account_state=active"),
        ("Carries vip", f"/contacts?q=ana&stage={customer.pk}&lost=yes&account_state=active"),
        ("Account active", f"/contacts?q=ana&stage={customer.pk}&lost=yes&label={label.pk}"),
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"stage": "any"}, "In any stage"),
        ({"stage": "any", "lost": "yes"}, "Lost from any stage"),
        ({"stage": "none"}, "No status yet"),
        ({"stage": "none", "lost": "yes"}, "Lost, no stage"),
        ({"lost": "yes"}, "Lost"),
        ({"lost": "no"}, "Not lost"),
    ],
)
def test_each_place_has_its_words(ana: Client, query: dict[str, str], words: str) -> None:
    (chip,) = ana.get(CONTACTS, query).context["filter"].chips
    assert chip.words == words


def test_a_retired_stage_can_still_be_asked_for(ana: Client) -> None:
    stage = StageFactory(name="Old")
    contact_in(stage, first_name="Olga", lost=True)
    Stage.objects.filter(pk=stage.pk).update(retired_at=LONG_AGO)
    page = ana.get(CONTACTS, {"stage": stage.pk, "lost": "yes"})
    assert [contact.first_name for contact in page.context["page"].contacts] == ["Olga"]
    assert '<optgroup label="Retired">' in page.text


# Search


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ana", ["Ana"]),
        ("AN sil", ["Ana"]),
        ("sil an", ["Ana"]),
        ("na", []),
        ("ana.silva@example.com", ["Ana"]),
        ("example", ["Bo", "Ana"]),
        ("silva exam", ["Ana"]),
        ("lead-0012", ["Bo"]),
        ("lead-00", ["Bo"]),
        ("foo-b", ["Bo"]),
        ("bar", ["Bo"]),
        ("0012", ["Bo"]),
        ("example.or", ["Bo"]),
        ("\u200fana \u202esilva", ["Ana"]),
        ("%", []),
        ("_", []),
        ("ana %_", ["Ana"]),
        ("ana " * 40, ["Ana"]),
        ("٤٩٣٠", ["Ana"]),
        ("Zoe\u0308", ["Zoë"]),
        ("bidi", ["\u200fBidi"]),
        ("o'neil", ["Bo"]),
        ("neil", ["Bo"]),
        ("+49 (30) 231", ["Ana"]),
        ("4930", ["Ana"]),
        ("30 231", []),
        ("zoë", ["Zoë"]),
        ("!!! & | <-> :*", []),
        ("' OR 1=1 --", []),
        ("\\", []),
    ],
)
def test_every_word_is_found_by_its_beginning(ana: Client, words: str, names: list[str]) -> None:
    ContactFactory(first_name="Ana", last_name="Silva", email="Ana.Silva@example.com", phone="+49 30 231-25")
    ContactFactory(
        first_name="Bo", last_name="O'Neil", email="bo@example.org", external_id="lead-0012", company="Foo-Bar GmbH"
    )
    ContactFactory(first_name="Zoë", last_name="", email=None, external_id="z")
    ContactFactory(first_name="\u200fBidi", last_name="", email=None)
    assert found(ana, q=words) == names
    assert total(ana, q=words) == str(len(names))


def test_a_search_that_finds_nobody_says_how_it_looks(ana: Client) -> None:
    ContactFactory()
    page = ana.get(CONTACTS, {"q": "zzz"}).text
    assert "No contact is like this" in page
    assert "at the beginning" in page


def test_an_empty_book_says_how_it_is_filled(client_of: ClientOf, viewer: TeamMember, operator: TeamMember) -> None:
    assert "Nobody is in the Contact Book yet" in client_of(viewer).get(CONTACTS).text
    assert client_of(viewer).get(CONTACTS).text.count('href="/contacts/new"') == 0
    assert client_of(operator).get(CONTACTS).text.count('href="/contacts/new"') == 2


# Pages


def walk(client: Client, address: str, way: str) -> list[list[str]]:
    """The names on each page, following its link to the `next` or `previous` page to the end."""
    pages = []
    while address:
        context = client.get(address).context
        pages.append([contact.first_name for contact in context["page"].contacts])
        address = context[way]
    return pages


@pytest.mark.parametrize(
    "query", ["stage={customer}", "stage=any", "", "account_state=active", "q=person", "label={label}"]
)
def test_pages_follow_each_other_in_both_directions(
    monkeypatch: pytest.MonkeyPatch, ana: Client, customer: Stage, aware: Stage, query: str
) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    label = LabelFactory()
    for number in range(8):
        contact_in(aware if number in (2, 5) else customer, first_name=f"Person{number}")
    put_on_label(contacts=list(Contact.objects.values_list("pk", flat=True)), label=label, by=None, cause=Cause.MANUAL)
    asked = query.format(customer=customer.pk, label=label.pk)
    names = [
        f"Person{number}" for number in reversed(range(8)) if not query.startswith("stage={") or number not in (2, 5)
    ]
    pages = [names[start : start + 3] for start in range(0, len(names), 3)]

    assert walk(ana, f"{CONTACTS}?{asked}", "next") == pages
    last = ana.get(f"{CONTACTS}?{asked}&after={Contact.objects.get(first_name=pages[-2][-1]).pk}")
    assert walk(ana, last.context["previous"], "previous") == [*reversed(pages[:-1])]


@pytest.mark.parametrize("query", ["stage=none", "lost=yes", "stage=none&lost=yes"])
def test_pages_of_contacts_without_a_stage(
    monkeypatch: pytest.MonkeyPatch, ana: Client, aware: Stage, query: str
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        contact_in(None, first_name=f"Person{number}", lost="lost" in query)
    contact_in(aware, first_name="Other")
    pages = [["Person4", "Person3"], ["Person2", "Person1"], ["Person0"]]

    assert walk(ana, f"{CONTACTS}?{query}", "next") == pages
    first = Contact.objects.get(first_name="Person0").pk
    assert walk(ana, f"{CONTACTS}?{query}&before={first}", "previous") == [
        ["Person2", "Person1"],
        ["Person4", "Person3"],
    ]


def test_a_page_keeps_what_was_asked_for(monkeypatch: pytest.MonkeyPatch, ana: Client, customer: Stage) -> None:
    monkeypatch.setattr(queries, "PAGE", 1)
    first, second = contact_in(customer), contact_in(customer)
    context = ana.get(CONTACTS, {"stage": customer.pk, "after": second.pk + 5}).context
    assert context["next"] == f"/contacts?stage={customer.pk}&after={second.pk}"
    assert context["previous"] == f"/contacts?stage={customer.pk}&before={second.pk}"
    assert [chip_address for _, chip_address in context["chips"]] == [CONTACTS]
    assert first.pk < second.pk


def test_a_count_ends_where_it_stops_to_matter(monkeypatch: pytest.MonkeyPatch, ana: Client) -> None:
    monkeypatch.setattr(queries, "COUNTED", 2)
    label = LabelFactory()
    contacts = [contact.pk for contact in ContactFactory.create_batch(3, company="Acme")]
    put_on_label(contacts=contacts, label=label, by=None, cause=Cause.MANUAL)
    assert total(ana, label=label.pk) == "more than 2"
    assert total(ana, q="acme") == "3"
    assert total(ana) == "3"
    assert str(Count(10_000, is_capped=True)) == "more than 10,000"


# Words that very many hold


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book so large that "acme" is common in it, and "an" too frequent to be looked up beside other words."""
    monkeypatch.setattr(search, "COMMON", 4)
    monkeypatch.setattr(search, "FREQUENT", 3)
    monkeypatch.setattr(queries, "COUNTED", 2)
    monkeypatch.setattr(queries, "PAGE", 2)


@pytest.fixture
def acme(db: None, aware: Stage, customer: Stage) -> list[int]:
    """Six of a company, in turns in two stages; all but the last are called An-something. And one of another."""
    names = ["Ann", "Andy", "Anja", "Anouk", "Antje", "Bo"]
    people = [contact_in((aware, customer)[n % 2], first_name=name, company="Acme") for n, name in enumerate(names)]
    contact_in(aware, first_name="Cleo", company="Other")
    return [contact.pk for contact in people]


def test_common_words_are_found_page_by_page_and_not_counted(common: None, acme: list[int], ana: Client) -> None:
    assert search_for("acme") == search.Search("", "'acme':*")
    pages = [["Bo", "Antje"], ["Anouk", "Anja"], ["Andy", "Ann"]]
    assert walk(ana, f"{CONTACTS}?q=acme", "next") == pages
    last = ana.get(f"{CONTACTS}?q=acme&after={acme[2]}")
    assert walk(ana, last.context["previous"], "previous") == [*reversed(pages[:-1])]
    assert total(ana, q="acme") == "more than 2"


def test_whoever_is_not_among_the_newest_is_found_all_the_same(
    common: None, acme: list[int], ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_WALKED", 1)
    assert walk(ana, f"{CONTACTS}?q=acme", "next") == [["Bo", "Antje"], ["Anouk", "Anja"], ["Andy", "Ann"]]


def test_common_words_narrow_with_whatever_else_is_asked_for(
    common: None, acme: list[int], ana: Client, customer: Stage
) -> None:
    assert walk(ana, f"{CONTACTS}?q=acme&stage={customer.pk}", "next") == [["Bo", "Anouk"], ["Andy"]]
    assert total(ana, q="acme", stage=customer.pk) == "more than 2"
    label = LabelFactory()
    put_on_label(contacts=acme[:2], label=label, by=None, cause=Cause.MANUAL)
    assert found(ana, q="acme", label=label.pk) == ["Andy", "Ann"]


def test_a_frequent_word_is_held_against_those_found_by_a_rare_one(common: None, acme: list[int], ana: Client) -> None:
    assert search_for("an bo") == search.Search("'bo':*", "'an':*")
    assert found(ana, q="an bo") == []
    assert search_for("anja an") == search.Search("'anja':*", "'an':*")
    assert found(ana, q="anja an") == ["Anja"]
    assert total(ana, q="anja an") == "1"


def test_all_who_match_common_words_are_selected(common: None, acme: list[int]) -> None:
    statement, values = queries.all_matching(queries.ContactQuery(search="acme"))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert sorted(row[0] for row in cursor.fetchall()) == acme


# Tabs


def test_the_parts_of_the_book_are_tabs_with_counts(ana: Client, people: None, customer: Stage) -> None:
    tabs = ana.get(CONTACTS, {"stage": customer.pk}).context["tabs"]
    assert [(tab.label, tab.count, tab.is_current) for tab in tabs] == [
        ("All", 7, False),
        ("Aware", 1, False),
        ("Engaged", 0, False),
        ("Customer", 1, True),
        ("Loyal Customer", 0, False),
        ("Promoter", 1, False),
        ("No status yet", 1, False),
        ("Lost", 3, False),
    ]
    for tab in tabs:
        assert len(ana.get(tab.address).context["page"].contacts) == tab.count


def test_a_tab_is_the_present_one_only_where_nothing_else_narrows_the_list(
    ana: Client, people: None, customer: Stage
) -> None:
    assert [tab.label for tab in ana.get(CONTACTS).context["tabs"] if tab.is_current] == ["All"]
    narrowed = ana.get(CONTACTS, {"stage": customer.pk, "q": "cust"})
    assert [tab.label for tab in narrowed.context["tabs"] if tab.is_current] == []


def test_a_tab_keeps_columns_and_order(ana: Client, people: None) -> None:
    tabs = ana.get(CONTACTS, {"sort": "name", "column": ["city", "since"], "q": "x", "after": 7}).context["tabs"]
    assert tabs[-1].address == "/contacts?lost=yes&column=since&column=city&sort=name"


def test_htmx_gets_the_tabs_beside_the_list(ana: Client, people: None) -> None:
    part = ana.get(CONTACTS, {"lost": "yes"}, headers={"HX-Request": "true", "HX-Target": "contacts-list"}).text
    assert part.count('<div id="contacts-tabs" hx-swap-oob="true">') == 1
    assert ana.get(CONTACTS).text.count('<div id="contacts-tabs">') == 1


# Order


@pytest.fixture
def sorted_people(db: None, aware: Stage, customer: Stage) -> None:
    """Four, in an order of names, companies and opens that is not the one in which they came; one has no name."""
    rows = [("Cem", "Beta", 3), ("", "alpha", None), ("ada", "", 1), ("Bo", "Gamma", 2)]
    for name, company, day in rows:
        contact_in(
            customer,
            first_name=name,
            last_name="",
            email=f"{name or 'bzz'}@example.com",
            company=company,
            last_open_at=datetime(2026, 1, day, tzinfo=UTC) if day else None,
        )


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Bo", "ada", "", "Cem"]),
        ("-added", ["Bo", "ada", "", "Cem"]),
        ("added", ["Cem", "", "ada", "Bo"]),
        ("name", ["ada", "Bo", "", "Cem"]),
        ("-name", ["Cem", "", "Bo", "ada"]),
        ("company", ["ada", "", "Cem", "Bo"]),
        ("-company", ["Bo", "Cem", "", "ada"]),
        ("last_open", ["", "ada", "Bo", "Cem"]),
        ("-last_open", ["Cem", "Bo", "ada", ""]),
        ("-since", ["Bo", "ada", "", "Cem"]),
        ("since", ["Cem", "", "ada", "Bo"]),
        ("-last_click", ["Bo", "ada", "", "Cem"]),
        ("external_id", ["Cem", "", "ada", "Bo"]),
    ],
)
@pytest.mark.parametrize("query", ["", "stage=any", "q=example", "account_state=active"])
@pytest.mark.parametrize("size", [1, 2, 50])
def test_every_order_is_kept_page_by_page_in_both_directions(
    monkeypatch: pytest.MonkeyPatch,
    ana: Client,
    sorted_people: None,
    query: str,
    sort: str,
    names: list[str],
    size: int,
) -> None:
    monkeypatch.setattr(queries, "PAGE", size)
    pages = [names[start : start + size] for start in range(0, len(names), size)]
    assert walk(ana, f"{CONTACTS}?{query}&sort={sort}", "next") == pages
    if len(pages) > 1:
        last = Contact.objects.get(first_name=pages[-2][-1]).pk
        end = ana.get(f"{CONTACTS}?{query}&sort={sort}&after={last}")
        assert walk(ana, end.context["previous"], "previous") == [*reversed(pages[:-1])]


@pytest.mark.parametrize("query", ["", "stage=any", "lost=no", "account_state=active"])
def test_many_are_put_in_order_by_name_along_the_index(
    monkeypatch: pytest.MonkeyPatch, ana: Client, sorted_people: None, query: str
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 1)
    monkeypatch.setattr(queries, "PAGE", 2)
    assert walk(ana, f"{CONTACTS}?{query}&sort=name", "next") == [["ada", "Bo"], ["", "Cem"]]
    assert walk(ana, f"{CONTACTS}?{query}&sort=-name", "next") == [["Cem", ""], ["Bo", "ada"]]


def test_too_many_are_not_put_in_an_order_without_an_index(
    monkeypatch: pytest.MonkeyPatch, ana: Client, sorted_people: None
) -> None:
    monkeypatch.setattr(queries, "COUNTED", 3)
    response = ana.get(CONTACTS, {"sort": "company"})
    assert [contact.first_name for contact in response.context["page"].contacts] == ["Bo", "ada", "", "Cem"]
    assert response.context["problems"] == [
        "Order: so many contacts are not put in order by company. Narrow the list down first; the newest are first."
    ]
    offered = {heading.label for heading, address in response.context["headings"] if address}
    assert offered == {"Contact", "Since"}
    assert ana.get(CONTACTS, {"sort": "-since"}).context["problems"] == []

    narrowed = ana.get(CONTACTS, {"sort": "company", "q": "cem"})
    assert narrowed.context["problems"] == []
    assert 'aria-sort="ascending"' in narrowed.text

    monkeypatch.setattr(queries, "READ_OF_STATUSES", 3)
    assert "put in order by since" in ana.get(CONTACTS, {"sort": "-since"}).context["problems"][0]


@pytest.mark.parametrize("sort", ["foo", "--name", "id", "-", "name;drop", "Name"])
def test_an_order_that_there_is_not_is_said(ana: Client, sorted_people: None, sort: str) -> None:
    response = ana.get(CONTACTS, {"sort": sort})
    assert response.context["problems"] == ["Order: the address asks for something unknown, and the newest are first."]
    assert found(ana, sort=sort) == ["Bo", "ada", "", "Cem"]


def test_a_list_read_on_from_somebody_who_is_gone_begins_anew(ana: Client, sorted_people: None) -> None:
    assert found(ana, sort="name", after=10**9) == ["ada", "Bo", "", "Cem"]
    assert found(ana, sort="name", before=10**9) == ["ada", "Bo", "", "Cem"]
    assert ana.get(CONTACTS, {"sort": "name", "after": 10**9}).context["previous"] == ""


def test_a_heading_turns_the_order_round(ana: Client, sorted_people: None) -> None:
    def headings(**query: Any) -> dict[str, tuple[str, str]]:
        shown = ana.get(CONTACTS, query).context["headings"]
        return {heading.label: (address, heading.state) for heading, address in shown}

    assert headings() == {
        "Contact": ("/contacts?sort=name", ""),
        "Stands in": ("", ""),
        "Since": ("/contacts?sort=-since", ""),
        "Labels": ("", ""),
        "Company": ("/contacts?sort=company", ""),
        "Last open": ("/contacts?sort=-last_open", ""),
    }
    assert headings(sort="name", after="3")["Contact"] == ("/contacts?sort=-name", "ascending")
    assert headings(sort="-name")["Contact"] == ("/contacts?sort=name", "descending")
    assert headings(column="added")["Added"] == ("/contacts?column=added&sort=added", "descending")


def test_the_caption_says_the_order(ana: Client, sorted_people: None) -> None:
    for sort, words in {
        "": "newest first",
        "added": "oldest first",
        "-name": "by name, Z to A",
        "company": "by company, A to Z",
        "-since": "by since, latest first",
    }.items():
        assert f"<caption>4 contacts, {words}</caption>" in ana.get(CONTACTS, {"sort": sort}).text


# Columns


def shown(client: Client, **query: Any) -> list[str]:
    return client.get(CONTACTS, query).context["columns"].keys


def test_the_address_says_which_columns_are_shown(ana: Client) -> None:
    ContactFactory(city="Porto", phone="+351 22", company="Acme", external_id="X-9")
    assert shown(ana) == ["standing", "since", "labels", "company", "open"]
    page = ana.get(CONTACTS, {"column": ["phone", "city", "nothing"]})
    assert page.context["columns"].keys == ["phone", "city"]
    assert '<td class="card-phone medium">+351 22</td><td class="card-city medium">Porto</td>' in page.text
    assert "Acme" not in page.text
    assert shown(ana, column="") == []
    many = ["standing", "since", "labels", "company", "open", "click", "reply", "email", "city"]
    assert shown(ana, column=many) == many[:8]


def test_an_attribute_is_a_column(ana: Client) -> None:
    attribute = Attribute.objects.create(name="Plan", key="plan")
    ContactFactory(attributes={"plan": "<gold>"})
    assert "Plan" in ana.get(CONTACTS).text
    page = ana.get(CONTACTS, {"column": f"attribute-{attribute.pk}"}).text
    assert '<td class="card-attribute medium">&lt;gold&gt;</td>' in page


def test_columns_are_kept_by_whoever_wants_to(
    client_of: ClientOf, ana: Client, viewer: TeamMember, marketer: TeamMember
) -> None:
    ContactFactory()
    chosen = ana.get(CONTACTS, {"column": ["city", "email"]}).text
    assert 'action="/contacts/columns"' in chosen
    assert 'action="/contacts/columns"' not in ana.get(CONTACTS).text
    kept = ana.post("/contacts/columns", {"column": ["city", "email", "foo"], "next": "/contacts?column=city"})
    assert kept["Location"] == "/contacts?column=city"
    assert KeptColumns.objects.get().columns == ["email", "city"]
    assert shown(ana) == ["email", "city"]
    assert shown(ana, column="since") == ["since"]
    assert shown(client_of(marketer)) == ["standing", "since", "labels", "company", "open"]

    ana.post("/contacts/columns", {"column": ""})
    assert KeptColumns.objects.get().member == viewer
    assert shown(ana) == []


def test_whoever_keeps_columns_stays_on_this_site(ana: Client) -> None:
    assert ana.post("/contacts/columns", {"next": "https://evil.example"})["Location"] == "/contacts"


def test_columns_and_order_come_back_from_a_bulk_change(client_of: ClientOf, marketer: TeamMember) -> None:
    ContactFactory()
    page = client_of(marketer).get(CONTACTS, {"column": ["city"], "sort": "name"}).text
    bar = page[page.index('id="contacts-bulk"') :]
    assert '<input type="hidden" name="column" value="city">' in bar
    assert '<input type="hidden" name="sort" value="name">' in bar


# Addresses that somebody made up


@pytest.mark.parametrize(
    "query",
    [
        "stage=foo",
        "stage=999999999999999999999999",
        "stage=-1",
        "stage=1&stage=2",
        "label=abc",
        "label=99999999999999999999999999",
        "account_state=asleep",
        "lost=perhaps",
        "after=abc",
        "after=-5",
        "after=99999999999999999999999999999999",
        "after=9223372036854775808",
        "before=９",
        "before=&after=",
        "q=" + "x" * 300,
        "q=" + "+x" * 90,
        "q=%F0%9F%98%80",
        "q=%ED%A0%80",
        "q=%27%27%27%5C%5C",
        "nothing=else",
    ],
)
def test_a_made_up_address_is_answered(ana: Client, query: str) -> None:
    ContactFactory()
    assert ana.get(f"{CONTACTS}?{query}").status_code == 200


def test_a_nul_is_refused(ana: Client) -> None:
    assert ana.get(f"{CONTACTS}?q=%00").status_code == 400


def test_a_value_that_means_nothing_is_said_and_narrows_nothing(ana: Client) -> None:
    ContactFactory(first_name="Ada")
    response = ana.get(CONTACTS, {"stage": "foo", "label": "77", "account_state": "active"})
    assert response.context["filter"].problems == [
        "Stage: the address asks for something unknown, and the list is not narrowed by it.",
        "Label: the address asks for something unknown, and the list is not narrowed by it.",
    ]
    assert [chip.words for chip in response.context["filter"].chips] == ["Account active"]
    assert [contact.first_name for contact in response.context["page"].contacts] == ["Ada"]


def test_only_reading_is_answered(ana: Client) -> None:
    assert ana.post(CONTACTS).status_code == 405


def test_htmx_gets_the_list_alone(ana: Client) -> None:
    ContactFactory(first_name="Ada")
    part = ana.get(CONTACTS, headers={"HX-Request": "true", "HX-Target": "contacts-list"}).text
    assert part.startswith('<section id="contacts-list"')
    assert "<html" not in part
    assert "Ada" in part


# Cost


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_row_and_for_three(
    ana: Client, customer: Stage, operator: TeamMember, count: int
) -> None:
    label = LabelFactory()
    for _ in range(count):
        contact = contact_in(customer, by=operator)
        put_on_label(contacts=[contact.pk], label=label, by=operator, cause=Cause.MANUAL)
    ana.get(CONTACTS)
    with assertNumQueries(14):
        # Session, person, organisation, role; stages, labels, segments, attributes, columns kept; two for the counts;
        # ids, contacts, labels carried.
        ana.get(CONTACTS, {"stage": customer.pk})
    with assertNumQueries(15):
        # How common the words are and who matches, instead of ids.
        ana.get(CONTACTS, {"q": "person"})


def test_all_places_are_asked_for_at_once(db: None, aware: Stage) -> None:
    standing(contact_in(aware), None)
    with assertNumQueries(2):
        assert how_many(queries.ContactQuery()) == Count(1)
    with assertNumQueries(2):
        assert how_many(queries.ContactQuery(search="person")) == Count(1)
