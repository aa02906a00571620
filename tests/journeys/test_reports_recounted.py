"""Every report against a recount in plain Python: random pasts, any midnights, as recorded and as corrected."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import product

import pytest
from django.db import connection, transaction
from hypothesis import example, given

from contacts.models import CarriedLabel, Label
from journeys.reports.behind import Behind
from journeys.reports.counts import funnels_of, ledger_of, movements_of
from journeys.reports.flows import flows_of, ways
from journeys.reports.ledger import BookRow, Term
from journeys.reports.left_out import LeftOut, left_out_at, left_out_of, recorded_later
from journeys.reports.members import EVERYBODY, Members
from journeys.reports.people import page_behind
from journeys.reports.places import Whereabouts
from journeys.reports.queries import Place
from journeys.reports.readers import read_behind
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.queries import Matching, this_moment
from stages.models import Stage
from tests.factories import LabelFactory
from tests.heart import counts, database_clock
from tests.journeys.report_oracle import ZONES, Change, Recount, live_through, moments, pasts

pytestmark = [pytest.mark.hypothesis, pytest.mark.django_db]


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="newsletter")


LEVEL = [("weigh", 0, 2, None), ("weigh", 1, 2, None), ("move", 0, 0, timedelta(days=2))]


@example(past=LEVEL, first=datetime(2024, 3, 1, tzinfo=ZONES[0]), last=datetime(2024, 4, 1, tzinfo=ZONES[0]))
@given(past=pasts, first=moments, last=moments)
def test_every_report_is_what_a_recount_gives(label: Label, past, first, last) -> None:
    first, last = sorted((first, last))
    with transaction.atomic():
        live_through(past, label)
        carriers = set(CarriedLabel.objects.filter(label=label).values_list("contact_id", flat=True))
        segment = Matching(Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),)), this_moment())
        for as_corrected, members in product(
            (True, False), (EVERYBODY, Members(label=label.pk), Members(label=label.pk, matching=segment))
        ):
            recount = Recount(as_corrected=as_corrected, contacts=None if members.is_everybody else carriers)
            for check in (_funnels, _movements, _ledger, _flows, _names, _notes):
                check(recount, members, first, last, as_corrected)
        transaction.set_rollback(True)


def _funnels(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    for moments_ in ([first, last, None], [last], [None]):
        found = [counts(funnel) for funnel in funnels_of(members, moments_, as_corrected=as_corrected)]
        assert found == [recount.funnel(moment) for moment in moments_]


def _movements(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    for end in (last, None):
        found = movements_of(members, first, end, as_corrected=as_corrected)
        counted = Counter((one.start, one.end, one.direction) for one in recount.changes(first, end))
        assert {(one.start, one.end, one.direction): one.count for one in found} == counted


def _ledger(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    stages = list(Stage.objects.values_list("pk", flat=True))
    shared = {"members": members, "as_corrected": as_corrected}
    for end in (last, None):
        found = ledger_of(members, stages, first, end, as_corrected=as_corrected)
        assert found.missing == 0
        before, after = recount.funnel(first), recount.funnel(end)
        for row in found.rows:
            here = Place(row.stage)
            assert (row.start, row.end) == (before[here], after[here])
            for term in Term:
                changes = recount.term(here, term, first, end)
                assert row.terms[term] == len(changes)
                behind = Behind(place=Whereabouts.of(here), start=first, end=end, term=term, **shared)
                assert contacts_behind(behind) == {change.contact for change in changes}
        changes = recount.changes(first, end)
        assert (found.lost.start, found.lost.end) == tuple(_lost(counted) for counted in (before, after))
        assert found.lost.came == sum(one.start.outside and one.end.lost for one in changes)
        assert found.lost.recovered == sum(one.start.lost and _is_present(one.end) for one in changes)
        assert found.book == BookRow(
            sum(before.values()),
            sum(one.start.outside for one in changes),
            sum(one.end.outside for one in changes),
            sum(after.values()),
        )
        pairs = Counter((one.start, one.end) for one in changes if one.start != one.end)
        assert [one.count for one in found.largest] == [count for _, count in pairs.most_common(3)]
        assert all(pairs[one.start, one.end] == one.count for one in found.largest)


def _lost(funnel: Counter[Place]) -> int:
    return sum(count for place, count in funnel.items() if place.lost)


def _is_present(place: Place) -> bool:
    return not place.lost and not place.outside


def _flows(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    weights = dict(Stage.objects.values_list("pk", "weight"))
    for end in (last, None):
        found = flows_of(members, first, end, as_corrected=as_corrected)
        assert found == recount.flows(first, end)
        went: Counter[str] = Counter()
        for (was, place), count in found.items():
            went[_way(was, place, weights)] += count
        assert +ways(found, weights) == went


def _way(was: Place, place: Place, weights: dict[int, int]) -> str:
    if was.outside or place.outside:
        return "new" if was.outside else "erased"
    if was == place or (was.lost and place.lost):
        return "stayed"
    if was.lost != place.lost:
        return "recovered" if was.lost else "lost"
    if not was.stage or not place.stage:
        return "forward" if place.stage else "to no stage"
    heavier = weights[place.stage] - weights[was.stage]
    return "forward" if heavier > 0 else "back" if heavier else "level"


def _notes(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    """What is left out is said of the history as corrected, what was recorded later of all of it."""
    zone = first.tzinfo
    if as_corrected:
        for end in (last, None):
            there = [(one, undo) for one, undo in recount.undone if first <= one.at and (not end or one.at < end)]
            assert _said(left_out_of(members, first, end, zone=zone)) == _by_run_and_day(there, zone)
        after = [(one, undo) for one, undo in recount.undone if one.at < last <= undo.at]
        assert _said(left_out_at(members, last, zone=zone)) == _by_run_and_day(after, zone)
    else:
        later = [one for one in recount.changes(None, last) if one.recorded_at >= last]
        later = [one for one in later if one.recorded_at - one.at > timedelta(minutes=1)]
        assert recorded_later(members, last).number == len(later)
        assert recorded_later(members, database_clock() + timedelta(days=1)).number == 0


def _said(notes: Sequence[LeftOut]) -> dict[tuple[int | None, date], int]:
    return {(one.run, one.undone_on): one.count for one in notes}


def _by_run_and_day(undone: list[tuple[Change, Change]], zone: tzinfo) -> Counter[tuple[int | None, date]]:
    return Counter((one.run, undo.at.astimezone(zone).date()) for one, undo in undone)


def _names(recount: Recount, members: Members, first, last, as_corrected: bool) -> None:
    shared = {"members": members, "as_corrected": as_corrected}
    for end in (last, None):
        for place in recount.funnel(end):
            stood = Behind(place=Whereabouts.of(place), end=end, **shared)
            assert contacts_behind(stood) == recount.standing_in(place, end)
            page = page_behind(stood)
            assert {move.change.change.contact_id for move in page.moves} == contacts_behind(stood)
            if not as_corrected or end:
                assert {(move.change.end.stage.pk if move.change.end.stage else None) for move in page.moves} == {
                    place.stage
                }
        for (start_place, end_place), count in recount.flows(first, end).items():
            was, place = Whereabouts.of(start_place), Whereabouts.of(end_place)
            both = Behind(place=place, was=was, start=first, end=end, **shared)
            found = contacts_behind(both)
            assert len(found) == count
            assert found == {
                contact
                for contact in recount.histories
                if (recount.place(contact, first), recount.place(contact, end)) == (start_place, end_place)
            }


def contacts_behind(behind: Behind) -> set[int]:
    """Everybody whom the statement gives, each once; the same after it was kept as data."""
    with connection.cursor() as cursor:
        kept = read_behind(behind.as_json())
        assert kept == behind
        cursor.execute(kept.sql, kept.values)
        found = [row[0] for row in cursor.fetchall()]
    assert len(found) == len(set(found))
    return set(found)
