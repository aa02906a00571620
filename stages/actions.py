"""Writes to the stages: what the funnel is made of. What they were called before, the database writes down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.team.models import TeamMember
from stages.models import Stage


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


def _save(stage: Stage) -> None:
    """Save a stage that was checked; two people who choose one name at once are told as one of them would be."""
    stage.full_clean()
    try:
        with transaction.atomic():
            stage.save()
    except IntegrityError as taken:
        stage.validate_constraints()
        raise ValidationError("Somebody saved a stage like this at the same moment.") from taken
