"""Retiring stages: nobody stands in them any more, and history names them."""

import pytest

from config.team.models import TeamMember
from journeys.retire import actions
from journeys.retire.actions import retire_stages
from stages.models import Stage
from tests.factories import contact_in
from tests.heart import Signed, assert_explained, last_change, moves, rows_of_history


def test_contacts_stand_in_none_and_who_is_lost_stays_lost(
    marketer: TeamMember, operator: TeamMember, aware: Stage, customer: Stage
) -> None:
    inside, lost, elsewhere = contact_in(aware), contact_in(aware, lost=True, by=operator), contact_in(customer)
    assert retire_stages(stages=[aware.pk], by=marketer) == [aware.pk]
    assert moves(inside) == ["outside > Aware", "Aware > none"]
    assert moves(lost) == ["outside > Aware", "Aware > lost from Aware"]
    assert moves(elsewhere) == ["outside > Customer"]
    assert Signed.of(last_change(inside)) == Signed("stage_retired", marketer.pk)
    assert_explained()


def test_it_goes_slice_by_slice(marketer: TeamMember, aware: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "SLICE", 2)
    contacts = [contact_in(aware) for _ in range(5)]
    retire_stages(stages=[aware.pk], by=marketer)
    assert [moves(contact)[-1] for contact in contacts] == ["Aware > none"] * 5
    assert_explained()


def test_what_was_retired_before_is_left_alone(marketer: TeamMember, aware: Stage) -> None:
    contact_in(aware)
    retire_stages(stages=[aware.pk], by=marketer)
    rows = rows_of_history()
    assert retire_stages(stages=[aware.pk, 987654], by=marketer) == []
    assert retire_stages(stages=[], by=marketer) == []
    assert rows_of_history() == rows
