"""What the table of routes does not say: numbers of other things, fields that nobody may send, a database to read."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest
from django import forms
from django.db import connection, transaction
from django.urls import reverse

import config
import contacts
import journeys
import stages
from config.team.models import TeamMember
from config.team.roles import Role
from tests.heart import as_long_as_it_takes
from tests.test_routes import NO_SUCH_METHOD, NOT_THERE, REFUSED, ROUTES, TABLE, World, posted, signed_in, written
from tests.test_routes import world as world  # a fixture


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest) -> None:
    if "world" in request.fixturenames:
        request.getfixturevalue("world")
        as_long_as_it_takes()


LINKS = ("journeys:first_run", "team:invitation", "team:another_password")
"""What they open has no number, and what opens nothing is gone: their own tests guess."""

WITH_ARGUMENTS = [
    name for name in ROUTES if TABLE[name].args and not TABLE[name].for_applications and name not in LINKS
]

SEEN_BY_ALL = {"journeys:edit_segment"}
"""Whom it is refused to sees the thing itself all the same."""

NOBODY = (0, 2**31, 2**63 - 1)
NO_NUMBER = (2**63, 10**30)


def addresses(world: World, name: str, number: int) -> Iterator[str]:
    """The address of a route with one of its numbers exchanged."""
    args = [world.things[word] for word in TABLE[name].args]
    for place in range(len(args)):
        yield reverse(name, args=[number if place == at else given for at, given in enumerate(args)])


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_a_number_of_nothing_is_not_found(world: World, name: str) -> None:
    client = signed_in(world.people[Role.ADMINISTRATOR])
    before = written()
    for number in (*NOBODY, *NO_NUMBER):
        for address in addresses(world, name, number):
            answers = {client.get(address).status_code, posted(client, address).status_code}
            assert answers <= {NOT_THERE, NO_SUCH_METHOD}, address
            assert NOT_THERE in answers, address
    assert written() == before


@pytest.mark.parametrize("name", WITH_ARGUMENTS)
def test_who_may_not_learns_nothing_from_numbers(world: World, name: str) -> None:
    """A number of nothing is refused as one of something is, to whoever may neither read nor write it."""
    row = TABLE[name]
    if name in SEEN_BY_ALL:
        assert TABLE["journeys:segment"].needs == Role.VIEWER
        return
    for role in (role for role in Role if role < (row.needs if row.reads is None else row.reads)):
        client = signed_in(world.people[role])
        for number in (world.things[row.args[0]], 2**31):
            address = reverse(name, args=[number, *(world.things[word] for word in row.args[1:])])
            assert client.get(address).status_code == REFUSED
            assert posted(client, address).status_code == REFUSED


# Fields that nobody may send


def every_module() -> Iterator[ModuleType]:
    for package in (config, contacts, journeys, stages):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in found.name and found.name.split(".")[-1] in ("forms", "filters", "views"):
                yield importlib.import_module(found.name)


def forms_of_models() -> dict[str, type[forms.ModelForm]]:
    return {
        f"{thing.__module__}.{thing.__name__}": thing
        for module in every_module()
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, forms.ModelForm) and thing._meta.model
        if thing.__module__.split(".")[0] in ("config", "contacts", "journeys", "stages")
    }


NEVER_SENT = {
    "id", "pk", "password", "is_superuser", "is_staff", "is_active", "groups", "user_permissions", "last_login",
    "role", "created_by", "created_at", "changed_by", "signature", "digest", "prefix", "seed", "owner", "user",
}  # fmt: skip


def test_every_form_names_the_fields_it_takes() -> None:
    found = forms_of_models()
    assert len(found) > 8
    assert [name for name, form in found.items() if form._meta.fields in (None, forms.ALL_FIELDS)] == []
    assert [name for name, form in found.items() if form._meta.exclude] == []
    assert {
        f"{name}: {field}" for name, form in found.items() for field in form.base_fields if field in NEVER_SENT
    } == {"config.team.members.forms.EditMemberForm: role"}  # an Administrator's


def people() -> list[tuple]:
    columns = ("pk", "email", "password", "is_active", "is_superuser", "groups__name")
    return list(TeamMember.objects.order_by("pk", "groups__name").values_list(*columns))


@pytest.mark.parametrize("role", list(Role))
def test_no_form_makes_anybody_more_than_they_are(world: World, role: Role) -> None:
    client = signed_in(world.people[role])
    before, somebody = people(), world.people[Role.VIEWER].pk
    sent = dict.fromkeys(NEVER_SENT, "1") | {
        "id": str(somebody),
        "role": "Administrator",
        "groups": "Administrator",
        "email": "mine@example.com",
        "name": "Mine",
        "change": "account",
    }
    for name in ROUTES:
        is_meant = role is Role.ADMINISTRATOR and name == "team:deactivate_member"
        if not TABLE[name].for_applications and name != "team:sign_out" and not is_meant:
            with transaction.atomic():
                client.post(world.address(name), sent)
                assert people() == before, name
                transaction.set_rollback(True)


# Reading


@pytest.mark.parametrize("role", [None, *Role])
def test_every_page_can_be_read_from_a_database_that_is_read_only(world: World, role: Role | None) -> None:
    """More than the fingerprints of `test_routes.py`: sessions, sign-ins and jobs too, and what would fail silently."""
    client = signed_in(world.people[role] if role is not None else None)
    wrong = []
    for name in ROUTES:
        if TABLE[name].for_applications:
            continue
        address = world.address(name)
        expected = client.get(address).status_code
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
            found = client.get(address)
            transaction.set_rollback(True)
        if found.status_code != expected:
            wrong.append(f"{name}: {found.status_code}, not {expected}")
    assert wrong == []
