"""Creating and changing stages, and what they were called then."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from config.team.models import TeamMember
from stages.actions import StageChangedMeanwhile, change_stage, create_stage
from stages.models import Stage, StageRevision
from stages.queries import StageNames, stages_of_weight


def test_who_changes_a_stage_has_no_default(customer: Stage) -> None:
    with pytest.raises(TypeError):
        change_stage(stage=customer, fields={"name": "Client"})  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        create_stage(fields={"name": "Client"})  # type: ignore[call-arg]


def test_change_says_what_changed(customer: Stage, marketer: TeamMember) -> None:
    changed = change_stage(stage=customer, fields={"name": "Client", "weight": 30, "target_days": 5}, by=marketer)

    assert changed == ["name", "target_days"]
    assert (customer.name, customer.target_days, customer.modified_by) == ("Client", 5, marketer)
    stored = Stage.objects.get(pk=customer.pk)
    assert (stored.name, stored.target_days, stored.modified_by) == ("Client", 5, marketer)


def test_a_change_of_other_fields_meanwhile_is_kept(customer: Stage, marketer, administrator: TeamMember) -> None:
    other = Stage.objects.get(pk=customer.pk)
    change_stage(stage=other, fields={"weight": 33}, by=administrator)
    change_stage(stage=customer, fields={"name": "Client"}, by=marketer)

    stored = Stage.objects.get(pk=customer.pk)
    assert (stored.name, stored.weight) == ("Client", 33)


def test_a_change_meanwhile_is_refused_to_those_who_say_what_they_saw(customer: Stage, marketer: TeamMember) -> None:
    seen = customer.last_changed_at
    change_stage(stage=customer, fields={"weight": 33}, by=marketer, last_changed_at=seen)

    with pytest.raises(StageChangedMeanwhile) as refused:
        change_stage(stage=customer, fields={"name": "Client"}, by=marketer, last_changed_at=seen)

    assert str(refused.value) == "Max Weber changed this stage meanwhile."
    assert Stage.objects.get(pk=customer.pk).name == "Customer"


def test_a_retired_stage_is_not_changed(customer: Stage, marketer: TeamMember) -> None:
    Stage.objects.filter(pk=customer.pk).update(retired_at=timezone.now())
    with pytest.raises(Stage.DoesNotExist):
        change_stage(stage=customer, fields={"name": "Client"}, by=marketer)


def test_what_cannot_be_kept_is_said_by_field_and_nothing_is_kept(customer: Stage, marketer: TeamMember) -> None:
    with pytest.raises(ValidationError) as refused:
        change_stage(stage=customer, fields={"name": "AWARE", "colour": "red"}, by=marketer)
    assert set(refused.value.message_dict) == {"name", "colour"}
    assert customer.name == "Customer"

    opens = datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(ValidationError) as refused:
        create_stage(fields={"name": "Trial", "publish_up": opens, "publish_down": opens}, by=marketer)
    assert refused.value.message_dict == {"publish_down": ["Unpublish at has to be later than publish at."]}
    assert Stage.objects.count() == 5


def test_a_name_taken_at_the_same_moment_is_said_beside_the_name(marketer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both were checked before either was saved."""
    monkeypatch.setattr(Stage, "full_clean", lambda self: None)
    with pytest.raises(ValidationError) as refused:
        create_stage(fields={"name": "aware"}, by=marketer)
    assert refused.value.message_dict == {"name": ["There is a stage of this name already."]}


def test_a_stage_is_named_as_it_was_then(customer: Stage, marketer: TeamMember, django_assert_num_queries) -> None:
    born = customer.revisions.get().revised_at
    change_stage(stage=customer, fields={"name": "Client", "colour": "#000000"}, by=marketer)
    renamed = StageRevision.objects.latest("id").revised_at
    with django_assert_num_queries(1):
        names = StageNames()

    before = names.at(customer.pk, born - timedelta(days=900))
    then = names.at(customer.pk, renamed - timedelta(microseconds=1))
    now = names.at(customer.pk, renamed)

    assert before == then
    assert then and now
    assert (then.name, then.name_now, then.was_renamed, then.colour) == ("Customer", "Client", True, "#000000")
    assert (now.name, now.was_renamed) == ("Client", False)
    assert names.at(None, renamed) is None
    assert names.at(999, renamed) is None


def test_stages_of_one_weight(customer: Stage, loyal: Stage) -> None:
    Stage.objects.update(weight=30)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert [stage.name for stage in stages_of_weight(30, other_than=customer)] == ["Aware", "Engaged", "Promoter"]
