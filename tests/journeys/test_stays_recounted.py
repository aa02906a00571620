"""Conversion, time in stage, stuck and lost against a recount in plain Python: random pasts, as recorded and corrected.

Nothing here knows of stays that the database keeps, or of moments at which somebody was lost: only of places in order.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import quantiles
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from hypothesis import example, given
from hypothesis import strategies as st

from contacts.causes import Cause
from contacts.models import CarriedLabel, Label
from journeys.reports.conversion import Entered, Question, conversion
from journeys.reports.losses import WasLost, losses
from journeys.reports.members import EVERYBODY, Members
from journeys.reports.numbers import Number
from journeys.reports.people import page_behind
from journeys.reports.periods import Period, Span
from journeys.reports.queries import Place
from journeys.reports.readers import read_behind
from journeys.reports.stays import EDGES, Stayed, completed_stays, running_stays
from journeys.runs import actions as runs
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.queries import Matching, this_moment
from journeys.status.models import FunnelStatus
from journeys.stuck.late import Late, Limit
from journeys.stuck.queries import how_many_are_late, late_page
from stages.models import Stage, StageRevision
from tests.factories import LabelFactory
from tests.heart import database_clock
from tests.journeys.report_oracle import FIRST, ZONES, Change, Recount, live_through, moments, pasts

pytestmark = [pytest.mark.hypothesis, pytest.mark.django_db]

NOBODYS = (Cause.STAGE_RETIRED, Cause.STAGE_MERGED)


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="newsletter")


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs limit the time of their transaction, which here is that of the whole test."""
    monkeypatch.setattr(runs, "limit_time", lambda: None)


CAME_BACK = [("lose", 0, 0, timedelta(days=2)), ("recover", 0, 0, timedelta(days=9))]
RECOVERED_TWICE = [*CAME_BACK, ("undo", 0, 0, None), ("recover", 0, 0, None), ("move", 0, 2, None)]
EVERYBODY_SINCE = {"first": FIRST, "last": None, "zone": ZONES[0], "question": (0, 7), "whose": "everybody"}


@example(past=CAME_BACK, as_corrected=True, **EVERYBODY_SINCE)
@example(past=RECOVERED_TWICE, as_corrected=False, **EVERYBODY_SINCE)
@given(
    past=pasts,
    first=moments,
    last=moments | st.none(),
    zone=st.sampled_from(ZONES),
    question=st.tuples(st.integers(0, 5), st.sampled_from([7, 30, 365])),
    whose=st.sampled_from(["everybody", "label", "segment"]),
    as_corrected=st.booleans(),
)
def test_every_report_is_what_a_recount_gives(
    unlimited: None, label: Label, past, first, last, zone: ZoneInfo, question, whose: str, as_corrected: bool
) -> None:
    with transaction.atomic():
        live_through(past, label)
        now = database_clock()
        first, last = sorted(moment.astimezone(zone).date() for moment in (first, last or now))
        period = Period(Span(first, last), zone, now.astimezone(zone).date())
        carriers = set(CarriedLabel.objects.filter(label=label).values_list("contact_id", flat=True))
        segment = Matching(Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),)), this_moment())
        members = {"label": Members(label=label.pk), "segment": Members(matching=segment)}.get(whose, EVERYBODY)
        recount = Recount(as_corrected=as_corrected, contacts=None if members.is_everybody else carriers)
        stages = list(Stage.objects.all())
        asked = Question(stages[question[0] % len(stages)], question[1], members, as_corrected)
        _conversion(recount, asked, period, now)
        _losses(recount, members, period, as_corrected, now)
        _completed(recount, members, period, as_corrected, now)
        _running(recount, members, as_corrected, now)
        transaction.set_rollback(True)


# Conversion


def _conversion(recount: Recount, asked: Question, period: Period, now: datetime) -> None:
    firsts = _firsts(period)
    found = conversion(asked, period, firsts, now=now)
    people = _people(recount, asked.stage, period.start, period.end or now)
    reached = {change.id: _reached(recount, change, asked) for change in people}
    for group, (start, end) in zip(found.groups, _bounds(period, now), strict=True):
        there = [change for change in people if start <= change.at < end]
        assert group.people == len(there)
        assert group.reached == Counter(later for change in there for later in reached[change.id])
        assert group.is_young == (period.midnight(group.last + timedelta(days=1)) + asked.within > now)
    assert found.total.people == len(people)
    for later in [None, *found.later]:
        entered = Entered(
            stage=asked.stage.pk,
            days=asked.days,
            since=period.start,
            start=period.start,
            end=period.end,
            reached=later and later.pk,
            members=asked.members,
            as_corrected=asked.as_corrected,
        )
        expected = {change.id for change in people if not later or later.pk in reached[change.id]}
        assert _changes_behind(entered) == expected
        assert len(expected) == (found.total.reached.get(later.pk, 0) if later else found.total.people)


def _firsts(period: Period) -> list[date]:
    """The first days of two groups, if the period is long enough."""
    return [period.first, *(day for day in [period.first + timedelta(days=40)] if day <= period.last)]


def _bounds(period: Period, now: datetime) -> list[tuple[datetime, datetime]]:
    return list(pairwise([*(period.midnight(day) for day in _firsts(period)), period.end or now]))


def _people(recount: Recount, stage: Stage, start: datetime, end: datetime) -> list[Change]:
    """Of each contact the first change of the period by which it entered the stage."""
    first: dict[int, Change] = {}
    for change in recount.changes(start, end):
        enters = change.end == Place(stage.pk) and change.start.stage != stage.pk
        if enters and change.cause not in NOBODYS:
            first.setdefault(change.contact, change)
    return list(first.values())


def _reached(recount: Recount, entry: Change, asked: Question) -> set[int]:
    reached = set()
    for change in recount.histories[entry.contact]:
        in_time = change.id > entry.id and change.at <= entry.at + asked.within
        if in_time and change.end.stage and not change.end.lost and change.cause not in NOBODYS:
            reached |= _counts_as(change.end.stage, asked.stage, change.recorded_at)
    return reached


def _counts_as(entered: int, stage: Stage, at: datetime) -> set[int]:
    weight = {one.pk: _weight(one, at) for one in Stage.objects.all()}
    if weight[entered] <= weight[stage.pk]:
        return set()
    retired = {one.pk for one in Stage.objects.all() if one.retired_at and one.retired_at <= at}
    between = {pk for pk in weight if weight[stage.pk] < weight[pk] < weight[entered]}
    return {entered} | (between - retired)


def _weight(stage: Stage, at: datetime) -> int:
    revisions = list(StageRevision.objects.filter(stage=stage).order_by("id"))
    then = [one for one in revisions if one.revised_at <= at] or revisions[:1]
    return then[-1].weight


# Time in stage, and who is over target


def _stays(recount: Recount) -> Iterator[tuple[int, int, timedelta, Change | None]]:
    """Contact, stage and length of each stay, without what was lost of it, and the change that ended it, if one did.

    As recorded, an undo puts a contact back into the stay that it had left, which goes on from when it began.
    """
    for contact, history in recount.histories.items():
        began: dict[int, datetime] = {}
        since = FIRST
        for change, following in zip(history, [*history[1:], None], strict=True):
            if change.start.stage and (change.end.stage != change.start.stage or change.end.outside):
                lost = _lost_between(history, change.start.stage, since, change.at)
                yield contact, change.start.stage, change.at - since - lost, change
            began[change.id] = since
            if change.undoes:
                since = began[change.undoes]
            elif change.end.stage != change.start.stage or change.start.outside:
                since = change.at
            if not following and change.end.stage and not change.end.lost:
                now = database_clock()
                lost = _lost_between(history, change.end.stage, since, now)
                yield contact, change.end.stage, now - since - lost, None


def _lost_between(history: list[Change], stage: int, start: datetime, end: datetime) -> timedelta:
    """For how long a contact was lost from a stage between two moments."""
    lost = timedelta()
    for change, following in pairwise([*history, None]):
        until = min(following.at, end) if following else end
        if change and change.end == Place(stage, lost=True):
            lost += max(until - max(change.at, start), timedelta())
    return lost


def _completed(recount: Recount, members: Members, period: Period, as_corrected: bool, now: datetime) -> None:
    found = completed_stays(period, members=members, as_corrected=as_corrected, now=now)
    lasted = defaultdict(list)
    for _, stage, length, change in _stays(recount):
        is_move = change and change.direction is not None and change.cause not in NOBODYS
        if change and is_move and period.start <= change.at < (period.end or now):
            lasted[stage].append((length, change.id))
    assert {stage: Counter(length // timedelta(hours=1) for length, _ in all_) for stage, all_ in lasted.items()} == {
        stage: stays.hours for stage, stays in found.items()
    }
    for stage, stays in lasted.items():
        which = {"members": members, "as_corrected": as_corrected}
        shared = {"stage": stage, "start": period.start, "end": period.end, **which}
        assert _changes_behind(Stayed(**shared)) == {change for _, change in stays}
        for edge, following in zip(EDGES, (*EDGES[1:], 10**6), strict=True):
            there = {change for length, change in stays if edge <= length / timedelta(days=1) < following}
            assert _changes_behind(Stayed(**shared, days=edge)) == there
            assert found[stage].classes[EDGES.index(edge)] == len(there)


def _running(recount: Recount, members: Members, as_corrected: bool, now: datetime) -> None:
    stages = list(Stage.objects.in_use())
    running = {contact: (stage, length) for contact, stage, length, change in _stays(recount) if change is None}
    found = running_stays(members=members, as_corrected=as_corrected, now=now)
    assert {stage: stays.count for stage, stays in found.items()} == Counter(stage for stage, _ in running.values())
    targets = [Limit(stage, days) for stage, days in zip(stages, (0.02, 3, 61, 200, 500), strict=False)]
    late = Late.than(targets, now=now, members=members, as_corrected=as_corrected)
    allowed = dict(late.days)
    over = {
        contact: (stage, length - timedelta(days=allowed[stage]))
        for contact, (stage, length) in running.items()
        if stage in allowed and length > timedelta(days=allowed[stage])
    }
    # The recount looks at a clock that has gone on.
    at_once = {contact for contact, (_, longer) in over.items() if longer < timedelta(minutes=5)}
    assert set(_contacts_behind(late)) - at_once == set(over) - at_once
    assert how_many_are_late(late) == Counter(
        FunnelStatus.objects.filter(pk__in=_contacts_behind(late)).values_list("stage", flat=True)
    )
    page = late_page(late)
    shown = [one.status.pk for one in page.contacts if one.status.pk not in at_once]
    assert sorted(shown) == sorted(set(over) - at_once)
    assert all(over[further][1] > over[nearer][1] - timedelta(minutes=5) for further, nearer in pairwise(shown))
    for one in page.contacts:
        assert timedelta(days=one.days_over) == pytest.approx(over[one.status.pk][1], abs=timedelta(minutes=5))


# Lost


def _losses(recount: Recount, members: Members, period: Period, as_corrected: bool, now: datetime) -> None:
    found = losses(period, _firsts(period), members=members, as_corrected=as_corrected, now=now)
    lost = [_loss(recount, change) for change in recount.changes(period.start, period.end or now) if _loses(change)]
    shared = {"start": period.start, "end": period.end, "members": members, "as_corrected": as_corrected}

    def agrees(counted, expected: list[tuple[Change, int | None, timedelta | None]]) -> None:
        back = sorted(away for _, _, away in expected if away is not None)
        assert (counted.count, counted.came_back) == (len(expected), len(back))
        if not back:
            assert counted.median_days is None
        else:
            seconds = [away.total_seconds() for away in back]
            half = seconds[0] if len(seconds) == 1 else quantiles(seconds, n=2, method="inclusive")[0]
            assert counted.median_days * 86400 == pytest.approx(half, abs=0.001)

    agrees(found.total, lost)
    stages = {change.end.stage for change, _, _ in lost}
    reasons = {reason for _, reason, _ in lost}
    assert set(found.by_stage) == stages
    assert set(found.by_reason) == reasons
    for stage in stages:
        there = [one for one in lost if one[0].end.stage == stage]
        agrees(found.by_stage[stage], there)
        assert _changes_behind(WasLost(**shared, stage=stage or 0)) == {change.id for change, _, _ in there}
    for reason in reasons:
        there = [one for one in lost if one[1] == reason]
        agrees(found.by_reason[reason], there)
        assert _changes_behind(WasLost(**shared, reason=reason or 0)) == {change.id for change, _, _ in there}
    for month, (start, end) in zip(found.by_month, _bounds(period, now), strict=True):
        agrees(month, [one for one in lost if start <= one[0].at < end])
    assert _changes_behind(WasLost(**shared, came_back=True)) == {
        change.id for change, _, away in lost if away is not None
    }


def _loses(change: Change) -> bool:
    return change.end.lost and not change.start.lost


def _loss(recount: Recount, loss: Change) -> tuple[Change, int | None, timedelta | None]:
    """The change that lost a contact, the reason given last while it was lost, and after how long it came back."""
    reason = loss.lost_reason
    for change in recount.histories[loss.contact]:
        if change.id <= loss.id:
            continue
        if not change.end.lost:
            return loss, reason, None if change.end.outside else change.at - loss.at
        reason = change.lost_reason
    return loss, reason, None


# Who is behind a number


def _changes_behind(number: Number) -> set[int]:
    """Every change that the pages show, read again from its data."""
    kept = read_behind(number.as_json())
    assert kept == number
    page = page_behind(kept, size=1000)
    found = [move.change.pk for move in page.moves]
    assert len(found) == len(set(found))
    assert {move.change.change.contact_id for move in page.moves} == set(_contacts_behind(kept))
    return set(found)


def _contacts_behind(number) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(number.sql, number.values)
        found = [row[0] for row in cursor.fetchall()]
    assert len(found) == len(set(found))
    return found
