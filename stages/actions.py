"""Writes to the stages: what the funnel is made of. What they were called before, the database writes down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
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
        for number in sorted({*stages, *([kept] if kept else [])}):
            _lock(number, "SHARE" if number == kept else "NO KEY UPDATE")
        if kept:
            Stage.objects.in_use().get(pk=kept)
        in_use = Stage.objects.in_use().filter(pk__in=stages)
        retired = sorted(in_use.values_list("pk", flat=True))
        now = timezone.now()
        in_use.update(retired_at=now, modified_at=now, modified_by=by)
    return retired


def _lock(stage: int, strength: str) -> None:
    """Lock one stage. More than one are locked in the order of their ids, by everybody."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM stages_stage WHERE id = %s FOR {strength}", [stage])


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
