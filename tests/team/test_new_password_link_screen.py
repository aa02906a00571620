"""Another password for somebody: a link, by mail or to hand over; nobody learns a password."""

from collections.abc import Callable

from django.test import Client

from config.team.models import Mail, SingleUseLink, TeamMember
from tests.team.joining import address_in, jobs_waiting

ClientOf = Callable[[TeamMember], Client]


def at(member: TeamMember) -> str:
    return f"/settings/team/{member.pk}/password"


def test_looking_makes_no_link(client_of: ClientOf, administrator: TeamMember, viewer: TeamMember) -> None:
    page = client_of(administrator).get(at(viewer))
    assert "Make a link" in page.text
    assert not SingleUseLink.objects.exists()


def test_without_mail_the_link_is_handed_over(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    client = client_of(administrator)
    first, second = address_in(client.post(at(viewer))), address_in(client.post(at(viewer)))
    assert Client().get(first).status_code == 410  # the second one took its place
    assert Client().get(second).status_code == 200


def test_with_mail_it_is_sent_and_not_shown(client_of: ClientOf, administrator, viewer: TeamMember, settings) -> None:
    settings.SENDS_MAIL = True
    response = client_of(administrator).post(at(viewer))
    mail = Mail.objects.get()
    assert (mail.kind, mail.member, mail.link) == ("password", viewer, SingleUseLink.objects.get())
    assert SingleUseLink.objects.get().secret not in response.text
    assert jobs_waiting() == [(f"mail-{mail.pk}", {"mail": mail.pk})]


def test_until_it_is_used_everything_stays(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    theirs = client_of(viewer)
    client_of(administrator).post(at(viewer))
    assert theirs.get("/stages").status_code == 200


def test_there_is_none_for_who_is_inactive(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(is_active=False)
    assert client_of(administrator).post(at(viewer)).status_code == 404


def test_it_asks_for_the_password_first(forgetful_client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    assert "Your password, please" in forgetful_client_of(administrator).post(at(viewer)).text
    assert not SingleUseLink.objects.exists()


def test_it_is_for_administrators(client_of: ClientOf, marketer: TeamMember, viewer: TeamMember) -> None:
    assert client_of(marketer).post(at(viewer)).status_code == 403
    assert not SingleUseLink.objects.exists()
