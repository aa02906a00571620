"""Joining the team with an invitation: once, in time, with the role that was given."""

import io
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.links.actions import AlreadyInTeam, accept_invitation, invite, make_password_link
from config.team.models import SingleUseLink, TeamMember
from config.team.roles import Role
from tests.elsewhere import elsewhere
from tests.factories import TeamMemberFactory
from tests.team.joining import PASSWORD, addressed

GIVEN = {"name": "Nia Hale", "password": PASSWORD}


@pytest.fixture
def link(administrator: TeamMember) -> SingleUseLink:
    return invite(email="nia@example.org", role=Role.OPERATOR, by=administrator)


def test_who_joins_is_signed_in_with_the_role_given(link: SingleUseLink) -> None:
    client = Client()
    response = client.post(addressed(link), GIVEN | {"role": "4", "email": "other@example.org"})
    assert (response.status_code, response["Location"]) == (302, "/")
    nia = TeamMember.objects.get(email="nia@example.org")
    assert (nia.name, nia.role, nia.is_superuser, nia.check_password(PASSWORD)) == (
        "Nia Hale",
        Role.OPERATOR,
        False,
        True,
    )
    assert client.get("/account").context["user"] == nia


def test_it_says_who_invites_to_what_and_is_kept_nowhere(link: SingleUseLink) -> None:
    page = Client().get(addressed(link))
    assert "Ana Silva invites you as Operator. You sign in with nia@example.org." in page.text
    assert "no-store" in page["Cache-Control"]


def test_it_works_once(link: SingleUseLink) -> None:
    Client().post(addressed(link), GIVEN)
    for response in (Client().get(addressed(link)), Client().post(addressed(link), GIVEN)):
        assert response.status_code == 410
        assert "This link does not work any more" in response.text
    assert TeamMember.objects.count() == 2


def test_not_after_seven_days(link: SingleUseLink) -> None:
    assert timedelta(days=7) - (link.expires_at - timezone.now()) < timedelta(minutes=5)
    SingleUseLink.objects.update(expires_at=timezone.now())
    assert Client().post(addressed(link), GIVEN).status_code == 410
    assert TeamMember.objects.count() == 1


@pytest.mark.parametrize("secret", ["x", "0" * 43, "%00", "a" * 500, "é", "%ed%a0%80"])
def test_a_guess_opens_nothing(link: SingleUseLink, secret: str) -> None:
    assert Client().post(f"/invitation/{secret}", GIVEN).status_code in (400, 410)
    assert TeamMember.objects.count() == 1


def test_a_link_to_another_password_is_none(administrator: TeamMember) -> None:
    other = make_password_link(member=administrator, by=administrator)
    assert Client().post(f"/invitation/{other.secret}", GIVEN).status_code == 410


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"name": ""}, "name", "Give your name."),
        ({"name": "N" * 151}, "name", "Ensure this value has at most 150 characters (it has 151)."),
        ({"password": ""}, "password", "Choose a password."),
        ({"password": "nia@example.org"}, "password", "The password is too similar to the e-mail."),
    ],
)
def test_an_error_stands_beside_its_field_and_the_link_stays_good(
    link: SingleUseLink, sent: dict[str, str], field: str, said: str
) -> None:
    response = Client().post(addressed(link), GIVEN | sent)
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert Client().post(addressed(link), GIVEN).status_code == 302


def test_whoever_was_signed_in_before_is_not_any_more(
    client_of: Callable, administrator: TeamMember, link: SingleUseLink
) -> None:
    client = client_of(administrator)
    client.post(addressed(link), GIVEN)
    assert client.get("/account").context["user"].email == "nia@example.org"


def test_somebody_of_this_e_mail_who_came_in_another_way_stays_as_they_are(link: SingleUseLink) -> None:
    there = TeamMemberFactory(email="NIA@example.org", role=Role.VIEWER)
    assert Client().post(addressed(link), GIVEN).status_code == 410
    with pytest.raises(AlreadyInTeam):
        accept_invitation(link=link, name="Nia", password=PASSWORD, by=None)
    assert TeamMember.objects.get(pk=there.pk).role is Role.VIEWER


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_it_at_once_one_joins() -> None:
    link = invite(email="nia@example.org", role=Role.VIEWER, by=TeamMemberFactory(role=Role.ADMINISTRATOR))
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(accept_invitation, link=link, name="Nia", password=PASSWORD, by=None).result()
        theirs = second.do(Client().post, addressed(link), GIVEN)
        assert second.has_to_wait()
        first.commit()
        assert theirs.result().status_code == 410
    assert TeamMember.objects.filter(email="nia@example.org").count() == 1


def test_the_log_does_not_hold_it(link: SingleUseLink) -> None:
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    log = io.StringIO()
    before = handler.setStream(log)
    try:
        Client().post(addressed(link), GIVEN | {"name": ""})
        Client(enforce_csrf_checks=True).post(addressed(link), GIVEN)
        Client().post(addressed(link), GIVEN)
        Client().get(addressed(link))
    finally:
        handler.setStream(before)  # type: ignore[arg-type]
    assert "/invitation/…" in log.getvalue()
    assert link.secret not in log.getvalue()
    assert "nia@example.org" not in log.getvalue()
