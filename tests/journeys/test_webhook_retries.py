"""When a message that could not be delivered is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from journeys.webhooks.retries import PLAN, asked_for, pause_after

NOW = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def test_ten_attempts_over_about_three_days() -> None:
    pauses = [pause_after(attempts, dice=0.0) for attempts in range(len(PLAN))]
    assert [str(pause) for pause in pauses] == [
        *("0:00:00", "0:00:05", "0:05:00", "0:30:00", "2:00:00", "5:00:00", "10:00:00", "14:00:00", "20:00:00"),
        "1 day, 0:00:00",
    ]
    assert sum(PLAN, timedelta()) == timedelta(days=3, hours=3, minutes=35, seconds=5)


def test_after_the_last_there_is_none() -> None:
    assert pause_after(len(PLAN), dice=0.0) is None
    assert pause_after(len(PLAN), dice=0.0, asked_for=timedelta(hours=1)) is None


def test_a_pause_grows_by_up_to_a_fifth() -> None:
    assert pause_after(3, dice=0.0) == timedelta(minutes=30)
    assert pause_after(3, dice=0.5) == timedelta(minutes=33)
    assert pause_after(3, dice=1.0) == timedelta(minutes=36)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        (None, timedelta(minutes=5)),
        (timedelta(seconds=1), timedelta(minutes=5)),  # never sooner than planned
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=9), timedelta(days=1)),
    ],
)
def test_what_the_receiver_asks_for_is_honoured_up_to_a_day(asked: timedelta | None, pause: timedelta) -> None:
    assert pause_after(2, dice=0.0, asked_for=asked) == pause


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("9" * 4000, timedelta(seconds=10**8)),
        ("Sun, 03 May 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Sun, 03 May 2026 11:10:00 GMT", None),
        ("Sun, 03 May 2026 12:10:00", None),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Sun, 99 May 99999 12:10:00 GMT", None),
    ],
)
def test_what_retry_after_asks_for(header: str | None, wait: timedelta | None) -> None:
    assert asked_for(header, NOW) == wait
