"""Stages, statuses and their history as `/api/v1` shows them."""

from typing import Literal, Self

from config.api.v1.schemas import MomentShown, Shown
from config.team.models import TeamMember
from journeys.history.queries import ChangeInWords, PlaceThen
from journeys.review.models import Review
from journeys.status.models import Direction, FunnelStatus
from stages.models import Stage
from stages.queries import StageThen


class StageShown(Shown):
    id: int
    name: str

    @classmethod
    def of(cls, stage: Stage | StageThen | None) -> Self | None:
        return cls(id=stage.pk, name=stage.name) if stage else None


class PersonShown(Shown):
    id: int
    name: str

    @classmethod
    def of(cls, member: TeamMember | None) -> Self | None:
        return cls(id=member.pk, name=str(member)) if member else None


class StatusShown(Shown):
    """Where a contact stands. `stage` is the one it is in, or was lost from; null for none."""

    contact: int
    stage: StageShown | None
    lost: bool
    lost_at: MomentShown | None
    lost_reason: str | None
    since: MomentShown
    stage_since: MomentShown
    cause: str
    changed_by: PersonShown | None
    run: int | None
    review_needed: bool
    signature: int

    @classmethod
    def of(cls, status: FunnelStatus, **more: object) -> Self:
        """Of a status read with stage, lost reason and person."""
        return cls(
            contact=status.pk,
            stage=StageShown.of(status.stage),
            lost=status.is_lost,
            lost_at=status.lost_at,
            lost_reason=str(status.lost_reason) if status.lost_reason else None,
            since=status.since,
            stage_since=status.stage_since,
            cause=status.cause,
            changed_by=PersonShown.of(status.changed_by),
            run=status.run_id,
            review_needed=status.review_needed,
            signature=status.signature,
            **more,
        )


class StatusChanged(StatusShown):
    """The status after a request. `change` is the row of history that it made; null if nothing was to change."""

    changed: bool
    change: int | None


class PlaceShown(Shown):
    """Where a contact stood, with the stage as it was called then. `outside`: it was not in the book."""

    outside: bool
    stage: StageShown | None
    lost: bool
    lost_reason: str | None

    @classmethod
    def of(cls, place: PlaceThen) -> Self:
        return cls(
            outside=place.outside,
            stage=StageShown.of(place.stage),
            lost=place.lost,
            lost_reason=place.lost_reason or None,
        )


class DecisionShown(Shown):
    """What somebody decided about the flagged change of this id. `standing`: once, for all of the token's changes."""

    id: int
    verdict: Literal["kept", "reverted"]
    decided_by: PersonShown
    decided_at: MomentShown
    standing: bool

    @classmethod
    def of(cls, review: Review) -> "DecisionShown | None":
        by = PersonShown.of(review.decided_by)
        if by is None or review.decided_at is None:
            return None
        return cls(
            id=review.pk,
            verdict=review.verdict,  # type: ignore[arg-type]
            decided_by=by,
            decided_at=review.decided_at,
            standing=review.is_standing,
        )


class ChangeShown(Shown):
    """One status change. `direction` is null unless it led from one stage to another.

    A flagged one says what was decided about it; `decision` is null while it waits.
    """

    id: int
    contact: int
    start: PlaceShown
    end: PlaceShown
    changed_at: MomentShown
    recorded_at: MomentShown
    direction: str | None
    cause: str
    changed_by: PersonShown | None
    run: int | None
    reason: str | None
    stated_at: MomentShown | None
    undoes: int | None
    review_needed: bool
    decision: DecisionShown | None

    @classmethod
    def of(cls, change: ChangeInWords) -> Self:
        row = change.change
        return cls(
            id=row.pk,
            contact=row.contact_id,
            start=PlaceShown.of(change.start),
            end=PlaceShown.of(change.end),
            changed_at=row.changed_at,
            recorded_at=row.recorded_at,
            direction=None if row.direction is None else Direction(row.direction).label,
            cause=row.cause,
            changed_by=PersonShown.of(change.by),
            run=row.run_id,
            reason=change.note.text if change.note else None,
            stated_at=row.stated_at,
            undoes=row.undoes_id,
            review_needed=row.review_needed,
            decision=DecisionShown.of(change.review) if change.review else None,
        )
