"""Settings, OAuth2 applications: an Administrator's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application
from pytest_django.asserts import assertNumQueries

from config.team.actions import create_application, remove_application
from config.team.models import TeamMember

APPLICATIONS = "/settings/applications"
ClientOf = Callable[[TeamMember], Client]


def application_of(member: TeamMember, name: str = "CRM") -> Application:
    return create_application(name=name, grant_type=Application.GRANT_CLIENT_CREDENTIALS, redirect_uris="", by=member)[
        0
    ]


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(request, client_of: ClientOf, administrator: TeamMember, role: str) -> None:
    application = application_of(administrator)
    client = client_of(request.getfixturevalue(role))
    for response in (client.get(APPLICATIONS), client.post(f"{APPLICATIONS}/{application.pk}/remove")):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert Application.objects.count() == 1
    assert APPLICATIONS not in client.get("/account").text


def test_without_any_it_says_what_they_are_for(client_of: ClientOf, administrator: TeamMember) -> None:
    assert "No applications yet" in client_of(administrator).get(APPLICATIONS).text


def test_they_are_listed_by_name_with_whom_they_belong_to(client_of: ClientOf, administrator: TeamMember) -> None:
    sync, crm = application_of(administrator, "Sync"), application_of(administrator, "CRM")
    page = client_of(administrator).get(APPLICATIONS)
    assert page.context["applications"] == [crm, sync]
    assert crm.client_id in page.text
    assert "Ana Silva" in page.text
    assert crm.client_secret not in page.text


def test_removing_one_takes_its_tokens_with_it(client_of: ClientOf, administrator: TeamMember) -> None:
    application = application_of(administrator)
    AccessToken.objects.create(
        user=administrator, application=application, token="x", expires=timezone.now() + timedelta(hours=1)
    )
    response = client_of(administrator).post(f"{APPLICATIONS}/{application.pk}/remove")
    assert response["Location"] == APPLICATIONS
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "CRM was removed, and every token it had."
    ]
    assert not Application.objects.exists()
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_six_queries_however_many(client_of: ClientOf, administrator: TeamMember, count: int) -> None:
    for number in range(count):
        application_of(administrator, f"Sync {number}")
    client = client_of(administrator)
    with assertNumQueries(6):  # session, person, organisation, role; applications
        assert len(client.get(APPLICATIONS).context["applications"]) == count


def test_who_does_it_has_no_default(administrator: TeamMember) -> None:
    with pytest.raises(TypeError):
        create_application(name="CRM", grant_type="x", redirect_uris="")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        remove_application(application=application_of(administrator))  # type: ignore[call-arg]
