"""Periodic work on what lets people and applications in."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone
from oauth2_provider.models import clear_expired
from procrastinate.contrib.django import app

from config.team.calls import actions as calls
from config.team.links import actions as links
from config.team.mail import actions as mail
from config.team.mail.tasks import send_mail

__all__ = ["send_mail"]

SIGN_INS_ARE_KEPT = timedelta(days=90)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="forget_expired_tokens", lock="forget_expired_tokens")
def forget_expired_tokens(timestamp: int) -> None:
    """Every night: forget OAuth2 tokens and codes that open nothing any more."""
    clear_expired()


@app.periodic(cron="47 * * * *")
@app.task(queueing_lock="forget_old_answers", lock="forget_old_answers")
def forget_old_answers(timestamp: int) -> None:
    """Every hour: what requests with an Idempotency-Key were answered is dropped after a day."""
    calls.forget_old_answers(by=None)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="forget_old_counts", lock="forget_old_counts")
def forget_old_counts(timestamp: int) -> None:
    """Every ten minutes: how many requests somebody sent within a minute that is over is dropped."""
    calls.forget_old_counts(by=None)


@app.periodic(cron="27 3 * * *")
@app.task(queueing_lock="forget_old_sign_ins", lock="forget_old_sign_ins")
def forget_old_sign_ins(timestamp: int) -> None:
    """Every night: forget sessions that have ended, and who signed in, or tried to, a long time ago."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    for model in (AccessAttempt, AccessLog):
        model.objects.filter(attempt_time__lt=now - SIGN_INS_ARE_KEPT).delete()


@app.periodic(cron="7 3 * * *")
@app.task(queueing_lock="forget_old_links", lock="forget_old_links")
def forget_old_links(timestamp: int) -> None:
    """Every night: forget links that open nothing any more, and mails that were sent, long ago."""
    links.forget_old_links(by=None)
    mail.forget_old_mails(by=None)
