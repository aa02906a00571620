"""Periodic work on what lets applications in."""

from oauth2_provider.models import clear_expired
from procrastinate.contrib.django import app

from config.team.calls import actions as calls


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
