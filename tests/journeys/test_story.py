"""The one sentence "why is this contact here", and how long it was where. No database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contacts.causes import Cause
from journeys.book.story import (
    Arrival,
    LastChange,
    Spot,
    in_words,
    time_before,
    time_in_stages,
    undone_changes,
    undos_in_force,
    why_here,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MAY_3 = datetime(2026, 5, 3, 10, tzinfo=UTC)
FEB_1 = datetime(2026, 2, 1, 10, tzinfo=UTC)

AWARE, ENGAGED, CUSTOMER = Spot("Aware"), Spot("Engaged"), Spot("Customer")
LOST = Spot("Customer", lost=True)
COMPETITOR = Spot("Customer", lost=True, reason="Chose a competitor")


def sentence(start, end, cause=Cause.MANUAL, *, stage_since=MAY_3, lost_at=None, at=MAY_3, now=NOW, zone=UTC, **more):
    more = {"lasted": timedelta(days=61), "by": "Ana", **more}
    last = LastChange(start, end, at, cause, **more)
    return why_here(last, stage_since=stage_since, lost_at=lost_at, now=now, zone=zone)


def test_a_stage_it_was_moved_to():
    assert sentence(ENGAGED, CUSTOMER) == "Customer since 3 May by hand (Ana); before that Engaged for 61 days."


def test_by_a_run():
    assert sentence(ENGAGED, CUSTOMER, Cause.LABEL_RULE, run=41) == (
        "Customer since 3 May by label rule (run 41, Ana); before that Engaged for 61 days."
    )


def test_new_in_the_book():
    assert sentence(None, AWARE, Cause.DEFAULT, by="") == "Aware since 3 May by default status."
    assert sentence(None, CUSTOMER, Cause.IMPORT, run=1) == "Customer since 3 May by import (run 1, Ana)."
    assert sentence(None, Spot(None), Cause.DEFAULT, by="") == "No status yet; in the Contact Book since 3 May."
    assert sentence(None, Spot("Aware", lost=True), Cause.ACCOUNT_INACTIVE, by="", lost_at=MAY_3) == (
        "Lost from Aware since 3 May because the account is inactive."
    )


def test_lost():
    assert sentence(CUSTOMER, COMPETITOR, stage_since=FEB_1, lost_at=MAY_3) == (
        "Lost from Customer since 3 May by hand (Ana): Chose a competitor; before that Customer for 61 days."
    )
    assert sentence(Spot(None), Spot(None, lost=True), lost_at=MAY_3) == (
        "Lost without a stage since 3 May by hand (Ana); before that no status yet for 61 days."
    )


def test_another_reason_for_a_lost_contact():
    assert sentence(LOST, COMPETITOR, stage_since=FEB_1, lost_at=FEB_1) == (
        "Lost from Customer since 1 Feb; reason corrected on 3 May by hand (Ana): Chose a competitor."
    )


def test_recovered():
    assert sentence(COMPETITOR, CUSTOMER, stage_since=FEB_1) == (
        "Customer since 1 Feb; recovered on 3 May by hand (Ana); before that lost from Customer for 61 days."
    )
    assert sentence(COMPETITOR, AWARE) == "Aware since 3 May by hand (Ana); before that lost from Customer for 61 days."


def test_put_back():
    minutes = timedelta(minutes=3)
    assert sentence(CUSTOMER, ENGAGED, Cause.UNDO, stage_since=FEB_1, lasted=minutes) == (
        "Engaged since 1 Feb; put back on 3 May by undo (Ana); before that Customer for 3 minutes."
    )
    assert sentence(CUSTOMER, COMPETITOR, Cause.REVIEW, lost_at=FEB_1, lasted=minutes) == (
        "Lost from Customer since 1 Feb; put back on 3 May by review (Ana): Chose a competitor; "
        "before that Customer for 3 minutes."
    )


def test_moved_while_lost():
    retired = sentence(Spot("Aware", lost=True), Spot("Engaged", lost=True), Cause.STAGE_RETIRED, lost_at=FEB_1, run=5)
    assert retired == (
        "Lost from Engaged since 1 Feb; moved on 3 May because a stage was retired (run 5, Ana); "
        "before that lost from Aware for 61 days."
    )


def test_somebody_wrote_it_in_the_database():
    assert sentence(AWARE, CUSTOMER, Cause.DATA_FIX, by="") == (
        "Customer since 3 May as corrected by an administrator; before that Aware for 61 days."
    )


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_its_words(cause: Cause):
    assert sentence(AWARE, CUSTOMER, cause).endswith("(Ana); before that Aware for 61 days.")


def test_days_are_those_of_the_reader():
    late = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)
    assert sentence(AWARE, CUSTOMER, at=late, stage_since=late).startswith("Customer since 31 Dec 2025 by hand")
    berlin = ZoneInfo("Europe/Berlin")
    assert sentence(AWARE, CUSTOMER, at=late, stage_since=late, zone=berlin).startswith("Customer since 1 Jan by hand")


def test_today_is_said_with_the_time():
    now = MAY_3 + timedelta(hours=2)
    assert sentence(AWARE, CUSTOMER, now=now).startswith("Customer since today at 10:00 by hand (Ana)")
    undone = sentence(CUSTOMER, AWARE, Cause.UNDO, stage_since=FEB_1, now=now)
    assert undone.startswith("Aware since 1 Feb; put back today at 10:00 by undo (Ana)")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=59), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=59, seconds=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=23), "23 hours"),
        (timedelta(days=1, hours=23), "1 day"),
        (timedelta(days=1204), "1,204 days"),
    ],
)
def test_a_duration_in_its_largest_unit(duration: timedelta, words: str):
    assert in_words(duration) == words


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


A, E, C = 1, 2, 3
HISTORY = [
    Arrival(10, A, False, day(0)),
    Arrival(11, E, False, day(5)),
    Arrival(12, E, True, day(8)),
    Arrival(13, E, False, day(18)),
    Arrival(14, C, False, day(20)),
    Arrival(15, A, False, day(21)),
]


def test_time_in_stages_counts_every_stay_and_not_what_was_lost():
    assert time_in_stages(HISTORY, day(31)) == {
        A: timedelta(days=15),
        E: timedelta(days=5),
        C: timedelta(days=1),
    }


def test_time_without_a_stage():
    arrivals = [Arrival(1, None, False, day(0)), Arrival(2, A, False, day(3))]
    assert time_in_stages(arrivals, day(4)) == {None: timedelta(days=3), A: timedelta(days=1)}


def test_what_was_undone_does_not_count():
    undone = [Arrival(1, A, False, day(0)), Arrival(2, C, False, day(4)), Arrival(3, A, False, day(6), undoes=2)]
    assert undone_changes(undone) == {2, 3}
    assert undos_in_force(undone) == {3: 2}
    assert time_in_stages(undone, day(10)) == {A: timedelta(days=10)}


def test_an_undo_that_was_undone_counts_again():
    twice = [
        Arrival(1, A, False, day(0)),
        Arrival(2, C, False, day(4)),
        Arrival(3, A, False, day(6), undoes=2),
        Arrival(4, C, False, day(7), undoes=3),
    ]
    assert undone_changes(twice) == {3, 4}
    assert undos_in_force(twice) == {4: 3}
    assert time_in_stages(twice, day(10)) == {A: timedelta(days=4), C: timedelta(days=6)}


def test_time_before_is_the_stay_without_what_was_lost():
    assert time_before(HISTORY[:5]) == timedelta(days=5)
    assert time_before(HISTORY) == timedelta(days=1)


def test_time_before_of_a_lost_contact_is_since_it_was_lost():
    assert time_before(HISTORY[:4]) == timedelta(days=10)
    corrected = [*HISTORY[:3], Arrival(13, E, True, day(9)), Arrival(14, E, False, day(20))]
    assert time_before(corrected) == timedelta(days=12)


def test_time_before_leaves_out_what_was_undone():
    arrivals = [
        Arrival(1, A, False, day(0)),
        Arrival(2, C, False, day(4)),
        Arrival(3, A, False, day(6), undoes=2),
        Arrival(4, E, False, day(9)),
    ]
    assert time_before(arrivals) == timedelta(days=9)
    assert time_before(arrivals[:3]) == timedelta(days=2)


def test_a_first_change_has_nothing_before_it():
    assert time_before(HISTORY[:1]) == timedelta()
