"""Asking for a link to another password, without telling who is in the team."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.team.models import Mail, SingleUseLink, TeamMember

FORGOTTEN = "/forgotten-password"


@pytest.fixture
def sends_mail(settings) -> None:
    settings.SENDS_MAIL = True


def test_a_link_is_mailed_to_who_is_in_the_team(sends_mail: None, viewer: TeamMember) -> None:
    response = Client().post(FORGOTTEN, {"email": "VERA.NOVAK@example.com"})
    assert response.status_code == 200
    mail = Mail.objects.get()
    assert (mail.kind, mail.member, mail.link) == ("password", viewer, SingleUseLink.objects.get())
    assert SingleUseLink.objects.get().secret not in response.text


def test_the_answer_does_not_say_who_is(sends_mail: None, viewer: TeamMember) -> None:
    TeamMember.objects.create_user("left@example.com", is_active=False)
    answers = [
        Client().post(FORGOTTEN, {"email": email}) for email in (viewer.email, "nobody@x.org", "left@example.com")
    ]
    assert {answer.status_code for answer in answers} == {200}
    said = [answer.text.replace(answer.context["email"], "…") for answer in answers]
    assert said[0] == said[1] == said[2]
    assert Mail.objects.count() == 1


def test_asking_again_at_once_sends_nothing_more(sends_mail: None, viewer: TeamMember) -> None:
    for _ in range(3):
        Client().post(FORGOTTEN, {"email": viewer.email})
    assert Mail.objects.count() == 1
    SingleUseLink.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    Client().post(FORGOTTEN, {"email": viewer.email})
    assert Mail.objects.count() == 2
    assert SingleUseLink.objects.filter(ended_at=None).count() == 1


def test_without_mail_it_says_whom_to_ask(viewer: TeamMember) -> None:
    for response in (Client().get(FORGOTTEN), Client().post(FORGOTTEN, {"email": viewer.email})):
        assert response.status_code == 200
        assert "An administrator of your organisation can give you a link" in response.text
    assert not SingleUseLink.objects.exists()


@pytest.mark.parametrize(
    ("email", "said"), [("", "Give your e-mail."), ("vera", "Enter a valid email address."), ("<b>", None)]
)
def test_an_error_stands_beside_the_field(sends_mail: None, viewer: TeamMember, email: str, said: str | None) -> None:
    response = Client().post(FORGOTTEN, {"email": email})
    assert response.status_code == 422
    assert response.context["form"].errors == {"email": [said or "Enter a valid email address."]}


def test_the_page_of_signing_in_leads_there(viewer: TeamMember) -> None:
    assert f'href="{FORGOTTEN}"' in Client().get("/sign-in").text


def test_whoever_is_signed_in_is_shown_their_account(client_of: Callable, viewer: TeamMember) -> None:
    assert 'href="/account"' in client_of(viewer).get(FORGOTTEN).text
