"""Mail: written down with what it is about, sent by the worker."""

import logging
import re
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from config.team.mail.words import words_of
from config.team.models import Mail, SingleUseLink, TeamMember
from config.team.queries import organisation

logger = logging.getLogger(__name__)

WORK = "config.team.mail.tasks.send_mail"
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 600)]
"""So long after each failure a mail is tried again; after one more it is given up."""

MAILS_ARE_KEPT = timedelta(days=90)
_ADDRESS = re.compile(r"[^\s<>,;:'\"()\[\]{}]+@[^\s<>,;:'\"()\[\]{}]+|https?://\S+")


@transaction.atomic
def mail_link(*, link: SingleUseLink, by: TeamMember | None) -> Mail | None:
    """Send a link to whom it is for; None where Funnelbook sends no mail, and it has to be handed over."""
    if not settings.SENDS_MAIL:
        return None
    kind = Mail.Kind.INVITATION if link.purpose == SingleUseLink.Purpose.INVITATION else Mail.Kind.PASSWORD
    return _queue(Mail.objects.create(kind=kind, link=link, member=link.member))


@transaction.atomic
def mail_test(*, by: TeamMember) -> Mail:
    """Send a mail about nothing to oneself."""
    return _queue(Mail.objects.create(kind=Mail.Kind.TEST, member=by))


@transaction.atomic
def mail_end_of_run(*, run: int, ended_at: datetime, to: TeamMember, by: TeamMember | None) -> Mail | None:
    """Tell somebody that a run has ended; None if they were told already."""
    mail, is_new = Mail.objects.get_or_create(
        run=run, run_ended_at=ended_at, defaults={"kind": Mail.Kind.RUN_ENDED, "member": to}
    )
    return _queue(mail) if is_new else None


def send_mail(*, mail: int, by: TeamMember | None) -> None:
    """Send a mail that waits. After a failure it waits for its next try, until it is given up."""
    waiting = (
        Mail.objects.select_related("member", "link__created_by")
        .filter(pk=mail, sent_at=None, given_up_at=None)
        .first()
    )
    if waiting is None:
        return
    address = _address_of(waiting)
    if not address:
        waiting.delete()  # its link opens nothing any more, or whom it was for has left
        return
    try:
        words = words_of(waiting, organisation())
        EmailMessage(words.subject, words.text, to=[address]).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _note_failure(waiting, error)
    else:
        now = timezone.now()
        Mail.objects.filter(pk=mail).update(sent_at=now, tried_at=now, tries=waiting.tries + 1)
        logger.info("Mail %s was sent", mail)


def forget_old_mails(*, by: TeamMember | None) -> None:
    """What is known about mails of long ago is dropped."""
    Mail.objects.filter(created_at__lt=timezone.now() - MAILS_ARE_KEPT).delete()


def _address_of(mail: Mail) -> str:
    """Whom to send it to; nobody, if it would be of no use."""
    if mail.link and (mail.link.ended_at or mail.link.is_expired):
        return ""
    if mail.member:
        return mail.member.email if mail.member.is_active else ""
    return mail.link.email if mail.link else ""


def _queue(mail: Mail, pause: timedelta | None = None) -> Mail:
    schedule_in = {"seconds": int(pause.total_seconds())} if pause else None
    app.configure_task(WORK, lock=f"mail-{mail.pk}", schedule_in=schedule_in).defer(mail=mail.pk)
    return mail


@transaction.atomic
def _note_failure(mail: Mail, error: Exception) -> None:
    now = timezone.now()
    mail.tries, mail.tried_at, mail.problem = mail.tries + 1, now, _in_words(error)
    if mail.tries > len(PAUSES):
        mail.given_up_at = now
    else:
        _queue(mail, PAUSES[mail.tries - 1])
    mail.save(update_fields=["tries", "tried_at", "problem", "given_up_at"])
    logger.warning("Mail %s could not be sent (try %s): %s", mail.pk, mail.tries, mail.problem)


def _in_words(error: Exception) -> str:
    """What went wrong, without addresses and links: it is shown and logged."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        reason = f"The server refuses the address: {code} {_text(said)}"
    elif isinstance(error, smtplib.SMTPResponseException):
        reason = f"The server says: {error.smtp_code} {_text(error.smtp_error)}"
    elif isinstance(error, OSError) and error.strerror:
        reason = f"The server cannot be reached: {error.strerror}"
    else:
        reason = f"The server cannot be reached: {error}" if isinstance(error, OSError) else str(error)
    reason = _ADDRESS.sub("…", " ".join(reason.replace("\0", "").split()))
    return reason[: Mail._meta.get_field("problem").max_length]


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
