"""A label: how many carry it, what uses it, and who put it on whom and when."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.labels import queries
from contacts.models import Label
from journeys.book.actions import erase_contacts
from journeys.labels.actions import merge_label
from journeys.rules.models import LabelRule
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def vip(db: None) -> Label:
    return LabelFactory(name="vip", colour="#112233")


def address(label: Label) -> str:
    return f"/labels/{label.pk}"


def changes(client: Client, at: str) -> list[tuple[str, bool]]:
    rows = client.get(at).context["changes"]
    return [(str(row.contact), row.change.put_on) for row in rows]


def test_it_is_for_people_with_a_role(client: Client, client_of: ClientOf, vip: Label) -> None:
    refused = client_of(TeamMemberFactory()).get(address(vip))
    assert client.get(address(vip))["Location"].startswith("/sign-in?next=/labels/")
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


@pytest.mark.parametrize(
    ("role", "manages"), [("viewer", False), ("operator", False), ("marketer", True), ("administrator", True)]
)
def test_marketers_manage_and_the_rest_read(
    request: Any, client_of: ClientOf, vip: Label, role: str, manages: bool
) -> None:
    page = client_of(request.getfixturevalue(role)).get(address(vip)).text
    for act in ("edit", "merge", "delete"):
        assert (f'href="/labels/{vip.pk}/{act}"' in page) is manages


def test_it_says_who_put_it_on_whom_and_when(
    client_of: ClientOf, viewer: TeamMember, operator: TeamMember, vip: Label, customer: Stage
) -> None:
    ida, bo, gone = (ContactFactory(first_name=name, last_name="") for name in ("Ida", "Bo", "Gone"))
    put_on_label(contacts=[ida.pk, bo.pk, gone.pk], label=vip, by=operator, cause=Cause.MANUAL)
    put_on_label(contacts=[ida.pk], label=LabelFactory(), by=operator, cause=Cause.MANUAL)
    take_off_label(contacts=[bo.pk], label=vip, by=None, cause=Cause.BULK, run_id=7)
    erase_contacts(contacts=[gone.pk], by=None)
    LabelRule.objects.create(label=vip, stage=customer, created_by=operator)

    client = client_of(viewer)
    response = client.get(address(vip))
    assert response.context["contacts"] == 1
    assert changes(client, address(vip)) == [
        ("None", False),
        ("Bo", False),
        ("None", True),
        ("Bo", True),
        ("Ida", True),
    ]
    assert f"Contact {gone.pk}, erased" in response.text
    assert f"{operator}, by hand" in response.text
    assert '<a href="/runs/7">run 7</a>' in response.text
    assert "Label rule to Customer" in response.text
    assert f'href="/contacts?label={vip.pk}"' in response.text
    assert 'fill="#112233"' in response.text


def test_it_goes_on_page_by_page(
    monkeypatch: pytest.MonkeyPatch, client_of: ClientOf, viewer: TeamMember, vip: Label
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        contact = ContactFactory(first_name=f"P{number}", last_name="")
        put_on_label(contacts=[contact.pk], label=vip, by=None, cause=Cause.MANUAL)
    client, at, pages = client_of(viewer), address(vip), []
    while at:
        pages.append([name for name, _ in changes(client, at)])
        at = client.get(at).context["older"]
    assert pages == [["P4", "P3"], ["P2", "P1"], ["P0"]]
    assert client.get(address(vip)).context["newest"] == ""
    part = client.get(f"{address(vip)}?older_than=0", headers={"HX-Request": "true", "HX-Target": "label-changes"})
    assert part.text.startswith('<section id="label-changes"')
    assert "Nothing is older." in part.text


def test_a_label_that_is_becoming_part_of_another_says_so(
    client_of: ClientOf, viewer: TeamMember, marketer: TeamMember, vip: Label
) -> None:
    into = LabelFactory(name="fair")
    merge_label(label=vip, into=into, by=marketer)
    page = client_of(viewer).get(address(vip)).text
    assert f'It is becoming part of <a href="/labels/{into.pk}">fair</a>, by {marketer}' in page
    assert "It is becoming part of" not in client_of(viewer).get(address(into)).text


@pytest.mark.parametrize("query", ["older_than=abc", "older_than=-1", "older_than=99999999999999999999"])
def test_a_made_up_address_is_answered(client_of: ClientOf, viewer: TeamMember, vip: Label, query: str) -> None:
    assert client_of(viewer).get(f"{address(vip)}?{query}").status_code == 200


def test_no_such_label(client_of: ClientOf, viewer: TeamMember) -> None:
    for pk in ("0", "999999", "99999999999999999999999"):
        assert client_of(viewer).get(f"/labels/{pk}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_row_and_for_three(
    client_of: ClientOf, viewer: TeamMember, operator: TeamMember, vip: Label, count: int
) -> None:
    for _ in range(count):
        put_on_label(contacts=[ContactFactory().pk], label=vip, by=operator, cause=Cause.MANUAL)
    client = client_of(viewer)
    client.get(address(vip))
    with assertNumQueries(13):
        # Session, person, organisation, role; label; changes, contacts; how many; what uses it (two); merge.
        client.get(address(vip))
