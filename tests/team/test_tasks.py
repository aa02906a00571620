"""What is done every night about what lets applications in."""

from datetime import timedelta

from django.utils import timezone
from oauth2_provider.models import AccessToken, Grant
from procrastinate.contrib.django import app

from config.team.actions import create_application
from config.team.models import TeamMember
from config.team.tasks import forget_expired_tokens


def test_what_opens_nothing_any_more_is_forgotten(administrator: TeamMember) -> None:
    application, _ = create_application(
        name="CRM", grant_type="authorization-code", redirect_uris="https://crm.example.com/", by=administrator
    )
    now = timezone.now()
    for name, expires in (("old", now - timedelta(days=1)), ("good", now + timedelta(hours=1))):
        mine = {"user": administrator, "application": application, "expires": expires}
        AccessToken.objects.create(token=name, **mine)
        Grant.objects.create(code=name, redirect_uri="https://crm.example.com/", **mine)
    forget_expired_tokens.func(timestamp=0)
    assert list(AccessToken.objects.values_list("token", flat=True)) == ["good"]
    assert list(Grant.objects.values_list("code", flat=True)) == ["good"]


def test_it_is_done_every_night() -> None:
    (cron,) = [
        task.cron for task in app.periodic_registry.periodic_tasks.values() if task.task is forget_expired_tokens
    ]
    assert cron == "17 3 * * *"
