"""The funnel at any past moment, and what moved between two, from flows that are folded meanwhile or not."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from contacts.causes import Cause
from journeys.history import following
from journeys.reports import actions
from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.reports.queries import Place, funnel_at, funnels_at, movements_between
from journeys.status import actions as status
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import contact_in
from tests.heart import as_owner, assert_explained, counts, last_change, run_sql

QUARTER = timedelta(minutes=15)
MIDNIGHT = datetime(2024, 5, 1, tzinfo=UTC)


def fold_all() -> None:
    """Twice: the first time takes the mark, the second folds up to it."""
    actions.fold_flows()
    actions.fold_flows()


def add_flow(
    quarter: datetime, *, to: int | None, count: int = 1, kind: str = "change", start: int | None = None
) -> None:
    """A flow as the database writes it: a birth, or a move from `start`."""
    with as_owner():
        FunnelFlow.objects.create(
            quarter=quarter,
            from_outside=start is None,
            from_stage_id=start,
            from_lost=False,
            to_outside=False,
            to_stage_id=to,
            to_lost=False,
            cause=Cause.IMPORT,
            kind=kind,
            count=count,
        )


# Folding, on real connections


@pytest.mark.django_db(transaction=True)
def test_a_flow_is_folded_once_nobody_can_still_write_before_it() -> None:
    aware = Stage.objects.get(name="Aware")
    contact_in(aware)
    with elsewhere() as slow:
        slow.begin()
        slow.do(contact_in, aware).result()
        contact_in(aware)
        fold_all()
        actions.fold_flows()
        assert (FunnelTotal.objects.count(), FoldMark.objects.get().folded_to) == (0, 0)
        assert funnel_at().total == 2
        slow.commit()
    assert funnel_at().total == 3
    assert actions.fold_flows() == FunnelFlow.objects.latest("id").pk
    assert sorted(FunnelTotal.objects.values_list("span", "count")) == [("day", 3), ("month", 3)]
    assert funnel_at().total == 3
    fold_all()
    assert sorted(FunnelTotal.objects.values_list("span", "count")) == [("day", 3), ("month", 3)]
    assert_explained()


@pytest.mark.django_db(transaction=True)
def test_a_flow_that_commits_late_is_not_lost_and_not_counted_twice() -> None:
    """Its number is lower than the mark that was taken while it was being written."""
    aware = Stage.objects.get(name="Aware")
    with elsewhere() as slow:
        slow.begin()
        slow.do(contact_in, aware).result()
        contact_in(aware)
        assert actions.fold_flows() == 0
        slow.commit()
    for _ in range(4):
        actions.fold_flows()
        assert funnel_at().total == 2
    assert set(FunnelTotal.objects.values_list("count", flat=True)) == {2}


@pytest.mark.django_db(transaction=True)
def test_what_came_after_the_mark_waits_for_the_next_one() -> None:
    aware = Stage.objects.get(name="Aware")
    contact_in(aware)
    actions.fold_flows()
    contact_in(aware)
    for folded in (1, 2):
        actions.fold_flows()
        assert set(FunnelTotal.objects.values_list("count", flat=True)) == {folded}
        assert funnel_at().total == 2


@pytest.mark.django_db(transaction=True)
def test_flows_that_were_rolled_back_leave_no_trace() -> None:
    aware = Stage.objects.get(name="Aware")
    with transaction.atomic():
        contact_in(aware)
        transaction.set_rollback(True)
    contact_in(aware)
    fold_all()
    actions.fold_flows()
    assert funnel_at().total == 1
    assert set(FunnelTotal.objects.values_list("count", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_two_who_fold_at_once_fold_once() -> None:
    aware = Stage.objects.get(name="Aware")
    contact_in(aware)
    actions.fold_flows()
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        folded = first.do(actions.fold_flows).result()
        again = second.do(actions.fold_flows)
        assert second.has_to_wait()
        first.commit()
        assert (folded, again.result()) == (FunnelFlow.objects.latest("id").pk,) * 2
    assert set(FunnelTotal.objects.values_list("count", flat=True)) == {1}
    assert funnel_at().total == 1


@pytest.mark.django_db(transaction=True)
def test_reading_while_somebody_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its two queries a read is overtaken by a fold: it reads again, and counts nobody twice."""
    aware = Stage.objects.get(name="Aware")
    contact_in(aware)
    actions.fold_flows()
    folded = []

    def fold_first(execute, sql, params, many, context):
        if "WITH movements" in sql and not folded:
            folded.append(True)
            with elsewhere() as other:
                other.do(actions.fold_flows).result()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fold_first):
        assert funnel_at().total == 1
    assert (folded, FunnelTotal.objects.count()) == ([True], 2)


# Reading


@pytest.fixture
def at_once_final(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written in the test's transaction counts as final, or nothing would be folded in it."""
    monkeypatch.setattr(following, "_oldest_running", lambda: 2**62)


@pytest.mark.django_db
def test_the_funnel_at_the_beginning_of_a_quarter(aware: Stage, customer: Stage, at_once_final: None) -> None:
    contact = contact_in(aware, since=MIDNIGHT + timedelta(minutes=7))
    then = {contact.pk: MIDNIGHT + timedelta(minutes=30)}
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None, dates=then)
    for _ in range(2):
        found = [counts(funnel_at(MIDNIGHT + timedelta(minutes=minutes))) for minutes in (0, 7, 14, 15, 30, 44, 45, 60)]
        nobody: Counter[Place] = Counter()
        in_aware, in_customer = Counter([Place(aware.pk)]), Counter([Place(customer.pk)])
        assert found == [nobody, nobody, nobody, in_aware, in_aware, in_aware, in_customer, in_customer]
        fold_all()


@pytest.mark.django_db
def test_a_funnel_says_each_number(aware: Stage, customer: Stage) -> None:
    for stage, lost in [(aware, False), (aware, False), (customer, True), (None, False), (None, True)]:
        contact_in(stage, lost=lost)
    funnel = funnel_at()
    assert (funnel.in_stage(aware.pk), funnel.in_stage(customer.pk), funnel.in_stages) == (2, 0, 2)
    assert (funnel.lost_from(customer.pk), funnel.lost_from(None), funnel.lost) == (1, 1, 2)
    assert (funnel.without_status, funnel.total, funnel.stages) == (1, 5, {aware.pk, customer.pk})
    assert funnel.in_stages + funnel.lost + funnel.without_status == funnel.total


@pytest.mark.django_db
def test_the_present_is_the_same_corrected_or_recorded_and_the_past_is_not(
    aware: Stage, customer: Stage, at_once_final: None
) -> None:
    contact = contact_in(aware, since=MIDNIGHT)
    then = {contact.pk: MIDNIGHT + timedelta(days=1)}
    status.change_status(contacts=[contact.pk], to=customer, cause=Cause.API, by=None, dates=then)
    status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    for _ in range(2):
        past = MIDNIGHT + timedelta(days=2)
        assert counts(funnel_at(past)) == Counter([Place(aware.pk)])
        assert counts(funnel_at(past, as_corrected=False)) == Counter([Place(customer.pk)])
        assert counts(funnel_at()) == counts(funnel_at(as_corrected=False)) == Counter([Place(aware.pk)])
        fold_all()


@pytest.mark.django_db
@pytest.mark.parametrize("flows", [1, 300])
@pytest.mark.parametrize("folded", [False, True])
def test_reading_takes_two_queries(
    django_assert_num_queries, aware: Stage, at_once_final: None, flows: int, folded: bool
) -> None:
    for number in range(flows):
        add_flow(MIDNIGHT + timedelta(hours=7 * number), to=aware.pk)
    if folded:
        fold_all()
    with django_assert_num_queries(2):
        assert funnel_at().total == flows
    with django_assert_num_queries(2):
        ends = [MIDNIGHT + timedelta(days=days) for days in (-1, 3000)]
        assert [funnel.total for funnel in funnels_at(ends)] == [0, flows]
    with django_assert_num_queries(2):
        assert sum(one.count for one in movements_between(MIDNIGHT, MIDNIGHT + timedelta(days=3000))) == flows
    with django_assert_num_queries(2):
        assert movements_between(MIDNIGHT - timedelta(days=40), MIDNIGHT) == []


# Any moments: ends of months and leap days, near to each other and far


quarters = st.builds(
    lambda day, quarter: datetime(day.year, day.month, day.day, tzinfo=UTC) + quarter * QUARTER,
    st.dates(date(2023, 12, 28), date(2024, 3, 3)),
    st.sampled_from([0, 0, 1, 40, 95]),
)
flows = st.lists(st.tuples(quarters, st.sampled_from(["change", "change", "cancel"]), st.integers(1, 5)), max_size=25)


@pytest.mark.django_db
@given(
    flows=flows,
    folds=st.sets(st.integers(0, 24)),
    instants=st.lists(st.tuples(quarters, quarters, st.integers(0, 14)), min_size=1, max_size=6),
)
def test_whatever_is_folded_and_wherever_it_is_cut(at_once_final: None, aware: Stage, flows, folds, instants) -> None:
    with transaction.atomic():
        for number, (quarter, kind, count) in enumerate(flows):
            add_flow(quarter, to=aware.pk, kind=kind, count=count)
            if number in folds:
                actions.fold_flows()
        for start, end, minutes in instants:
            for first, last in ((start, end), (end, start), (start, start)):
                for kinds, corrected in ((("change", "cancel"), True), (("change",), False)):
                    expected = sum(count for at, kind, count in flows if first <= at < last and kind in kinds)
                    given = last + timedelta(minutes=minutes)  # the beginning of its quarter counts
                    found = movements_between(first + timedelta(minutes=minutes), given, as_corrected=corrected)
                    assert sum(one.count for one in found) == expected
                    until = sum(count for at, kind, count in flows if at < last and kind in kinds)
                    assert funnel_at(given, as_corrected=corrected).total == until
            both = [start + timedelta(minutes=minutes), end, start]
            for corrected in (True, False):
                found = [counts(funnel) for funnel in funnels_at(both, as_corrected=corrected)]
                assert found == [counts(funnel_at(at, as_corrected=corrected)) for at in both]
            since = sum(count for at, _, count in flows if at >= start)
            assert sum(one.count for one in movements_between(start, None)) == since
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_moment_is_the_same_in_every_zone(aware: Stage) -> None:
    contact_in(aware, since=MIDNIGHT)
    run_sql("SET LOCAL TIME ZONE 'Asia/Kathmandu'")
    kathmandu = timedelta(hours=5, minutes=45)
    at = (MIDNIGHT + QUARTER).astimezone(timezone(kathmandu))
    assert (funnel_at(at).total, funnel_at(at - QUARTER).total) == (1, 0)
