"""Who started a run hears by mail that it has ended, if they want to and it took its time."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone

from config.team.mail.actions import send_mail
from config.team.models import Mail, TeamMember
from journeys.runs.models import Run
from journeys.runs.tasks import mail_ends_of_runs


@pytest.fixture(autouse=True)
def sends_mail(settings) -> None:
    settings.SENDS_MAIL = True
    settings.PUBLIC_URL = "https://funnel.example.com"


@pytest.fixture
def max_(marketer: TeamMember) -> TeamMember:
    marketer.mail_when_run_ends = True
    marketer.save()
    return marketer


def ended(by: TeamMember | None, state: str = "finished", *, took: int = 61, ago: int = 0) -> Run:
    """A run that took so many seconds and ended so many minutes ago."""
    end = timezone.now() - timedelta(minutes=ago)
    return Run.objects.create(
        kind=Run.Kind.BULK,
        words="Ana Weber marked lost",
        state=state,
        started_by=by,
        started_at=end - timedelta(seconds=took),
        finished_at=end,
    )


def mailed() -> list[int | None]:
    """The runs whose ends were mailed, after a round of the worker."""
    mail_ends_of_runs.func(timestamp=0)
    return list(Mail.objects.order_by("id").values_list("run", flat=True))


def test_the_mail_names_the_run_and_nothing_of_the_book(max_: TeamMember) -> None:
    run = ended(max_)
    assert mailed() == [run.pk]
    send_mail(mail=Mail.objects.get().pk, by=None)
    (sent,) = outbox.outbox
    assert (sent.to, sent.subject) == (["max.weber@example.com"], f"Run {run.pk} has ended")
    assert f"https://funnel.example.com/runs/{run.pk}\n" in sent.body
    assert "https://funnel.example.com/account\n" in sent.body
    assert "Ana" not in sent.body


def test_each_end_is_told_once(max_: TeamMember) -> None:
    run = ended(max_, "stopped")
    assert mailed() == mailed() == [run.pk]
    Run.objects.filter(pk=run.pk).update(state="finished", finished_at=timezone.now())  # it was continued
    assert mailed() == [run.pk, run.pk]


def test_not_of_short_cancelled_old_or_other_peoples_runs(max_: TeamMember, operator: TeamMember) -> None:
    ended(max_, took=59)
    ended(max_, "cancelled")
    ended(max_, ago=61)
    ended(operator)
    ended(None)
    Run.objects.create(kind=Run.Kind.BULK, words="goes on", started_by=max_)
    assert mailed() == []


def test_nor_to_who_left_or_where_no_mail_goes_out(max_: TeamMember, settings) -> None:
    run = ended(max_)
    settings.SENDS_MAIL = False
    assert mailed() == []
    settings.SENDS_MAIL = True
    TeamMember.objects.filter(pk=max_.pk).update(is_active=False)
    assert mailed() == []
    TeamMember.objects.filter(pk=max_.pk).update(is_active=True)
    assert mailed() == [run.pk]
