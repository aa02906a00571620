"""E-mail: through which server mail goes, what failed last, and a test."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.mail.actions import mail_test, send_mail
from config.team.models import Mail, TeamMember

EMAIL = "/settings/email"
ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def sends_mail(settings) -> None:
    settings.SENDS_MAIL = True
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 587
    settings.EMAIL_HOST_PASSWORD = "not to be seen"
    settings.DEFAULT_FROM_EMAIL = "funnelbook@example.com"


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_without_a_server_it_says_how_to_have_one(client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    page = client.get(EMAIL).text
    assert "No mail goes out" in page and "EMAIL_URL" in page
    assert "Send me a test" not in page
    assert texts(client.post(f"{EMAIL}/test")) == ["Nothing was sent: EMAIL_URL is not set."]
    assert not Mail.objects.exists()


def test_the_server_is_shown_without_its_password(sends_mail: None, client_of: ClientOf, administrator) -> None:
    page = client_of(administrator).get(EMAIL).text
    assert "<dd>mail.example.com, port 587</dd>" in page
    assert "<dd>funnelbook@example.com</dd>" in page
    assert "not to be seen" not in page


def test_a_test_goes_to_oneself(sends_mail: None, client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    response = client.post(f"{EMAIL}/test")
    assert (response.status_code, response["Location"]) == (302, EMAIL)
    assert texts(response) == ["A test is on its way to ana.silva@example.com. Reload the page to see how it went."]
    assert "<dt>Waiting</dt><dd>1</dd>" in client.get(EMAIL).text
    send_mail(mail=Mail.objects.get().pk, by=None)
    assert [mail.to for mail in outbox.outbox] == [["ana.silva@example.com"]]
    page = client.get(EMAIL).text
    assert "Test, <time" in page and "<dt>Waiting</dt><dd>0</dd>" in page


def test_the_last_failure_is_shown_until_a_mail_is_sent_again(
    sends_mail: None, client_of: ClientOf, administrator: TeamMember
) -> None:
    client, now = client_of(administrator), timezone.now()
    mail = mail_test(by=administrator)
    problem = "The server cannot be reached: Connection refused"
    Mail.objects.filter(pk=mail.pk).update(tries=1, tried_at=now - timedelta(minutes=3), problem=problem)
    page = client.get(EMAIL)
    assert "The last mail could not be sent, <time" in page.text
    assert f", and is tried again. {problem}" in page.text
    Mail.objects.filter(pk=mail.pk).update(given_up_at=now)
    assert f", and was given up. {problem}" in client.get(EMAIL).text
    Mail.objects.create(kind=Mail.Kind.TEST, member=administrator, sent_at=now, tried_at=now)
    page = client.get(EMAIL)
    assert "The last mail could not be sent" not in page.text
    assert problem in page.text  # it stands among the facts


def test_it_costs_eight_queries(sends_mail: None, client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    client.get(EMAIL)
    with assertNumQueries(8):  # session, person, organisation, role; what waits in Review; sent, failed, waiting
        client.get(EMAIL)


@pytest.mark.parametrize("role", ["marketer", "operator", "viewer"])
def test_it_is_for_administrators(request, sends_mail: None, client_of: ClientOf, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(EMAIL).status_code == 403
    assert client.post(f"{EMAIL}/test").status_code == 403
    assert not Mail.objects.exists()
