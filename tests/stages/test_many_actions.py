"""Many stages at once: each as one would be, and what cannot be kept holds up no other."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from stages import actions
from stages.actions import change_stages, create_stage, create_stages, retire_stages
from stages.models import Stage
from tests.elsewhere import at_once

TAKEN = {"name": ["There is a stage of this name already."]}


def outcome(saved: Any) -> Any:
    return saved.message_dict if isinstance(saved, ValidationError) else saved and saved.name


def test_each_is_created_as_one_would_be(marketer: TeamMember) -> None:
    fields = {"name": "B", "weight": 7, "description": "Mine.", "colour": "#123456", "is_published": False}
    (one,) = create_stages(many=[fields], by=marketer)
    assert isinstance(one, Stage)
    stored = Stage.objects.filter(pk=one.pk).values().get()
    Stage.objects.filter(pk=one.pk).update(name="Other")
    alone = Stage.objects.filter(pk=create_stage(fields=fields, by=marketer).pk).values().get()
    own = ("id", "created_at")
    assert {key: value for key, value in stored.items() if key not in own} == {
        key: value for key, value in alone.items() if key not in own
    }
    assert list(one.revisions.values_list("name", flat=True)) == ["B", "Other"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "aware"},
        {"name": "B", "weight": 2**31},
        {"name": "B", "colour": "red"},
        {"name": "B", "publish_up": datetime(1969, 1, 1, tzinfo=UTC)},
        {"name": "B", "publish_up": datetime(2026, 2, 1, tzinfo=UTC), "publish_down": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_one_would_be_refused_each_is_refused(marketer: TeamMember, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as alone:
        create_stage(fields=fields, by=marketer)
    refused, kept = create_stages(many=[fields, {"name": "Kept"}], by=marketer)
    assert outcome(refused) == alone.value.message_dict
    assert outcome(kept) == "Kept"
    assert list(Stage.objects.filter(created_by=marketer).values_list("name", flat=True)) == ["Kept"]


def test_changes_save_what_differs_and_sign_it(marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    before = Stage.objects.filter(pk=customer.pk).values().get()
    results = change_stages(
        changes=[(aware.pk, {"weight": 11}), (customer.pk, {"weight": 30}), (987654, {"weight": 1})], by=marketer
    )
    assert [outcome(result) for result in results] == ["Aware", "Customer", None]
    aware.refresh_from_db()
    assert (aware.weight, aware.modified_by, aware.name) == (11, marketer, "Aware")
    assert aware.modified_at is not None
    assert Stage.objects.filter(pk=customer.pk).values().get() == before
    assert list(aware.revisions.values_list("weight", flat=True)) == [10, 11]


def test_names_go_from_one_to_the_other_in_order(marketer: TeamMember, aware: Stage, engaged: Stage) -> None:
    results = change_stages(
        changes=[
            (aware.pk, {"name": "Engaged"}),
            (engaged.pk, {"name": "Keen"}),
            (aware.pk, {"name": "Engaged"}),
            (engaged.pk, {"name": "AWARE", "weight": 3}),
            (engaged.pk, {"name": "KEEN"}),
        ],
        by=marketer,
    )
    assert [outcome(result) for result in results] == [TAKEN, "Keen", "Engaged", "AWARE", "KEEN"]
    assert [Stage.objects.get(pk=stage.pk).name for stage in (aware, engaged)] == ["Engaged", "KEEN"]
    assert Stage.objects.get(pk=engaged.pk).weight == 3


def test_many_cost_what_few_cost(marketer: TeamMember) -> None:
    for count in (1, 50):
        with assertNumQueries(6):  # names, stages; two savepoints
            made = create_stages(many=[{"name": f"S {count} {number}"} for number in range(count)], by=marketer)
        with assertNumQueries(6):  # the stages as they are, and as they become; no name is asked for
            change_stages(
                changes=[(stage.pk, {"weight": 5}) for stage in made if isinstance(stage, Stage)], by=marketer
            )


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_name_at_once_one_gets_it(marketer: TeamMember) -> None:
    many = [{"name": "Same"}, {"name": "Other"}]
    results = at_once(
        lambda: create_stages(many=[many[0], {"name": "A"}], by=marketer),
        lambda: create_stages(many=[many[0], {"name": "B"}], by=marketer),
    )
    outcomes = [outcome(saved) for saved, _ in results]
    assert outcomes.count("Same") == 1
    assert Stage.objects.filter(name="Same").count() == 1
    assert [outcome(other) for _, other in results] == ["A", "B"]


def test_a_name_taken_meanwhile_holds_up_no_other(marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions._Names, "is_free", lambda self, stage: True)
    taken, kept = create_stages(many=[{"name": "Aware"}, {"name": "Kept"}], by=marketer)
    assert (outcome(taken), outcome(kept)) == (TAKEN, "Kept")
    assert isinstance(kept, Stage) and kept.pk
    assert Stage.objects.filter(name="Aware").count() == 1


def test_retiring_says_which_were_in_use(marketer: TeamMember, aware: Stage, engaged: Stage) -> None:
    assert retire_stages(stages=[aware.pk, 987654], by=marketer) == [aware.pk]
    assert retire_stages(stages=[aware.pk, engaged.pk], by=marketer) == [engaged.pk]
    aware.refresh_from_db()
    assert aware.modified_by == marketer
    assert aware.retired_at is not None


def test_who_does_it_has_no_default(db: None) -> None:
    for action, arguments in (
        (create_stages, {"many": []}),
        (change_stages, {"changes": []}),
        (retire_stages, {"stages": []}),
    ):
        with pytest.raises(TypeError):
            action(**arguments)
