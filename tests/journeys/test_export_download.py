"""A large download over a real connection: what others may do meanwhile, and what is kept when it is broken off."""

import http.client
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from config.team.models import TeamMember
from config.team.roles import Role
from journeys.exports import actions
from journeys.exports.models import Export
from journeys.exports.queries import exports_page
from tests.factories import TeamMemberFactory
from tests.heart import run_sql

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 40_000
ALL = "/contacts/export?all=1"


@pytest.fixture
def crowd(db: None) -> None:
    """So many contacts that their file does not fit into what a connection holds."""
    run_sql(
        "INSERT INTO contacts_contact (company, country, city) "
        "SELECT repeat('x', 200), repeat('y', 100), n FROM generate_series(1, %s) n",
        MANY,
    )


@pytest.fixture
def signed_in() -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        client = Client()
        member = TeamMemberFactory(name=name, role=Role.MARKETER)
        client.force_login(member, backend="config.team.backends.RoleBackend")
        return client

    return sign_in


Downloading = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def downloading(live_server: LiveServer) -> Iterator[Downloading]:
    """`downloading(client, *columns)`: a download that has begun, and of which nothing is read yet."""
    connections: list[http.client.HTTPConnection] = []

    def begin(client: Client, *columns: str) -> http.client.HTTPResponse:
        page = client.get(ALL)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        cookies = "; ".join(f"{name}={client.cookies[name].value}" for name in names)
        connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=60)
        connections.append(connection)
        form = urlencode({"csrfmiddlewaretoken": token[1], "columns": columns}, doseq=True)
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", ALL, form, headers)
        return connection.getresponse()

    yield begin
    for connection in connections:
        connection.close()


def ended(export: int) -> Export:
    """The export at its end, which comes when the server has noticed."""
    for _ in range(600):
        found = Export.objects.get(pk=export)
        if found.ended_at:
            return found
        time.sleep(0.1)
    raise AssertionError("the export did not end")


def test_one_goes_on_while_others_work_and_is_kept_when_it_is_broken_off(
    downloading: Downloading, crowd: None, signed_in: Callable[[str], Client]
) -> None:
    assert MANY > actions.LARGE
    ana, bo = signed_in("Ana"), signed_in("Bo")
    response = downloading(ana, "number", "company", "country", "city")
    assert response.status == 200
    export = Export.objects.get()
    assert [row.is_going for row in exports_page().exports] == [True]

    assert ana.get("/contacts").status_code == 200
    refused = downloading(ana, "company")
    assert refused.status == 409
    assert "Another export of yours goes on." in refused.read().decode()
    other = downloading(bo, "city").read().decode()
    assert len(other.splitlines()) == MANY + 1

    assert len(response.read(5000)) == 5000
    response.close()
    broken_off = ended(export.pk)
    assert broken_off.is_complete is False
    assert broken_off.rows is not None
    assert 0 < broken_off.rows < MANY
    assert not any(row.is_going for row in exports_page().exports)
    assert len(downloading(ana, "city").read().decode().splitlines()) == MANY + 1
    complete = Export.objects.filter(is_complete=True)
    assert sorted(complete.values_list("exported_by__name", "rows")) == [("Ana", MANY), ("Bo", MANY)]
    assert TeamMember.objects.count() == 2
