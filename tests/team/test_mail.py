"""Mails: who gets what, tried again, given up, and nothing of them in the log or the queue."""

import io
import logging
import smtplib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.mail import EmailMessage
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.actions import deactivate_team_member
from config.team.links.actions import forget_old_links, invite, make_password_link, withdraw_invitation
from config.team.mail.actions import WORK, forget_old_mails, mail_link, mail_test, send_mail
from config.team.mail.tasks import send_mail as send_mail_task
from config.team.models import Mail, Organisation, SingleUseLink, TeamMember
from config.team.roles import Role
from tests.team.joining import addressed, jobs_waiting


@pytest.fixture(autouse=True)
def sends_mail(settings) -> None:
    settings.SENDS_MAIL = True
    settings.PUBLIC_URL = "https://funnel.example.com"
    settings.DEFAULT_FROM_EMAIL = "funnelbook@example.com"


@pytest.fixture
def invitation(administrator: TeamMember) -> Mail:
    Organisation.objects.update(name="Acme\nSubject: x")
    mail = mail_link(link=invite(email="nia@example.org", role=Role.OPERATOR, by=administrator), by=administrator)
    assert mail
    return mail


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """`failing[:] = [error]`: what sending fails with."""
    errors: list[Exception] = []

    def send(self: EmailMessage, fail_silently: bool = False) -> int:
        raise errors[0]

    monkeypatch.setattr(EmailMessage, "send", send)
    yield errors


def test_an_invitation(invitation: Mail) -> None:
    send_mail_task.func(mail=invitation.pk)
    (sent,) = outbox.outbox
    assert (sent.to, sent.from_email) == (["nia@example.org"], "funnelbook@example.com")
    assert sent.subject == "Join Funnelbook of Acme Subject: x"
    assert invitation.link
    assert sent.body == (
        "Ana Silva invites you to Funnelbook of Acme Subject: x, as Operator. Choose a name and a password here:\n\n"
        f"https://funnel.example.com{addressed(invitation.link)}\n\nThe link works once, within seven days.\n"
    )
    invitation.refresh_from_db()
    assert (invitation.tries, invitation.problem, invitation.given_up_at) == (1, "", None)
    assert invitation.sent_at is not None


def test_a_link_to_another_password(administrator: TeamMember, viewer: TeamMember) -> None:
    link = make_password_link(member=viewer, by=administrator)
    mail = mail_link(link=link, by=administrator)
    assert mail
    send_mail(mail=mail.pk, by=None)
    (sent,) = outbox.outbox
    assert sent.to == [viewer.email]
    assert f"https://funnel.example.com{addressed(link)}\n" in sent.body


def test_it_is_sent_once(invitation: Mail) -> None:
    for _ in range(2):
        send_mail(mail=invitation.pk, by=None)
    assert len(outbox.outbox) == 1


def test_the_queue_holds_a_number_alone_and_the_tables_no_link(invitation: Mail) -> None:
    assert jobs_waiting() == [(f"mail-{invitation.pk}", {"mail": invitation.pk})]
    link = SingleUseLink.objects.get()
    for model in (Mail, SingleUseLink, ProcrastinateJob):
        assert link.secret not in str(list(model.objects.values()))


def test_workers_know_the_job() -> None:
    assert app.tasks[WORK] is send_mail_task


def test_without_a_server_nothing_is_written(administrator: TeamMember, settings) -> None:
    settings.SENDS_MAIL = False
    link = invite(email="nia@example.org", role=Role.VIEWER, by=administrator)
    assert mail_link(link=link, by=administrator) is None
    assert (Mail.objects.count(), jobs_waiting()) == (0, [])


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(invitation: Mail, failing: list[Exception]) -> None:
    failing[:] = [ConnectionRefusedError(111, "Connection refused")]
    pauses = []
    for _ in range(6):
        ProcrastinateJob.objects.all().delete()
        before = timezone.now()
        send_mail(mail=invitation.pk, by=None)
        pauses += [job.scheduled_at - before for job in ProcrastinateJob.objects.all()]
    assert [round(pause / timedelta(minutes=1)) for pause in pauses] == [1, 5, 30, 120, 600]
    invitation.refresh_from_db()
    assert (invitation.tries, invitation.sent_at) == (6, None)
    assert invitation.problem == "The server cannot be reached: Connection refused"
    assert invitation.given_up_at is not None
    send_mail(mail=invitation.pk, by=None)
    invitation.refresh_from_db()
    assert invitation.tries == 6


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            smtplib.SMTPRecipientsRefused({"nia@example.org": (550, b"5.1.1 <nia@example.org>: unknown\r\nhere")}),
            "The server refuses the address: 550 5.1.1 <…>: unknown here",
        ),
        (
            smtplib.SMTPAuthenticationError(535, b"wrong password for ana@example.com"),
            "The server says: 535 wrong password for …",
        ),
        (TimeoutError("timed out"), "The server cannot be reached: timed out"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), None),
        (smtplib.SMTPDataError(554, b"x" * 500), "The server says: 554 " + "x" * 179),
    ],
)
def test_what_failed_is_kept_without_addresses(
    invitation: Mail, failing: list[Exception], error: Exception, said: str | None
) -> None:
    failing[:] = [error]
    send_mail(mail=invitation.pk, by=None)
    invitation.refresh_from_db()
    assert invitation.problem == said or (said is None and "Connection unexpectedly closed" in invitation.problem)


def test_the_log_holds_neither_address_nor_link(invitation: Mail, failing: list[Exception]) -> None:
    (handler,) = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    log = io.StringIO()
    before = handler.setStream(log)
    try:
        assert invitation.link
        failing[:] = [ValueError(f"Bad: nia@example.org https://funnel.example.com{addressed(invitation.link)}")]
        send_mail(mail=invitation.pk, by=None)
    finally:
        handler.setStream(before)  # type: ignore[arg-type]
    assert f"Mail {invitation.pk} could not be sent (try 1): Bad: … …" in log.getvalue()
    assert "nia@example.org" not in log.getvalue()
    assert invitation.link.secret not in log.getvalue()


def test_a_mail_whose_link_is_dead_is_not_sent(invitation: Mail, administrator: TeamMember) -> None:
    assert invitation.link
    withdraw_invitation(link=invitation.link, by=administrator)
    send_mail(mail=invitation.pk, by=None)
    assert outbox.outbox == []
    assert not Mail.objects.exists()


def test_nor_to_who_left(administrator: TeamMember, viewer: TeamMember) -> None:
    mail = mail_test(by=viewer)
    deactivate_team_member(member=viewer, by=administrator)
    send_mail(mail=mail.pk, by=None)
    assert outbox.outbox == []


def test_old_links_and_mails_are_forgotten(invitation: Mail, administrator: TeamMember) -> None:
    test = mail_test(by=administrator)
    long_ago = timezone.now() - timedelta(days=91)
    forget_old_links(by=None)
    forget_old_mails(by=None)
    assert set(Mail.objects.all()) == {invitation, test}
    SingleUseLink.objects.update(expires_at=long_ago)
    forget_old_links(by=None)
    assert list(Mail.objects.all()) == [test]
    Mail.objects.update(created_at=long_ago)
    forget_old_mails(by=None)
    assert not Mail.objects.exists()
