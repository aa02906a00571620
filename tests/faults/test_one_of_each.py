"""A run and people at work outlive web, worker, a frozen worker and PostgreSQL. `make faults`: many times over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.trial import Trial, trial


@pytest.fixture(scope="module")
def under_way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A run of four hundred slices, for all tests of this module: they follow it to its end."""
    folder: Path = tmp_path_factory.mktemp("faults") / "data"
    with trial(folder, contacts=8_000, slices=400, seconds_a_slice=0.5) as begun:
        yield begun


def test_it_goes_on_when_the_worker_is_killed(under_way: Trial) -> None:
    done = under_way.cursor
    under_way.kill_worker()
    under_way.goes_on_after(done)


def test_it_goes_on_when_a_worker_is_frozen_and_when_it_continues(under_way: Trial) -> None:
    with under_way.frozen_worker():
        under_way.goes_on_after(under_way.cursor)
    assert not under_way.has_ended


def test_it_goes_on_when_postgresql_is_killed(under_way: Trial) -> None:
    done = under_way.cursor
    under_way.kill_postgresql()
    under_way.goes_on_after(done)


def test_people_go_on_when_the_web_server_is_killed(under_way: Trial) -> None:
    under_way.kill_web()
    under_way.people_go_on()


def test_a_web_server_that_is_told_to_stop_answers_what_it_was_asked(under_way: Trial) -> None:
    under_way.people_go_on()
    unanswered = under_way.team.journal.unanswered
    under_way.stop_web()
    under_way.people_go_on()
    assert under_way.team.journal.unanswered == unanswered


def test_in_the_end_everybody_was_done_once_and_nothing_is_lost(under_way: Trial) -> None:
    under_way.hurry()
    under_way.wait_for(lambda: under_way.has_ended)
    assert under_way.offences() == {}
    assert len(under_way.team.journal.acknowledged) > 40
    counts = under_way.row("SELECT records, updated, unchanged, refused, forward FROM journeys_run WHERE id = %(run)s")
    assert counts == (8_000, 6_800, 800, 400, 6_800)


def test_what_is_lost_would_be_seen(under_way: Trial) -> None:
    columns = "contact_id, from_outside, from_lost, to_outside, to_lost, changed_at, recorded_at, cause, run_id"
    rest = "review_needed, signature, database_user, transaction_id"
    for damage, broken in [
        ("UPDATE journeys_run SET cursor = cursor - 1", "the run ends by itself, done to its last slice"),
        ("UPDATE journeys_run SET updated = updated + 1, records = records + 1", "changed is the rows of history"),
        (
            "DELETE FROM journeys_runoutcome WHERE code = 'unchanged' AND slice = 3",
            "each contact of the selection has one outcome, and nobody else has",
        ),
        (
            f"INSERT INTO journeys_statuschange ({columns}, {rest}) SELECT {columns}, {rest} "
            f"FROM journeys_statuschange WHERE run_id = {under_way.run} LIMIT 1",
            "nobody is changed twice",
        ),
    ]:
        assert broken not in under_way.offences()
        under_way.execute(damage)
        assert under_way.offences()[broken] >= 1
