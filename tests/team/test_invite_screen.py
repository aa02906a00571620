"""Invite: an e-mail and a role; then a link, by mail or to hand over."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import Mail, SingleUseLink, TeamMember
from config.team.roles import Role
from tests.team.joining import address_in, addressed, jobs_waiting

INVITE = "/settings/team/invite"
GIVEN = {"email": "Nia@Example.org", "role": "2"}
ClientOf = Callable[[TeamMember], Client]


def test_without_mail_the_link_is_handed_over_once(client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    response = client.post(INVITE, GIVEN)
    link = SingleUseLink.objects.get()
    assert (link.email, link.given_role, link.created_by) == ("Nia@example.org", Role.OPERATOR, administrator)
    assert address_in(response) == addressed(link)
    assert f'value="http://testserver{addressed(link)}"' in response.text
    assert "no-store" in response["Cache-Control"]
    assert Client().get(address_in(response)).status_code == 200
    for address in (INVITE, "/settings/team"):
        assert link.secret not in client.get(address).text
    assert not Mail.objects.exists()


def test_with_mail_it_is_sent_and_not_shown(client_of: ClientOf, administrator: TeamMember, settings) -> None:
    settings.SENDS_MAIL = True
    response = client_of(administrator).post(INVITE, GIVEN)
    link, mail = SingleUseLink.objects.get(), Mail.objects.get()
    assert (mail.kind, mail.link, mail.member) == ("invitation", link, None)
    assert link.secret not in response.text
    assert "A mail with a link is on its way to Nia@example.org." in response.text
    assert jobs_waiting() == [(f"mail-{mail.pk}", {"mail": mail.pk})]


def test_under_a_public_address_the_link_is_of_that_one(client_of: ClientOf, administrator, settings) -> None:
    settings.PUBLIC_URL = "https://funnel.example.com"
    response = client_of(administrator).post(INVITE, GIVEN)
    assert response.context["address"].startswith("https://funnel.example.com/invitation/")


def test_the_database_cannot_open_it(client_of: ClientOf, administrator: TeamMember) -> None:
    secret = address_in(client_of(administrator).post(INVITE, GIVEN)).rpartition("/")[2]
    stored = SingleUseLink.objects.filter().values().get()
    assert secret not in str(stored)
    for written in (stored["seed"], stored["digest"]):
        assert Client().get(f"/invitation/{written}").status_code == 410


def test_another_key_of_the_installation_makes_another_link(administrator: TeamMember, settings) -> None:
    link = SingleUseLink(seed="a" * 64)
    before = link.secret
    settings.SECRET_KEY = "another"
    assert link.secret != before


def test_inviting_again_replaces_the_link_before(client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    first = address_in(client.post(INVITE, GIVEN))
    second = address_in(client.post(INVITE, {"email": "NIA@example.org", "role": "3"}))
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    assert SingleUseLink.objects.filter(ended_at=None).get().given_role is Role.MARKETER


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"email": ""}, "email", "Give the e-mail of whom you invite."),
        ({"email": "nia"}, "email", "Enter a valid email address."),
        ({"email": "VERA.novak@example.com"}, "email", "Vera Novak is in the team already."),
        ({"role": ""}, "role", "Choose a role."),
        ({"role": "0"}, "role", "Choose a role."),
        ({"role": "9" * 30}, "role", "Choose a role."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_is_lost(
    client_of: ClientOf, administrator: TeamMember, viewer: TeamMember, sent: dict[str, str], field: str, said: str
) -> None:
    response = client_of(administrator).post(INVITE, GIVEN | sent)
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    if sent.get("email") != "":
        assert f'value="{(GIVEN | sent)["email"]}"' in response.text
    assert not SingleUseLink.objects.exists()


def test_who_left_is_reactivated_instead(client_of: ClientOf, administrator: TeamMember, viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(is_active=False)
    response = client_of(administrator).post(INVITE, {"email": viewer.email, "role": "1"})
    assert response.context["form"].errors == {
        "email": ["Vera Novak was deactivated. Reactivate them instead."],
    }


def test_the_dialog_gets_the_part_alone(client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    opened = client.get(INVITE, headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="invite-form">')
    shown = client.post(INVITE, GIVEN, headers={"HX-Request": "true", "HX-Target": "invite-form"})
    assert "<html" not in shown.text
    assert shown.context["address"] in shown.text


def test_it_asks_for_the_password_first(forgetful_client_of: ClientOf, administrator: TeamMember) -> None:
    client = forgetful_client_of(administrator)
    for asked in (client.get(INVITE), client.post(INVITE, GIVEN)):
        assert "Your password, please" in asked.text
    assert not SingleUseLink.objects.exists()
