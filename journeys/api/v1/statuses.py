"""`/api/v1/contacts/…/status`: where one contact stands, moving it, and how it came there."""

from collections.abc import Callable
from functools import partial
from typing import Any

from ninja import Query, Router
from pydantic import Field, model_validator

from config.api.v1 import problems
from config.api.v1.operations import CalledRequest, operation
from config.api.v1.paging import key_asked, page_of
from config.api.v1.problems import Problem
from config.api.v1.schemas import LARGEST_SIGNATURE, ByIdOrName, Id, MomentSaid, Page, Reason, Said, Window
from config.team.roles import Role
from contacts.causes import Cause
from journeys.api.v1.schemas import ChangeShown, StatusChanged, StatusShown
from journeys.book.actions import one_move
from journeys.history.queries import in_words
from journeys.rules.queries import lost_reason_called
from journeys.status import actions
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.queries import status_of
from journeys.status.transitions import Refusal
from stages.models import Stage
from stages.queries import stage_called

router = Router(tags=["Status"])


class MoveSaid(Said):
    """Where to. What is not said stays: a stage alone recovers a lost contact, `lost` alone keeps the stage."""

    stage: ByIdOrName | None = Field(default=None, description="Null for no stage.")
    lost: bool | None = Field(default=None, description="True marks lost; false recovers to the same stage.")
    lost_reason: ByIdOrName | None = Field(default=None, description="Of those under Settings → Lost reasons.")
    reason: Reason = Field(default="", description="Why, in words. Kept with the change.")

    @model_validator(mode="after")
    def _says_where(self) -> "MoveSaid":
        if "stage" not in self.model_fields_set and self.lost is None:
            raise ValueError("Say stage, or lost, or both.")
        if self.lost_reason is not None and not self.lost:
            raise ValueError("A lost_reason goes with lost: true.")
        return self

    @property
    def says_stage(self) -> bool:
        return "stage" in self.model_fields_set


class StatusSaid(MoveSaid):
    model_config = {
        "json_schema_extra": {"examples": [{"stage": "Customer", "reason": "Paid order 1042", "if_signature": 3}]}
    }

    since: MomentSaid | None = Field(default=None, description="When it happened, if not now. Never in the future.")
    review_needed: bool = Field(default=False, description="Have a person look at it, whatever the rules say.")
    if_signature: int | None = Field(
        default=None,
        ge=0,
        le=LARGEST_SIGNATURE,
        description="Move only if the status still has this `signature`; else 409, changed_meanwhile.",
    )


@operation(
    router,
    "GET",
    "/contacts/{int:contact}/status",
    name="status",
    role=Role.VIEWER,
    shows=StatusShown,
    may_refuse=(404,),
)
def get_status(request: CalledRequest, contact: Id) -> StatusShown:
    """Where a contact stands"""
    return StatusShown.of(status_of(contact))


@operation(
    router,
    "PUT",
    "/contacts/{int:contact}/status",
    name="status",
    role=Role.OPERATOR,
    shows=StatusChanged,
    may_refuse=(404, 409),
)
def set_status(request: CalledRequest, contact: Id, said: StatusSaid) -> StatusChanged:
    """Move a contact, mark it lost, or recover it

    The movement rules hold for the cause API. A change that goes back, that recovers somebody a person marked lost, or
    that overrides a stage set by hand within 30 days is done, says `review_needed`, and waits in Review.
    Where the contact is there already, nothing is written and `changed` is false, also if its signature is another one:
    so the same request may be sent again when its answer was lost.
    """
    stage, reason = stage_said(said), reason_said(said)
    moved = one_move(contact=contact, move=_move(request, contact, said, stage, reason), by=request.caller.member)
    refusal = moved.outcome.refusal
    if refusal and refusal is not Refusal.CHANGED_MEANWHILE:
        raise problems_of_refusal(refusal)
    present = status_of(contact)
    if refusal and not _is_there(present, said, stage, reason):
        shown = StatusShown.of(present).model_dump(mode="json")
        raise Problem(problems.CHANGED_MEANWHILE, refusal.sentence, present=shown)
    return StatusChanged.of(present, changed=bool(moved.outcome.changed), change=moved.change)


@operation(
    router,
    "GET",
    "/contacts/{int:contact}/status/history",
    name="status_history",
    role=Role.VIEWER,
    shows=Page[ChangeShown],
    may_refuse=(404,),
)
def list_history(request: CalledRequest, contact: Id, asked: Query[Window]) -> Page[ChangeShown]:
    """Every change of a contact's status, the newest first"""
    older_than = key_asked(asked)
    status_of(contact)
    changes = StatusChange.objects.filter(contact=contact).order_by("-pk")
    if older_than is not None:
        changes = changes.filter(pk__lt=older_than)
    found = list(changes[: asked.limit + 1])
    return page_of(Page[ChangeShown], found, asked, lambda shown: [ChangeShown.of(one) for one in in_words(shown)])


def _is_there(status: FunnelStatus, said: MoveSaid, stage: Stage | None, reason: LostReason | None) -> bool:
    """Whether a contact is where it is asked to be."""
    loses = said.lost if said.lost is not None else status.is_lost and stage is None
    is_in_stage = not said.says_stage or status.stage == stage
    return is_in_stage and status.is_lost == loses and (reason is None or status.lost_reason == reason)


def _move(
    request: CalledRequest, contact: int, said: StatusSaid, stage: Stage | None, reason: LostReason | None
) -> Callable[[], actions.Outcome]:
    common: dict[str, Any] = {
        "contacts": [contact],
        "cause": Cause.API,
        "by": request.caller.member,
        "via": request.caller.token,
        "note": said.reason,
        "dates": {contact: said.since} if said.since else None,
        "signatures": None if said.if_signature is None else {contact: said.if_signature},
        "review_needed": said.review_needed,
    }
    if not said.says_stage:
        return partial(actions.mark_lost, reason=reason, **common) if said.lost else partial(actions.recover, **common)
    if said.lost or (said.lost is False and stage is None):
        return partial(actions.return_to_status, to=stage, lost=bool(said.lost), reason=reason, **common)
    return partial(actions.change_status, to=stage, **common)


def stage_said(said: MoveSaid) -> Stage | None:
    """Raises Problem for a stage that is not in use."""
    return named_stage("stage", said.stage) if said.stage is not None else None


def named_stage(field: str, said: int | str) -> Stage:
    """Raises Problem for a stage that is not in use."""
    stage = stage_called(said)
    if stage is None:
        raise Problem.of_field(field, "There is no such stage.")
    return stage


def reason_said(said: MoveSaid) -> LostReason | None:
    """Raises Problem for a reason that is not in use."""
    if said.lost_reason is None:
        return None
    reason = lost_reason_called(said.lost_reason)
    if reason is None:
        raise Problem.of_field("lost_reason", "There is no such lost reason.")
    return reason


def problems_of_refusal(refusal: Refusal) -> Problem:
    """404 for whoever is not in the book, else 409 with the code of the refusal."""
    if refusal is Refusal.NOT_IN_THE_BOOK:
        return Problem(problems.NOT_FOUND, refusal.sentence)
    return Problem(str(refusal), refusal.sentence)
