"""What came of a run, in numbers and words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contacts.causes import Cause
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.runs.results import (
    Pace,
    Sighting,
    came_of,
    how_long,
    in_one_line,
    pace,
    terms,
    ways,
    what_is_counted,
    when_said,
)

START = datetime(2026, 5, 1, 16, 42, tzinfo=UTC)  # a Friday


def a_run(act: Act | None = Act.CHANGE_STATUS, **fields: Any) -> Run:
    values: dict[str, Any] = {
        "kind": Run.Kind.BULK,
        "state": Run.State.FINISHED,
        "operation": Operation(act, Cause.BULK).as_json() if act else {},
        "words": "label purchased-q2 → Customer",
        "started_at": START,
        "progressed_at": START,
        **fields,
    }
    return Run(**values)


def test_a_run_is_one_line() -> None:
    run = a_run(records=1956, updated=1204, unchanged=740, refused=12, forward=894, back=310)
    assert in_one_line(run, when="Fri 16:42", by="Ana") == (
        "Fri 16:42 Ana: label purchased-q2 → Customer, 1,204 moved, 310 back, 740 unchanged, 12 refused"
    )
    assert in_one_line(a_run(updated=1, records=1), when="Fri 16:42", by="") == (
        "Fri 16:42: label purchased-q2 → Customer, 1 moved"
    )


def test_the_numbers_add_up_to_all() -> None:
    run = a_run(records=9956, updated=9204, unchanged=740, refused=12, forward=8894, back=310)
    assert " + ".join(map(str, terms(run))) == "9,204 moved + 740 unchanged + 12 refused"
    assert (what_is_counted(run), ways(run)) == ("9,956 contacts", "8,894 forward, 310 back")
    assert sum(term.count for term in terms(run)) == run.records


def test_of_a_run_under_way_it_says_how_many_are_to_go() -> None:
    run = a_run(state=Run.State.RUNNING, slices=5, records=9956, updated=2000, unchanged=40, refused=2)
    assert [str(term) for term in terms(run)] == ["2,000 moved", "40 unchanged", "2 refused", "7,914 to go"]
    assert sum(term.count for term in terms(run)) == run.records
    assert came_of(run) == "2,042 of 9,956 contacts done"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"act": Act.GIVE_DEFAULT, "updated": 5}, "5 moved"),
        ({"act": Act.MARK_LOST, "updated": 5, "refused": 1}, "5 lost, 1 refused"),
        ({"act": Act.RECOVER, "updated": 5}, "5 recovered"),
        ({"act": Act.PUT_ON_LABEL, "updated": 5, "unchanged": 2}, "5 changed, 2 unchanged"),
        ({"act": Act.TAKE_OFF_LABEL, "updated": 5}, "5 changed"),
        ({"act": Act.DEACTIVATE, "updated": 5}, "5 changed"),
        ({"act": Act.PUT_BACK, "updated": 1167, "refused": 37}, "1,167 put back, 37 refused"),
        ({"act": Act.CHANGE_STATUS, "unchanged": 2}, "nobody moved, 2 unchanged"),
        ({"act": None, "kind": Run.Kind.IMPORT, "created": 3, "refused": 1}, "3 new, 1 refused"),
        ({"act": None, "kind": Run.Kind.IMPORT, "created": 3, "updated": 2}, "3 new, 2 changed"),
        ({"act": None, "kind": Run.Kind.LABEL_RULE, "updated": 3}, "3 moved"),
        ({"act": None, "kind": Run.Kind.BULK, "updated": 3}, "3 changed"),
        ({"act": None, "kind": Run.Kind.IMPORT, "state": Run.State.RUNNING, "created": 3}, "3 rows done"),
    ],
)
def test_each_kind_has_its_word(fields: dict[str, Any], says: str) -> None:
    assert came_of(a_run(**fields)) == says


def test_an_import_counts_rows() -> None:
    run = a_run(None, kind=Run.Kind.IMPORT, records=1, created=1)
    assert what_is_counted(run) == "1 row"
    assert [str(term) for term in terms(run)] == ["1 new", "0 changed", "0 unchanged", "0 refused"]


@pytest.mark.parametrize(
    ("before", "says"),
    [
        (timedelta(minutes=1), "today 16:41"),
        (timedelta(hours=16, minutes=43), "Thu 23:59"),
        (timedelta(days=6), "Sat 16:42"),
        (timedelta(days=7), "24 Apr 16:42"),
        (timedelta(days=120), "1 Jan 16:42"),
        (timedelta(days=121), "31 Dec 2025"),
        (timedelta(days=-1), "2 May 16:42"),
    ],
)
def test_a_moment_is_said_as_people_say_it(before: timedelta, says: str) -> None:
    assert when_said(START - before, START) == says


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-1, "less than a second"),
        (0.4, "less than a second"),
        (1, "1 second"),
        (47.6, "48 seconds"),
        (60, "1 minute"),
        (200, "3 minutes"),
        (7200, "2 hours"),
        (86400 * 2, "2 days"),
    ],
)
def test_a_duration_is_said_in_one_unit(seconds: float, says: str) -> None:
    assert how_long(timedelta(seconds=seconds)) == says


def test_the_pace_says_how_long_the_rest_takes() -> None:
    run = a_run(records=10_000, updated=3900, refused=100, progressed_at=START + timedelta(seconds=4))
    found = pace(run)
    assert found == Pace(1000, timedelta(seconds=6))
    assert str(found) == "1,000 a second, about 6 seconds left"
    assert str(Pace(0, timedelta(0))) == "less than one a second, about 1 second left"


def test_waiting_for_a_worker_does_not_count_once_the_run_goes_on() -> None:
    run = a_run(records=10_000, updated=4000, progressed_at=START + timedelta(seconds=604))
    seen = Sighting(2000, START + timedelta(seconds=602))
    assert pace(run, seen) == Pace(1000, timedelta(seconds=6))
    assert pace(run, Sighting(4000, START)) is None
    assert pace(run, Sighting(0, START + timedelta(days=1))) is None
    assert pace(a_run(records=5)) is None


def test_a_sighting_is_read_as_it_was_written() -> None:
    seen = Sighting(2000, START + timedelta(milliseconds=7))
    assert Sighting.read(str(seen)) == seen
    for nonsense in ("", "5", "5-", "-5", "5-x", "٣-3", "9" * 11 + "-1", "1-" + "9" * 14):
        assert Sighting.read(nonsense) is None
