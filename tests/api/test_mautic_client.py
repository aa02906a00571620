"""The PyPI package `mautic`, a client of Mautic's API, works unchanged against a running Funnelbook."""

from collections.abc import Iterator
from typing import Any

import pytest
from mautic import Contacts, MauticBasicAuthClient, MauticException, MauticOauth2Client, Stages
from oauth2_provider.models import Application
from oauthlib.oauth2 import BackendApplicationClient
from pytest_django.live_server_helper import LiveServer
from requests_oauthlib import OAuth2Session

from config.team.actions import change_my_password, create_application
from config.team.models import TeamMember
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.api.application import error
from tests.heart import assert_explained, moves

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a-good-password"
WAYS = ["by password", "by OAuth2"]


@pytest.fixture
def member(administrator: TeamMember) -> TeamMember:
    return change_my_password(password=PASSWORD, by=administrator)


@pytest.fixture(params=WAYS)
def client(request: pytest.FixtureRequest, live_server: LiveServer, member: TeamMember, monkeypatch) -> Iterator[Any]:
    """The package's own client, in both of its ways to sign in."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "*")
    if request.param == "by password":
        mautic = MauticBasicAuthClient(live_server.url, member.email, PASSWORD)
    else:
        application, secret = create_application(
            name="Sync", grant_type=Application.GRANT_CLIENT_CREDENTIALS, redirect_uris="", by=member
        )
        token = fetched(live_server, application, secret)
        mautic = MauticOauth2Client(live_server.url, application.client_id, token=token)
    yield mautic
    mautic.session.close()


def fetched(live_server: LiveServer, application: Application, secret: str) -> dict[str, Any]:
    """A token as the package's own library gets one."""
    with OAuth2Session(client=BackendApplicationClient(application.client_id)) as session:
        return session.fetch_token(
            f"{live_server.url}/oauth/v2/token", client_id=application.client_id, client_secret=secret
        )


@pytest.fixture
def stages(client: Any) -> Stages:
    return Stages(client)


@pytest.fixture
def contacts(client: Any) -> Contacts:
    return Contacts(client)


def names(answer: dict[str, Any]) -> list[str]:
    return [stage["name"] for stage in answer["stages"]]


def test_every_method_of_stages(stages: Stages, contacts: Contacts, member: TeamMember) -> None:
    created = stages.create({"name": "Stage A", "weight": 5, "description": "Mine.", "isPublished": 1})["stage"]
    number = created["id"]
    assert (created["name"], created["weight"], created["isPublished"]) == ("Stage A", 5, True)
    assert (created["createdBy"], created["createdByUser"]) == (member.pk, "Ana Silva")
    assert stages.get(number)["stage"] == created

    listed = stages.get_list(search="Stage A", order_by="weight", order_by_dir="DESC", minimal=True)
    assert (listed["total"], names(listed)) == (1, ["Stage A"])
    assert "publishUp" not in listed["stages"][0]
    assert names(stages.get_list(start=1, limit=2, order_by="weight")) == ["Aware", "Engaged"]

    edited = stages.edit(number, {"isPublished": 0})["stage"]
    assert (edited["isPublished"], edited["weight"], edited["description"]) == (False, 5, "Mine.")
    assert "Stage A" not in names(stages.get_published_list())
    assert stages.get_published_list(search="Stage A")["total"] == 0

    replaced = stages.edit(number, {"name": "Stage B", "isPublished": 1}, create_if_not_exists=True)["stage"]
    assert (replaced["id"], replaced["weight"], replaced["description"]) == (number, 0, None)
    another = stages.edit(987654, {"name": "Stage C"}, create_if_not_exists=True)["stage"]
    assert another["id"] not in (number, 987654)
    with pytest.raises(MauticException) as nothing:
        stages.edit(987654, {"name": "Stage D"})
    assert nothing.value.args[0] == error(404, "Item was not found.")

    ana = contacts.create({"firstname": "Ana", "email": "ana@example.com"})["contact"]
    stages.edit(number, {"weight": 20})
    assert stages.add_contact(number, ana["id"]) == {"success": 1}
    assert contacts.get(ana["id"])["contact"]["stage"]["name"] == "Stage B"
    assert stages.remove_contact(number, ana["id"]) == {"success": 1}
    assert contacts.get(ana["id"])["contact"]["stage"] is None

    assert stages.delete(number)["stage"]["id"] == number
    with pytest.raises(MauticException) as gone:
        stages.get(number)
    assert gone.value.args[0] == error(404, "Item was not found.")
    assert moves(ana["id"]) == ["outside > Aware", "Aware > Stage B", "Stage B > none"]
    assert_explained()


def test_the_methods_of_contacts_that_stages_need(contacts: Contacts, stages: Stages, customer: Stage) -> None:
    created = contacts.create({"firstname": "Bo", "email": "bo@example.com", "stage": customer.pk, "tags": "vip,new"})
    bo = created["contact"]
    assert bo["fields"]["core"]["firstname"]["value"] == "Bo"
    assert bo["fields"]["all"]["email"] == "bo@example.com"
    assert [tag["tag"] for tag in bo["tags"]] == ["new", "vip"]
    assert contacts.create({"email": "bo@example.com", "lastname": "Berg"})["contact"]["id"] == bo["id"]
    assert contacts.get(bo["id"])["contact"]["fields"]["all"]["firstname"] == "Bo"
    assert list(contacts.get_list(search="berg")["contacts"]) == [str(bo["id"])]
    edited = contacts.edit(bo["id"], {"tags": "-new", "lastActive": "2026-02-13T16:11:07+00:00"})["contact"]
    assert [tag["tag"] for tag in edited["tags"]] == ["vip"]
    assert edited["lastActive"] == "2026-02-13T16:11:07+00:00"
    assert FunnelStatus.objects.get(pk=bo["id"]).stage == customer
    assert contacts.delete(bo["id"])["contact"]["id"] == bo["id"]
    with pytest.raises(MauticException):
        contacts.get(bo["id"])
    assert moves(bo["id"]) == ["outside > Customer", "Customer > outside"]


def test_what_is_refused_is_an_exception_with_the_sentence(
    contacts: Contacts, stages: Stages, customer: Stage, client: Any
) -> None:
    ana = contacts.create({"email": "ana@example.com"})["contact"]
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    with pytest.raises(MauticException) as closed:
        stages.add_contact(customer.pk, ana["id"])
    assert closed.value.args[0] == error(409, "Stage is missing or unpublished.")
    with pytest.raises(MauticException) as nobody:
        stages.add_contact(customer.pk, 987654)
    assert nobody.value.args[0] == error(404, "Contact not found.")
    assert moves(ana["id"]) == ["outside > Aware"]


def test_a_wrong_password_is_an_exception(live_server: LiveServer, member: TeamMember) -> None:
    client = MauticBasicAuthClient(live_server.url, member.email, "wrong")
    with pytest.raises(MauticException) as denied:
        Stages(client).get_list()
    assert denied.value.args[0] == error(401, "API authorization denied.")
    client.session.close()


def test_a_viewer_reads_and_writes_nothing(live_server: LiveServer, viewer: TeamMember) -> None:
    change_my_password(password=PASSWORD, by=viewer)
    client = MauticBasicAuthClient(live_server.url, viewer.email, PASSWORD)
    assert Stages(client).get_list()["total"] == 5
    with pytest.raises(MauticException) as refused:
        Stages(client).create({"name": "Mine"})
    assert refused.value.args[0] == error(403, "You do not have access to the requested area/action.")
    assert not Stage.objects.filter(name="Mine").exists()
    client.session.close()
