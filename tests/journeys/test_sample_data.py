"""Sample data: a believable year, the same from the same seed, that ends now and adds up."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, F, Q
from django.utils import timezone

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, Label
from journeys.reports.queries import funnel_at
from journeys.runs.models import Run, RunOutcome
from journeys.runs.operations import Operation
from journeys.sample.lives import SampleYear
from journeys.sample.story import LABELS, SHAPE
from journeys.status.models import FunnelStatus, StatusChange

DAYS = [
    datetime(2026, 11, 20, 11, 40, tzinfo=UTC),
    datetime(2027, 1, 2, 0, 10, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 50, tzinfo=UTC),
    datetime(2027, 5, 16, 7, 0, tzinfo=UTC),
    datetime(2027, 10, 9, 12, 0, tzinfo=UTC),
]
"""Among them days on which a quarter's label rule or a webinar would fall on the first or the last day of the year."""


@pytest.mark.parametrize("now", DAYS, ids=str)
def test_every_year_ends_with_the_same_funnel(now):
    year = SampleYear(now=now)
    places = Counter((stage, lost is not None) for stage, lost in (life.place_at(now) for life in year.lives))
    assert places == SHAPE


@pytest.mark.parametrize("now", DAYS, ids=str)
def test_moves_of_a_contact_lie_within_the_year_and_apart(now):
    for life in SampleYear(now=now).lives:
        times = [move.written_at for move in (life.arrival, *life.moves)]
        assert times[0] >= now - timedelta(days=366)
        assert times[-1] <= now
        assert all(later - earlier >= timedelta(days=7) for earlier, later in pairwise(times))
        assert all(life.arrival.at <= carried.at <= now for carried in life.labels)


@pytest.mark.parametrize("now", DAYS, ids=str)
def test_every_label_is_carried(now):
    assert {carried.label for life in SampleYear(now=now).lives for carried in life.labels} == set(LABELS)


def test_the_same_moment_and_seed_give_the_same_year():
    first, second, other = SampleYear(now=DAYS[0]), SampleYear(now=DAYS[0]), SampleYear(now=DAYS[0], seed=3)
    assert first.lives == second.lives
    assert first.bystanders == second.bystanders
    assert first.lives != other.lives


@pytest.mark.django_db
def test_an_empty_book_is_filled_once(capsys, monkeypatch):
    monkeypatch.setenv("DEMO_PASSWORD", "a password of the demo")
    call_command("load_sample_data")
    assert "5,000 contacts" in capsys.readouterr().out

    assert Contact.objects.count() == 5000
    assert FunnelStatus.objects.exclude(lost_at=None).count() == 500
    assert Label.objects.count() == 12
    assert CarriedLabel.objects.values("label").distinct().count() == 12
    assert Attribute.objects.count() == 4
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.is_sample) == ("Sample Company", True)

    found = FunnelStatus.objects.values_list("stage__name", Q(lost_at__isnull=False)).annotate(Count("pk"))
    assert {(stage, lost): count for stage, lost, count in found} == SHAPE
    _assert_status_is_the_last_history_row()
    _assert_funnel_adds_up()
    _assert_runs_are_what_history_says()

    causes = set(StatusChange.objects.values_list("cause", flat=True))
    assert causes >= {Cause.MANUAL, Cause.IMPORT, Cause.LABEL_RULE, Cause.BULK, Cause.API, Cause.DEFAULT}
    assert StatusChange.objects.filter(review_needed=True).exists()
    assert StatusChange.objects.filter(from_lost=True, to_lost=False).exclude(cause=Cause.UNDO).count() > 100
    assert StatusChange.objects.filter(changed_at__gt=timezone.now() - timedelta(days=1)).exists()
    earliest = StatusChange.objects.earliest("changed_at").changed_at
    assert timedelta(days=360) < timezone.now() - earliest < timedelta(days=366)

    people = {person.email: person for person in TeamMember.objects.all()}
    administrator = people.pop("demo@example.com")
    assert administrator.check_password("a password of the demo")
    assert len(people) == 3
    assert not any(person.has_usable_password() for person in people.values())

    before = StatusChange.objects.count()
    call_command("load_sample_data")
    assert "left alone" in capsys.readouterr().out
    assert Contact.objects.count() == 5000
    assert StatusChange.objects.count() == before


@pytest.mark.django_db
def test_a_book_with_a_contact_stays_as_it_is():
    Contact.objects.create(email="ana@example.com")
    call_command("load_sample_data")
    assert Contact.objects.count() == 1
    assert not TeamMember.objects.exists()
    assert not Organisation.objects.get().is_sample


def _assert_status_is_the_last_history_row() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM journeys_funnelstatus status
            JOIN LATERAL (SELECT * FROM journeys_statuschange WHERE contact_id = status.contact_id
                          ORDER BY id DESC LIMIT 1) last ON true
            WHERE (status.stage_id, status.lost_at IS NOT NULL, status.lost_reason_id, status.since, status.cause,
                   status.changed_by_id, status.run_id, status.note_id)
                  IS NOT DISTINCT FROM
                  (last.to_stage_id, last.to_lost, last.to_lost_reason_id, last.changed_at, last.cause,
                   last.changed_by_id, last.run_id, last.note_id)
        """)
        assert cursor.fetchone() == (5000,)


def _assert_funnel_adds_up() -> None:
    funnel = funnel_at()
    assert (funnel.in_stages, funnel.lost, funnel.without_status, funnel.total) == (4458, 500, 42, 5000)


def _assert_runs_are_what_history_says() -> None:
    runs = Run.objects.all()
    assert runs.count() == 16
    assert not runs.exclude(state=Run.State.FINISHED).exists()
    assert not runs.exclude(records=F("created") + F("updated") + F("unchanged") + F("refused")).exists()
    assert runs.filter(refused__gt=0).exists()
    for run in runs.exclude(words__contains="webinar"):
        assert StatusChange.objects.filter(run=run).count() == run.created + run.updated
    for run in runs.exclude(kind=Run.Kind.IMPORT):
        stayed = sum(len(outcome.contacts) for outcome in RunOutcome.objects.filter(run=run))
        assert stayed == run.unchanged + run.refused
        operation = Operation.read(run.operation)
        assert (operation.cause, operation.stage) == (run.kind, run.stage_id)
    rules = {str(run.rule) for run in runs.filter(kind=Run.Kind.LABEL_RULE)}
    assert rules == {f"purchased-q{quarter} → Customer" for quarter in range(1, 5)}
