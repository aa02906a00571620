"""Sending mail: no request waits for a mail server."""

from procrastinate.contrib.django import app

from config.team.mail import actions


@app.task
def send_mail(mail: int) -> None:
    """Send one mail."""
    actions.send_mail(mail=mail, by=None)
