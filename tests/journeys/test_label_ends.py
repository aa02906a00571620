"""A label becomes part of another one, or is deleted: who carries what, what uses it, what history says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.labels.queries import any_merge
from contacts.models import CarriedLabel, FormerLabel, Label, LabelChange, LabelMerge
from journeys.labels import actions, tasks
from journeys.labels.actions import LabelInTheWay, delete_label, merge_label, work_on_merges
from journeys.rules.models import LabelRule
from journeys.runs.models import Run
from journeys.segments.models import Segment
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> list[int]:
    return [ContactFactory().pk for _ in range(5)]


@pytest.fixture
def webinar(people: list[int]) -> Label:
    """A label that the first four carry; the first since May 2024."""
    label = LabelFactory(name="webinar", colour="#112233")
    put_on_label(contacts=people[:4], label=label, by=None, cause=Cause.IMPORT, dates={people[0]: MAY})
    return label


@pytest.fixture
def fair(people: list[int]) -> Label:
    """A label that the last two carry."""
    label = LabelFactory(name="fair")
    put_on_label(contacts=people[3:], label=label, by=None, cause=Cause.IMPORT)
    return label


def carriers(label: Label) -> list[int]:
    return list(CarriedLabel.objects.filter(label=label).order_by("contact_id").values_list("contact_id", flat=True))


def segment(owner: TeamMember, label: Label) -> Segment:
    conditions = [[{"field": "label", "operator": "carried", "label": label.pk}]]
    return Segment.objects.create(name="With it", owner=owner, is_for_all=True, conditions=conditions)


# Merging


def test_whoever_carried_it_carries_the_other_one_since_the_same_moment(
    people: list[int], webinar: Label, fair: Label, marketer: TeamMember
) -> None:
    since = dict(CarriedLabel.objects.filter(label=webinar).values_list("contact_id", "since"))
    already = CarriedLabel.objects.get(label=fair, contact=people[3]).since
    pk, history = webinar.pk, LabelChange.objects.count()

    merge_label(label=webinar, into=fair, by=marketer)
    assert (carriers(webinar), carriers(fair)) == (people[:4], people[3:])
    assert work_on_merges(seconds=60, by=marketer) is False

    assert carriers(fair) == people
    assert {**since, people[3]: already} == dict(
        CarriedLabel.objects.filter(contact__in=people[:4]).values_list("contact_id", "since")
    )
    put_on, taken_off = LabelChange.objects.filter(put_on=True), LabelChange.objects.filter(put_on=False)
    assert [(row.contact_id, row.changed_by, row.cause) for row in put_on.filter(label_id=fair.pk)[2:]] == [
        (contact, marketer, Cause.BULK) for contact in people[:3]
    ]
    assert [(row.contact_id, row.label_id, row.changed_by) for row in taken_off] == [
        (contact, pk, marketer) for contact in people[:4]
    ]
    assert LabelChange.objects.count() == history + 3 + 4
    assert not Label.objects.filter(pk=pk).exists()
    former = FormerLabel.objects.get()
    assert (former.pk, former.name, former.colour, former.became, former.gone_by) == (
        pk,
        "webinar",
        "#112233",
        fair.pk,
        marketer,
    )
    assert not any_merge()
    assert StatusChange.objects.count() == 5


def test_it_goes_in_slices_and_another_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, people: list[int], webinar: Label, fair: Label, marketer: TeamMember
) -> None:
    monkeypatch.setattr(actions, "SLICE", 2)
    merge_label(label=webinar, into=fair, by=marketer)
    assert work_on_merges(seconds=0, by=None) is True
    assert (carriers(webinar), carriers(fair)) == (people[2:4], [*people[:2], *people[3:]])
    put_on_label(contacts=[people[4]], label=webinar, by=None, cause=Cause.API)  # meanwhile: it follows too
    assert work_on_merges(seconds=60, by=None) is False
    assert carriers(fair) == people
    assert LabelChange.objects.filter(label_id=fair.pk, put_on=True).last().changed_by == marketer
    assert work_on_merges(seconds=60, by=None) is False


def test_a_worker_takes_up_what_nobody_works_on(
    people: list[int], webinar: Label, fair: Label, marketer: TeamMember
) -> None:
    def queued() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT queueing_lock FROM procrastinate_jobs WHERE task_name LIKE '%%work_on_merges'")
            return [row[0] for row in cursor.fetchall()]

    tasks.rescue_merges.func(timestamp=0)
    assert queued() == []
    merge_label(label=webinar, into=fair, by=marketer)
    tasks.rescue_merges.func(timestamp=0)
    tasks.rescue_merges.func(timestamp=1)
    assert queued() == ["work_on_merges"]
    tasks.work_on_merges.func()
    assert carriers(fair) == people


def test_rules_and_segments_follow_at_once(
    webinar: Label, fair: Label, marketer: TeamMember, customer: Stage, aware: Stage
) -> None:
    moved = LabelRule.objects.create(label=webinar, stage=customer, created_by=marketer)
    double = LabelRule.objects.create(label=webinar, stage=aware, created_by=marketer)
    kept = LabelRule.objects.create(label=fair, stage=aware, created_by=marketer)
    other = LabelRule.objects.create(label=LabelFactory(), stage=aware, created_by=marketer)
    run = Run.objects.create(kind=Run.Kind.LABEL_RULE, words="x", rule=double, state=Run.State.FINISHED)
    asks = segment(marketer, webinar)

    merge_label(label=webinar, into=fair, by=marketer)

    rules = {rule.pk: (rule.label, rule.stage) for rule in LabelRule.objects.select_related("label", "stage")}
    assert rules == {moved.pk: (fair, customer), kept.pk: (fair, aware), other.pk: (other.label, aware)}
    assert Run.objects.get(pk=run.pk).rule == kept
    changed = Segment.objects.get(pk=asks.pk)
    assert (changed.asks.labels, changed.revision) == ({fair.pk}, 2)


def test_only_one_thing_at_a_time_happens_to_a_label(webinar: Label, fair: Label, marketer: TeamMember) -> None:
    third = LabelFactory(name="third")
    merge_label(label=webinar, into=fair, by=marketer)
    for attempt in (
        lambda: merge_label(label=webinar, into=third, by=marketer),
        lambda: merge_label(label=fair, into=third, by=marketer),
        lambda: merge_label(label=third, into=webinar, by=marketer),
        lambda: delete_label(label=webinar, by=marketer),
        lambda: delete_label(label=fair, by=marketer),
    ):
        with pytest.raises(LabelInTheWay, match="webinar is just becoming part of fair"):
            attempt()
    assert LabelMerge.objects.count() == 1
    merge_label(label=third, into=fair, by=marketer)
    work_on_merges(seconds=60, by=None)
    assert list(Label.objects.all()) == [fair]
    with pytest.raises(LabelInTheWay, match="deleted or merged this label meanwhile"):
        merge_label(label=webinar, into=fair, by=marketer)
    with pytest.raises(LabelInTheWay, match="deleted or merged this label meanwhile"):
        delete_label(label=webinar, by=marketer)


# Deleting


def test_a_deleted_label_is_taken_off_and_still_named(
    people: list[int], webinar: Label, fair: Label, marketer: TeamMember, customer: Stage
) -> None:
    pk = webinar.pk
    rule = LabelRule.objects.create(label=webinar, stage=customer, created_by=marketer)
    run = Run.objects.create(kind=Run.Kind.LABEL_RULE, words="x", rule=rule, state=Run.State.FINISHED)
    assert delete_label(label=webinar, by=marketer) == 4
    assert list(Label.objects.all()) == [fair]
    assert carriers(fair) == people[3:]
    off = LabelChange.objects.filter(put_on=False)
    assert [(row.contact_id, row.label_id, row.changed_by, row.cause) for row in off] == [
        (contact, pk, marketer, Cause.BULK) for contact in people[:4]
    ]
    former = FormerLabel.objects.get()
    assert (former.pk, former.became, former.gone_by) == (pk, None, marketer)
    assert not LabelRule.objects.exists()
    assert Run.objects.get(pk=run.pk).rule is None
    assert LabelFactory(name="WEBINAR").pk != pk


def test_a_label_that_a_segment_names_stays(webinar: Label, marketer: TeamMember) -> None:
    segment(marketer, webinar)
    with pytest.raises(LabelInTheWay, match="Segment With it names it"):
        delete_label(label=webinar, by=marketer)
    assert CarriedLabel.objects.filter(label=webinar).count() == 4
    assert not FormerLabel.objects.exists()


def test_a_label_that_very_many_carry_is_taken_off_first(
    monkeypatch: pytest.MonkeyPatch, webinar: Label, marketer: TeamMember
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 3)
    with pytest.raises(LabelInTheWay, match="More than 3 contacts carry it"):
        delete_label(label=webinar, by=marketer)
    assert CarriedLabel.objects.filter(label=webinar).count() == 4
    monkeypatch.setattr(actions, "AT_ONCE", 4)
    assert delete_label(label=webinar, by=marketer) == 4
