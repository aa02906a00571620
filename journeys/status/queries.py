"""Reads of where contacts stand: the status of one, where it may go, and the changes that led there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules.queries import movement_policy
from journeys.status.models import Direction, FunnelStatus, StatusChange
from journeys.status.transitions import Lost, Move, Refusal, StageFacts, Standing, heading, judge
from stages.models import Stage
from stages.queries import open_stages


def status_of(contact: int) -> FunnelStatus:
    """The status of a contact with the contact, its stage, its lost reason and who changed it. One query.

    Raises:
        FunnelStatus.DoesNotExist: there is no such contact in the book.
    """
    return FunnelStatus.objects.select_related("contact", "stage", "lost_reason", "changed_by").get(pk=contact)


def latest_change(contact: int) -> StatusChange:
    """The last row of a contact's history. One query."""
    return StatusChange.objects.filter(contact=contact).latest("id")


def status_change(change: int) -> StatusChange:
    """A row of history with the stage and lost reason it led to. One query.

    Raises:
        StatusChange.DoesNotExist: there is no such row.
    """
    return StatusChange.objects.select_related("to_stage", "to_lost_reason").get(pk=change)


def undo_of(change: StatusChange) -> StatusChange | None:
    """The row that undid a change, right after it in the contact's history. One query."""
    return StatusChange.objects.filter(contact=change.contact_id, id__gt=change.pk, undoes=change.pk).first()


@dataclass(frozen=True, slots=True)
class StageChoice:
    """A stage that a person may choose for a contact: which way it goes, and whether the rules refuse it."""

    stage: Stage
    direction: Direction | None  # None unless the contact is in another stage
    refusal: Refusal | None

    @property
    def goes_back(self) -> bool:
        return self.direction == Direction.BACK


def stage_choices(status: FunnelStatus, *, by: TeamMember) -> list[StageChoice]:
    """The open stages that a contact is not in, the lightest first, as the movement rules judge them. Two queries.

    For a lost contact the stage it was lost from is among them: choosing it recovers the contact.
    """
    now = timezone.now()
    policy = movement_policy()
    standing = Standing(stage=_facts(status.stage, now), lost=status.is_lost)
    choices = []
    for stage in open_stages(now):
        move = Move(cause=Cause.MANUAL, to=_facts(stage, now), lost=Lost.RECOVER, back_allowed=by.role.corrects)
        verdict = judge(standing, move, policy)
        if verdict.changed or verdict.refusal:
            choices.append(StageChoice(stage, _direction(standing.stage, move.to), verdict.refusal))
    return choices


def _facts(stage: Stage | None, at: datetime) -> StageFacts | None:
    return StageFacts(stage.pk, stage.weight, stage.is_open(at), stage.retired_at is not None) if stage else None


def _direction(leaving: StageFacts | None, to: StageFacts | None) -> Direction | None:
    direction = heading(leaving, to)
    return None if direction is None else Direction(direction)


def statuses_of(contacts: Sequence[int]) -> dict[int, FunnelStatus]:
    """Statuses by contact, with contact and stage; those erased are missing. One query."""
    return FunnelStatus.objects.select_related("contact", "stage").in_bulk(contacts)
