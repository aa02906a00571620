"""Choosing another password by a link: once, in time, for who is in the team."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.actions import deactivate_team_member
from config.team.links.actions import LinkIsDead, choose_password, make_password_link
from config.team.models import SingleUseLink, TeamMember
from tests.team.joining import PASSWORD, addressed

GIVEN = {"password": PASSWORD}


@pytest.fixture
def link(administrator: TeamMember, viewer: TeamMember) -> SingleUseLink:
    return make_password_link(member=viewer, by=administrator)


def test_the_new_one_holds_and_other_sessions_end(client_of: Callable, viewer: TeamMember, link: SingleUseLink) -> None:
    elsewhere, client = client_of(viewer), Client()
    response = client.post(addressed(link), GIVEN)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert TeamMember.objects.get(pk=viewer.pk).check_password(PASSWORD)
    assert client.get("/account").context["user"] == viewer
    assert elsewhere.get("/account").status_code == 302


def test_it_works_once(viewer: TeamMember, link: SingleUseLink) -> None:
    Client().post(addressed(link), GIVEN)
    assert Client().post(addressed(link), {"password": "something else 7"}).status_code == 410
    assert TeamMember.objects.get(pk=viewer.pk).check_password(PASSWORD)


def test_not_after_a_day(viewer: TeamMember, link: SingleUseLink) -> None:
    assert timedelta(days=1) - (link.expires_at - timezone.now()) < timedelta(minutes=5)
    SingleUseLink.objects.update(expires_at=timezone.now())
    assert Client().get(addressed(link)).status_code == 410
    with pytest.raises(LinkIsDead):
        choose_password(link=link, password=PASSWORD, by=viewer)


def test_not_for_who_left(administrator: TeamMember, viewer: TeamMember, link: SingleUseLink) -> None:
    deactivate_team_member(member=viewer, by=administrator)
    assert Client().post(addressed(link), GIVEN).status_code == 410
    assert not TeamMember.objects.get(pk=viewer.pk).check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "Choose a password."),
        ("1234567890", "This password is too common."),
        ("vera.novak@example", "The password is too similar to the e-mail."),
    ],
)
def test_a_weak_one_is_refused_beside_the_field(link: SingleUseLink, password: str, said: str) -> None:
    response = Client().post(addressed(link), {"password": password})
    assert response.status_code == 422
    assert said in response.context["form"].errors["password"]
    assert Client().get(addressed(link)).status_code == 200


def test_it_is_kept_nowhere(link: SingleUseLink) -> None:
    assert "no-store" in Client().get(addressed(link))["Cache-Control"]
