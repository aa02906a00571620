"""Writes to the stages: what the funnel is made of. What they were called before, the database writes down."""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from config.team.models import TeamMember
from stages.models import Stage
from stages.weights import weights_after_move


class StageChangedMeanwhile(Exception):
    """Somebody changed the stage after it was read; `stage` is as it is now."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(f"{stage.modified_by or 'Somebody'} changed this stage meanwhile.")
        self.stage = stage


def create_stage(*, fields: Mapping[str, Any], by: TeamMember | None) -> Stage:
    """A new stage.

    Args:
        fields: values by name of the model's field.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    stage = Stage(**fields, created_by=by)
    with transaction.atomic():
        _save(stage)
    return stage


def change_stage(
    *, stage: Stage, fields: Mapping[str, Any], by: TeamMember | None, last_changed_at: datetime | None = None
) -> list[str]:
    """Save those of the fields that differ from what is stored.

    Args:
        stage: in use; brought up to date.
        fields: values by name of the model's field.
        last_changed_at: `Stage.last_changed_at` when the person read it; without it, a change made since is kept
            where it concerns other fields.

    Returns: the names of the fields that changed.

    Raises:
        StageChangedMeanwhile: it was changed since it was read.
        Stage.DoesNotExist: it was retired.
        ValidationError: by field, what cannot be kept.
    """
    with transaction.atomic():
        stored = Stage.objects.in_use().select_for_update(no_key=True).get(pk=stage.pk)
        if last_changed_at and last_changed_at != stored.last_changed_at:
            raise StageChangedMeanwhile(stored)
        changed = [name for name, value in fields.items() if getattr(stored, name) != value]
        if changed:
            for name in changed:
                setattr(stored, name, fields[name])
            stored.modified_by, stored.modified_at = by, timezone.now()
            _save(stored)
    for name in [*fields, "modified_by", "modified_at"]:
        setattr(stage, name, getattr(stored, name))
    return changed


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a stage stands after a move. `place` is counted from 1."""

    place: int
    is_moved: bool
    spaced_anew: bool


def move_stage(*, stage: Stage, places: int, by: TeamMember | None) -> Placed:
    """Move a stage in use so many places towards the heavier ones; towards the lighter ones, if negative.

    It stops at the ends. The weights that this gives are those of `stages.weights`.

    Args:
        stage: its weight is brought up to date.

    Raises:
        Stage.DoesNotExist: it was retired.
    """
    with transaction.atomic():
        order = _lock_by_weight()
        start = _place_of(stage, order)
        return _put(stage, order, start, min(max(start + places, 0), len(order) - 1), by)


def put_stage_before(*, stage: Stage, before: Stage | None, by: TeamMember | None) -> Placed:
    """Move a stage in use to the place right before another one, or to the end.

    Raises:
        Stage.DoesNotExist: one of the two was retired.
    """
    with transaction.atomic():
        order = _lock_by_weight()
        start = _place_of(stage, order)
        end = _place_of(before, order) if before else len(order)
        return _put(stage, order, start, end - 1 if end > start else end, by)


def retire_stages(*, stages: Sequence[int], kept: int | None = None, by: TeamMember | None) -> list[int]:
    """Take stages out of use for good. Contacts in them are moved by `journeys.retiring.actions`.

    Whoever is moving contacts into one of them is waited for; whoever comes later finds it retired.

    Args:
        kept: a stage that stays in use until the transaction ends.

    Returns: the ids of those that were in use.

    Raises:
        Stage.DoesNotExist: the one to be kept was retired before.
    """
    with transaction.atomic():
        _lock([stage for stage in stages if kept is None or stage < kept], "NO KEY UPDATE")
        if kept is not None:
            _lock([kept], "SHARE")
            _lock([stage for stage in stages if stage > kept], "NO KEY UPDATE")
            Stage.objects.in_use().get(pk=kept)
        in_use = Stage.objects.in_use().filter(pk__in=stages)
        retired = sorted(in_use.values_list("pk", flat=True))
        now = timezone.now()
        in_use.update(retired_at=now, modified_at=now, modified_by=by)
    return retired


def _lock(stages: Sequence[int], strength: str) -> None:
    """Lock stages in the order of their ids, as everybody does."""
    if stages:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM stages_stage WHERE id = ANY (%s) ORDER BY id FOR {strength}", [list(stages)])


def _lock_by_weight() -> list[Stage]:
    """Every stage in use, the lightest first, kept from changing until the transaction ends."""
    locked = Stage.objects.in_use().order_by("pk").select_for_update(no_key=True)
    return sorted(locked, key=lambda stage: (stage.weight, stage.pk))


def _place_of(stage: Stage, order: list[Stage]) -> int:
    if stage not in order:
        raise Stage.DoesNotExist
    return order.index(stage)


def _put(stage: Stage, order: list[Stage], start: int, end: int, by: TeamMember | None) -> Placed:
    weights = weights_after_move([other.weight for other in order], start, end)
    order.insert(end, order.pop(start))
    changed = {other: weight for other, weight in zip(order, weights, strict=True) if other.weight != weight}
    for other, weight in changed.items():
        Stage.objects.filter(pk=other.pk).update(weight=weight, modified_by=by, modified_at=timezone.now())
    stage.weight = weights[end]
    return Placed(end + 1, is_moved=start != end, spaced_anew=bool(changed.keys() - {stage}))


def _save(stage: Stage) -> None:
    """Save a stage that was checked; two people who choose one name at once are told as one of them would be."""
    stage.full_clean()
    try:
        with transaction.atomic():
            stage.save()
    except IntegrityError as taken:
        stage.validate_constraints()
        raise ValidationError("Somebody saved a stage like this at the same moment.") from taken


Saved = Stage | ValidationError
"""What became of one of many: the stage, or by field what cannot be kept."""


def create_stages(*, many: Sequence[Mapping[str, Any]], by: TeamMember | None) -> list[Saved]:
    """New stages, each as `create_stage` makes one, at the cost of a few. What cannot be kept holds up no other."""
    with transaction.atomic():
        names = _Names([fields.get("name", "") for fields in many])
        checked = [_checked(Stage(**fields, created_by=by), fields, names) for fields in many]
        return _save_together(checked, [stage for stage in checked if isinstance(stage, Stage)])


def change_stages(*, changes: Sequence[tuple[int, Mapping[str, Any]]], by: TeamMember | None) -> list[Saved | None]:
    """Change stages one after the other, each as `change_stage` changes one, at the cost of a few.

    Args:
        changes: the id of each, and values by name of the model's field.

    Returns: for each change the stage as it is then, what cannot be kept, or None if there is no such stage in use.
    """
    with transaction.atomic():
        numbers = {number for number, _ in changes}
        stored = _with_people(Stage.objects.in_use().filter(pk__in=numbers)).order_by("pk").in_bulk()
        names = _Names([fields["name"] for _, fields in changes if "name" in fields])
        now = timezone.now()
        results: list[Saved | None] = []
        touched: dict[int, Stage] = {}
        for number, fields in changes:
            stage = touched.get(number) or stored.get(number)
            changed = {name: value for name, value in fields.items() if stage and getattr(stage, name) != value}
            if not stage or not changed:
                results.append(stage)
                continue
            after = copy(stage)
            for name, value in {**changed, "modified_by": by, "modified_at": now}.items():
                setattr(after, name, value)
            checked = _checked(after, changed, names)
            if isinstance(checked, Stage):
                touched[number] = checked
            results.append(checked)
        return _save_together(results, list(touched.values()))


class _Names:
    """Which stages in use have which of the names that are asked for. One query, none if none are."""

    def __init__(self, asked: Collection[str]) -> None:
        named = Stage.objects.in_use().annotate(lower_name=Lower("name"))
        found = named.filter(lower_name__in={name.lower() for name in asked}).values_list("pk", "name")
        self._names = {pk: name.lower() for pk, name in found}
        self._taken = set(self._names.values())

    def is_free(self, stage: Stage) -> bool:
        name = stage.name.lower()
        return name not in self._taken or name == self._names.get(stage.pk)

    def take(self, stage: Stage) -> None:
        """The stage is called so from now on."""
        self._taken.discard(self._names.get(stage.pk, ""))
        self._taken.add(stage.name.lower())
        if stage.pk:
            self._names[stage.pk] = stage.name.lower()


_ALL = frozenset(field.name for field in Stage._meta.concrete_fields)


def _checked(stage: Stage, fields: Mapping[str, Any], names: _Names) -> Saved:
    """The stage with these fields set, if it can be kept beside the names in use; else what is wrong.

    As `Stage.full_clean`, without asking the database. A category is known to be there.
    """
    wrong: dict[str, Any] = {}
    try:
        stage.clean_fields(exclude=_ALL - fields.keys() | {"category"})
    except ValidationError as error:
        wrong = error.update_error_dict(wrong)
    if not names.is_free(stage):
        wrong.setdefault("name", []).append(_sentence("stage_name_is_unique_among_stages_in_use"))
    if stage.publish_up and stage.publish_down and stage.publish_up >= stage.publish_down:
        wrong.setdefault("publish_down", []).append(_sentence("stage_window_opens_before_it_closes"))
    if wrong:
        return ValidationError(wrong)
    names.take(stage)
    return stage


def _save_together(results: list[Any], stages: Sequence[Stage]) -> list[Any]:
    """Save checked stages in one statement; one by one if somebody took a name meanwhile. Returns `results` of now."""
    fields = sorted(_ALL - {"id"})
    try:
        with transaction.atomic():
            Stage.objects.bulk_create(stages, update_conflicts=True, unique_fields=["id"], update_fields=fields)
        return results
    except IntegrityError:
        problems = {id(stage): problem for stage in stages if (problem := _problem_with(stage))}
        return [problems.get(id(result), result) for result in results]


def _problem_with(stage: Stage) -> ValidationError | None:
    try:
        _save(stage)
    except ValidationError as error:
        return error
    return None


def _with_people(stages: QuerySet[Stage]) -> QuerySet[Stage]:
    """Locked, with the category and the people whose names a reader wants."""
    return stages.select_related("category", "created_by", "modified_by").select_for_update(no_key=True, of=("self",))


def _sentence(constraint: str) -> str:
    return next(str(one.violation_error_message) for one in Stage._meta.constraints if one.name == constraint)
