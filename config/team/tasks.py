"""Periodic work on what lets applications in."""

from oauth2_provider.models import clear_expired
from procrastinate.contrib.django import app


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="forget_expired_tokens", lock="forget_expired_tokens")
def forget_expired_tokens(timestamp: int) -> None:
    """Every night: forget OAuth2 tokens and codes that open nothing any more."""
    clear_expired()
