"""Scripts in whatever people type, and in whatever a request says: they are shown as text, and never run.

Each column of text that is no code is filled behind the back of every form. Then each page is asked for, and read with
a parser: what was put in may be there as words, and not as an element, an attribute or an address.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from config.team.roles import Role
from contacts.causes import Cause
from journeys.status.actions import change_status
from stages.models import Stage
from tests.heart import as_long_as_it_takes, as_owner, check_deferred_promises
from tests.test_routes import ADMIN, ROUTES, TABLE, World, signed_in
from tests.test_routes import world as world  # a fixture

APPS = ("team", "stages", "contacts", "journeys", "oauth2_provider")

CODES = {
    "contacts_attribute": {"key"},
    "journeys_bookmark": {"reader"},
    "journeys_import": {"delimiter", "digest", "encoding", "fingerprint"},
    "journeys_runoutcome": {"code"},
    "journeys_statuschange": {"database_user"},
    "journeys_webhook": {"beginning", "events", "former_seed", "seed"},
    "oauth2_provider_accesstoken": {"scope", "token", "token_checksum"},
    "oauth2_provider_application": {"client_id", "client_secret"},
    "oauth2_provider_refreshtoken": {"token", "token_checksum"},
    "stages_stagerevision": {"name"},  # written by the database when a stage is renamed
    "team_apitoken": {"digest", "prefix"},
    "team_apiuse": {"caller"},
    "team_keptanswer": {"answer", "caller", "key", "location", "request"},
    "team_teammember": {"password", "time_zone"},
    "team_organisation": {"time_zone"},
}
"""Columns of text that hold no words, by table. `colour` is one everywhere, and what is too short for a script."""

LONG = "\"'></script></textarea><b class=injected onfocus=x>{marker}"
SHORT = '"><b class=injected>'
ADDRESS = "javascript:injected()//{marker}"

QUERIES = (
    "q company city country like term next",
    "sort order page after before older_than newer_than format act to stays seen preview place period patient outcome",
    "history segment label stage from as_of at what state columns ids show",
)
"""What addresses say, in groups: one that cannot be keeps others from being shown."""


class Reader(HTMLParser):
    """What of a page was put in by somebody else, and the forms on it."""

    def __init__(self) -> None:
        super().__init__()
        self.offences: list[str] = []
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "injected" in given.get("class", "").split() or any(name.startswith("on") for name in given):
            self.offences.append(self.get_starttag_text() or tag)
        for name in ("href", "src", "action", "formaction", "hx-get", "hx-post"):
            if given.get(name, "").strip().lower().startswith("javascript:"):
                self.offences.append(self.get_starttag_text() or tag)
        if tag == "form":
            self.forms.append(Form(given.get("method", "get").lower(), given.get("action", "")))
        elif self.forms and given.get("name", "csrfmiddlewaretoken") != "csrfmiddlewaretoken":
            self.forms[-1].fields.append(given["name"])


@dataclass
class Form:
    method: str
    action: str
    fields: list[str] = field(default_factory=list)


def read(response: HttpResponse) -> Reader:
    reader = Reader()
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        reader.feed(response.content.decode())
    return reader


def texts() -> Iterator[tuple[type[models.Model], models.Field]]:
    """The columns of words, each with its model."""
    for model in apps.get_models():
        if model._meta.app_label not in APPS:
            continue
        for column in model._meta.concrete_fields:
            held = column.base_field if isinstance(column, ArrayField) else column
            codes = CODES.get(model._meta.db_table, set()) | {"colour"}
            is_short = held.max_length and held.max_length < len(SHORT) + 10
            is_code = column.choices or column.primary_key or column.name in codes or is_short
            if isinstance(held, models.CharField | models.TextField) and not is_code:
                yield model, column


def fill(payload: str) -> set[str]:
    """Put it into every column of words of every row. Returns the columns, as they are marked in the text."""
    check_deferred_promises()
    filled = set()
    with as_owner() as cursor:
        for model, column in texts():
            table, marker = model._meta.db_table, f"{model._meta.label_lower}.{column.name}"
            held = column.base_field if isinstance(column, ArrayField) else column
            words = payload.format(marker=marker)
            if held.max_length and len(words) + 10 > held.max_length:
                words = SHORT
            value = "ARRAY[%s || ctid]" if isinstance(column, ArrayField) else "%s || ctid"
            cursor.execute(f"UPDATE {table} SET {connection.ops.quote_name(column.column)} = {value}", [words])
            if cursor.rowcount:
                filled.add(marker)
        cursor.execute(
            "UPDATE contacts_contact SET attributes = jsonb_build_object('plan', %s::text)",
            [payload.format(marker="contacts.contact.attributes")],
        )
    return filled | {"contacts.contact.attributes"}


def pages(world: World) -> Iterator[str]:
    """Every page, and what of it htmx asks for."""
    yield from (world.address(name) for name in ROUTES if not TABLE[name].for_applications)
    yield from (address() for address in ADMIN.values())


def asked(client: Client, address: str, *, method: str = "get", said: Any = None, headers: Any = None) -> HttpResponse:
    """The answer. What it did is taken back at once, and who is signed in stays so."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = getattr(client, method)(address, said or {}, headers=headers)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


@pytest.fixture
def client(world: World) -> Client:
    operator = world.people[Role.OPERATOR]
    contact = [world.things["contact"]]
    change_status(contacts=contact, to=Stage.objects.get(name="Aware"), cause=Cause.MANUAL, by=operator, note="Words")
    as_long_as_it_takes()
    return signed_in(world.people[Role.ADMINISTRATOR])


SHOWN = {
    "contacts.attribute.name",
    "contacts.contact.attributes",
    "contacts.contact.company",
    "contacts.contact.email",
    "contacts.contact.external_id",
    "contacts.contact.first_name",
    "contacts.label.name",
    "contacts.note.text",
    "journeys.import.name",
    "journeys.labelrule.note",
    "journeys.lostreason.name",
    "journeys.refusedrow.reason",
    "journeys.run.words",
    "journeys.segment.description",
    "journeys.segment.name",
    "journeys.webhook.address",
    "journeys.webhook.description",
    "oauth2_provider.application.name",
    "stages.category.title",
    "stages.stage.description",
    "stages.stage.name",
    "team.apitoken.name",
    "team.organisation.name",
    "team.teammember.name",
}


@pytest.mark.parametrize("payload", [LONG, ADDRESS], ids=["elements", "addresses"])
def test_what_people_typed_is_shown_as_words(world: World, client: Client, payload: str) -> None:
    filled = fill(payload)
    assert filled >= SHOWN
    offences, shown = [], set()
    for address in pages(world):
        for headers in ({}, {"HX-Request": "true", "HX-Target": "dialog"}):
            response = asked(client, address, headers=headers)
            assert response.status_code < 500, address
            offences += [f"{address}: {offence}" for offence in read(response).offences]
            if not response.streaming:
                shown |= {marker for marker in filled if marker in response.text}
    assert offences == []
    assert SHOWN - shown == set()


def test_what_a_request_says_is_shown_as_words(world: World, client: Client) -> None:
    payload = LONG.format(marker="said")
    offences, shown = [], 0
    for address in pages(world):
        answers = [asked(client, address, said=dict.fromkeys(names.split(), payload)) for names in QUERIES]
        for form in (form for form in read(asked(client, address)).forms if form.method != "dialog"):
            where = urlsplit(form.action).path or address
            answers.append(asked(client, where, method=form.method, said=dict.fromkeys(form.fields, payload)))
        for response in answers:
            assert response.status_code < 500, address
            offences += [f"{address}: {offence}" for offence in read(response).offences]
            shown += "class=injected" in response.text if not response.streaming else 0
    assert offences == []
    assert shown > 50


def test_what_an_address_says_is_shown_as_words(world: World, client: Client) -> None:
    payload = quote(LONG.format(marker="said"), safe="")
    for who in (client, Client()):
        for address in (f"/{payload}", f"/contacts/{payload}", f"/admin/{payload}/", f"/sign-in?next=/{payload}"):
            response = who.get(address, follow=True)
            assert response.status_code < 500, address
            assert read(response).offences == []


def test_who_signs_in_with_a_script_for_a_name_sees_words(viewer) -> None:
    payload = LONG.format(marker="said")
    response = Client().post(reverse("team:sign_in"), {"username": payload, "password": payload, "next": payload})
    assert response.status_code == 422
    assert "&lt;b class=injected" in response.text
    assert read(response).offences == []


@pytest.mark.parametrize(
    "page",
    [
        f"<p>{LONG}</p>",
        f'<input value="{LONG}">',
        f"<textarea>{LONG}</textarea>",
        f"<p>{SHORT}</p>",
        '<a href=" JavaScript:injected()">here</a>',
        '<button formaction="javascript:injected()">here</button>',
        '<p onclick="f()">here</p>',
    ],
)
def test_what_was_put_in_would_be_found(page: str) -> None:
    assert len(read(HttpResponse(page)).offences) == 1


def test_what_is_escaped_is_nothing() -> None:
    found = read(
        HttpResponse(
            f'<form action="/x"><input name="q" value="{LONG.replace("<", "&lt;").replace(chr(34), "")}"></form>'
        )
    )
    assert found.offences == []
    assert found.forms == [Form("get", "/x", ["q"])]
