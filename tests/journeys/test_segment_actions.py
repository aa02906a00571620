"""Segments are made, changed and deleted; whose they are, who sees them, and what follows when a stage is merged."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from config.team.models import TeamMember
from journeys.retiring.actions import merge_stages
from journeys.segments.actions import (
    SegmentChanged,
    SegmentInUse,
    change_segment,
    create_segment,
    delete_segment,
)
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.segments.models import Segment
from journeys.segments.queries import may_change, segments_for
from journeys.uses import queries as uses
from journeys.uses.queries import Use, UseKind, uses_of_labels, uses_of_segments, uses_of_stages
from stages.models import Stage
from tests.factories import LabelFactory


def in_stage(stage: Stage) -> Conditions:
    return Conditions(((Condition("status", Operator.IS, place=Place(str(stage.pk))),),))


def created(stage: Stage, by: TeamMember, **given: Any) -> Segment:
    return create_segment(**{"name": "Fans", "conditions": in_stage(stage), "is_for_all": False, "by": by} | given)


def changed(segment: Segment, by: TeamMember, **given: Any) -> None:
    as_it_is = {
        "seen": segment.revision,
        "name": segment.name,
        "description": segment.description,
        "conditions": segment.asks,
        "is_for_all": segment.is_for_all,
    }
    change_segment(segment=segment, by=by, **as_it_is | given)


def test_a_new_segment_belongs_to_who_made_it(promoter: Stage, viewer: TeamMember) -> None:
    segment = created(promoter, viewer, description="Ask them to tell others.")
    stored = Segment.objects.get()
    assert (stored, stored.owner, stored.changed_by, stored.revision) == (segment, viewer, viewer, 1)
    assert (stored.asks, stored.description) == (in_stage(promoter), "Ask them to tell others.")


def test_people_see_their_own_segments_and_those_for_everybody(
    promoter: Stage, viewer: TeamMember, operator: TeamMember, marketer: TeamMember
) -> None:
    own = created(promoter, viewer, name="Mine")
    shared = created(promoter, marketer, name="all", is_for_all=True)
    assert list(segments_for(viewer)) == [shared, own]
    assert list(segments_for(operator)) == [shared]
    assert [may_change(own, member) for member in (viewer, operator, marketer)] == [True, False, False]
    assert [may_change(shared, member) for member in (viewer, operator, marketer)] == [False, False, True]


def test_nobody_sees_two_segments_of_one_name(promoter: Stage, viewer: TeamMember, marketer: TeamMember) -> None:
    created(promoter, marketer, is_for_all=True)
    for by, is_for_all in ((marketer, True), (marketer, False), (viewer, False)):
        with pytest.raises(ValidationError) as told:
            created(promoter, by, name="fans", is_for_all=is_for_all)
        assert told.value.message_dict == {"name": ["There is a segment of this name already."]}
    created(promoter, viewer, name="Own")
    created(promoter, marketer, name="Own")
    with pytest.raises(ValidationError) as told:
        created(promoter, viewer, name="OWN")
    assert told.value.message_dict == {"name": ["You have a segment of this name already."]}
    assert Segment.objects.count() == 3


def test_a_change_is_kept_with_who_made_it(promoter: Stage, aware: Stage, marketer, administrator) -> None:
    segment = created(promoter, marketer, is_for_all=True)
    changed(segment, administrator, name="Newcomers", conditions=in_stage(aware))
    stored = Segment.objects.get()
    assert (stored.name, stored.asks, stored.owner, stored.changed_by, stored.revision) == (
        "Newcomers",
        in_stage(aware),
        marketer,
        administrator,
        2,
    )


def test_nobody_overwrites_what_they_did_not_see(promoter: Stage, marketer, administrator) -> None:
    segment = created(promoter, marketer, is_for_all=True)
    changed(segment, administrator, name="Fans of ours")
    with pytest.raises(SegmentChanged) as told:
        changed(segment, marketer, name="Friends")
    assert (told.value.segment.name, told.value.segment.changed_by) == ("Fans of ours", administrator)
    assert Segment.objects.get().name == "Fans of ours"


def test_only_its_owner_takes_a_segment_from_everybody(promoter: Stage, marketer, administrator) -> None:
    segment = created(promoter, marketer, is_for_all=True)
    with pytest.raises(ValidationError) as told:
        changed(segment, administrator, is_for_all=False)
    assert told.value.message_dict == {"is_for_all": ["It is Max Weber's: nobody else can make it their own."]}
    changed(segment, marketer, is_for_all=False)
    assert Segment.objects.get().is_for_all is False


def test_a_segment_that_something_uses_stays(promoter: Stage, marketer, monkeypatch) -> None:
    segment = created(promoter, marketer)
    use = Use(UseKind.LABEL_RULE, "journeys:manage_funnel", "spring")
    monkeypatch.setattr(uses, "SOURCES_OF_SEGMENTS", (lambda: iter([(segment.pk, use)]),))
    with pytest.raises(SegmentInUse) as told:
        delete_segment(segment=segment, by=marketer)
    assert (told.value.uses, Segment.objects.count()) == ([use], 1)


def test_a_segment_that_nothing_uses_is_deleted(promoter: Stage, marketer) -> None:
    segment, other = created(promoter, marketer), created(promoter, marketer, name="Other")
    assert uses_of_segments() == {}
    delete_segment(segment=segment, by=marketer)
    assert list(Segment.objects.all()) == [other]


def test_stages_and_labels_know_the_segments_that_name_them(promoter: Stage, aware: Stage, marketer, viewer) -> None:
    label = LabelFactory()
    shared = created(promoter, marketer, name="Shared", is_for_all=True)
    carried = Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),))
    created(promoter, viewer, name="Secret")
    created(aware, viewer, name="By label", conditions=carried)
    words = [str(use) for use in uses_of_stages()[promoter.pk]]
    assert words == ["Segment of Vera Novak", f"Segment {shared}"]
    assert [str(use) for use in uses_of_labels()[label.pk]] == ["Segment of Vera Novak"]
    assert [use.kind for use in uses_of_stages()[aware.pk]] == [UseKind.DEFAULT_STATUS]


def test_segments_follow_a_stage_that_is_merged(
    promoter: Stage, loyal: Stage, aware: Stage, marketer: TeamMember
) -> None:
    segment = created(promoter, marketer)
    other = created(aware, marketer, name="Newcomers")
    merge_stages(stage=promoter, into=loyal, by=marketer)
    segment.refresh_from_db()
    other.refresh_from_db()
    assert (segment.asks, segment.revision) == (in_stage(loyal), 2)
    assert (other.asks, other.revision) == (in_stage(aware), 1)
