"""Writes to segments."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.team.models import TeamMember
from journeys.segments.conditions import Conditions
from journeys.segments.models import Segment
from journeys.uses.queries import Use, uses_of_segments

logger = logging.getLogger(__name__)


class SegmentChanged(Exception):
    """Somebody changed the segment meanwhile; `segment` is what they made of it."""

    def __init__(self, segment: Segment) -> None:
        super().__init__("Somebody changed this segment meanwhile.")
        self.segment = segment


class SegmentInUse(Exception):
    """Something uses the segment, so it stays; `uses` says what."""

    def __init__(self, uses: list[Use]) -> None:
        super().__init__("Something uses this segment.")
        self.uses = uses


def create_segment(
    *, name: str, description: str = "", conditions: Conditions, is_for_all: bool, by: TeamMember
) -> Segment:
    """A new segment, somebody's own or for everybody.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    segment = Segment(
        name=name,
        description=description,
        conditions=conditions.as_json(),
        is_for_all=is_for_all,
        owner=by,
        changed_by=by,
    )
    _save(segment, by, segment.save)
    logger.info("Segment %s was created by %s", segment.pk, by.pk)
    return segment


def change_segment(
    *,
    segment: Segment,
    seen: int,
    name: str,
    description: str,
    conditions: Conditions,
    is_for_all: bool,
    by: TeamMember,
) -> None:
    """Change a segment. Runs that were started with it keep the contacts they had.

    Args:
        seen: the revision that the person saw.

    Raises:
        SegmentChanged: that is not the latest.
        ValidationError: by field, what cannot be kept.
    """
    with transaction.atomic():
        stored = Segment.objects.select_for_update(of=["self"]).select_related("changed_by", "owner").get(pk=segment.pk)
        if stored.revision != seen:
            raise SegmentChanged(stored)
        if stored.is_for_all and not is_for_all and stored.owner_id != by.pk:
            raise ValidationError({"is_for_all": f"It is {stored.owner}'s: nobody else can make it their own."})
        stored.name, stored.description, stored.is_for_all = name, description, is_for_all
        stored.conditions = conditions.as_json()
        stored.changed_by, stored.changed_at, stored.revision = by, timezone.now(), seen + 1
        _save(stored, by, stored.save)
    logger.info("Segment %s was changed by %s", segment.pk, by.pk)


def delete_segment(*, segment: Segment, by: TeamMember | None) -> None:
    """Delete a segment that nothing uses.

    Raises:
        SegmentInUse: something does.
    """
    if uses := uses_of_segments()[segment.pk]:
        raise SegmentInUse(uses)
    Segment.objects.filter(pk=segment.pk).delete()
    logger.info("Segment %s was deleted by %s", segment.pk, by.pk if by else "nobody")


def _save(segment: Segment, by: TeamMember, save: Callable[[], Any]) -> None:
    """Save a segment that was checked; two who choose one name at once are told as one of them would be."""
    segment.full_clean()
    if _is_taken(segment, by):
        raise ValidationError({"name": "There is a segment of this name already."})
    try:
        with transaction.atomic():
            save()
    except IntegrityError as taken:
        segment.validate_constraints()
        raise ValidationError("Somebody saved a segment like this at the same moment.") from taken


def _is_taken(segment: Segment, by: TeamMember) -> bool:
    """Whether somebody would see two segments of one name: their own, and one for everybody."""
    others = Segment.objects.filter(name__iexact=segment.name).exclude(pk=segment.pk)
    return others.filter(owner=by).exists() if segment.is_for_all else others.filter(is_for_all=True).exists()
