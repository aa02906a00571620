"""A campaign outlives its worker, two workers at once and a clock that is set. `make faults` does it many times."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.campaign import CampaignTrial
from tests.faults.trial import trial


@pytest.fixture(scope="module")
def under_way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CampaignTrial]:
    """A campaign that contacts come into in four hundred slices: all tests of this module follow it to its end."""
    folder: Path = tmp_path_factory.mktemp("faults") / "data"
    with trial(folder, contacts=4_000, slices=400, seconds_a_slice=0.5, of=CampaignTrial) as begun:
        yield begun


def test_it_goes_on_when_the_worker_is_killed(under_way: CampaignTrial) -> None:
    done = under_way.cursor
    under_way.kill_worker()
    under_way.goes_on_after(done)


def test_it_goes_on_with_two_workers_at_once_one_of_which_is_killed(under_way: CampaignTrial) -> None:
    with under_way.second_worker():
        done = under_way.cursor
        under_way.kill_worker()
        under_way.goes_on_after(done)


def test_it_goes_on_when_the_clock_is_set_back_and_forward(under_way: CampaignTrial) -> None:
    under_way.hurry()
    under_way.wait_for(lambda: under_way.everybody_is_in)
    assert not under_way.has_ended
    for hours in (-2, 2, 2):
        under_way.step_clock(hours)
    under_way.wait_for(lambda: under_way.has_ended)


def test_in_the_end_everybody_went_through_it_once(under_way: CampaignTrial) -> None:
    assert under_way.offences() == {}
    outcomes = "SELECT count(*) FILTER (WHERE outcome = 'changed'), count(*) FROM journeys_turn"
    # One of twenty is lost, and not moved. One of ten stood in Customer: it carried the label, and moved later alone.
    assert under_way.row(outcomes) == (3_400 + 3_800, 12_000)


def test_what_is_lost_would_be_seen(under_way: CampaignTrial) -> None:
    one = "WHERE ctid = (SELECT ctid FROM {} LIMIT 1)"
    of_turns, of_members = one.format("journeys_turn"), one.format("journeys_campaignmember")
    for damage, broken in [
        (
            f"UPDATE journeys_turn SET done_at = NULL, outcome = '' {of_turns}",
            "nothing waits, and nobody is about to come in",
        ),
        (
            f"DELETE FROM journeys_turn {one.format('journeys_turn WHERE done_at IS NOT NULL')}",
            "everybody was asked, was moved or marked, and was moved later, once each",
        ),
        (f"UPDATE journeys_campaignmember SET round = 2 {of_members}", "everybody came in once"),
    ]:
        before = under_way.offences().get(broken, 0)
        under_way.execute(damage)
        assert under_way.offences()[broken] == before + 1
