"""What is done every night about what lets people and applications in."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.utils import timezone
from oauth2_provider.models import AccessToken, Grant
from procrastinate.contrib.django import app

from config.team.actions import create_application
from config.team.models import TeamMember
from config.team.tasks import forget_expired_tokens, forget_old_sign_ins


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


def test_old_sessions_and_sign_ins_are_forgotten(db: None) -> None:
    now = timezone.now()
    for key, expires in (("ended", now - timedelta(minutes=1)), ("good", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    for model in (AccessAttempt, AccessLog):
        for name, age in (("old", 91), ("new", 89)):
            more = {"failures_since_start": 1} if model is AccessAttempt else {}
            row = model.objects.create(username=name, ip_address="127.0.0.1", **more)
            model.objects.filter(pk=row.pk).update(attempt_time=now - timedelta(days=age))
    forget_old_sign_ins.func(timestamp=0)
    assert [session.session_key for session in Session.objects.all()] == ["good"]
    for model in (AccessAttempt, AccessLog):
        assert [row.username for row in model.objects.all()] == ["new"]
