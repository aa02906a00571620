"""`/api/v1/status/batch` and `/api/v1/runs`: many contacts at once, each time as a run."""

from functools import partial
from typing import Self

from django.urls import reverse
from ninja import Router
from pydantic import Field, model_validator

from config.api.v1 import problems
from config.api.v1.operations import Answer, CalledRequest, operation, require
from config.api.v1.problems import Problem
from config.api.v1.schemas import Id, MomentShown, Nothing, Reason, Said, Shown
from config.team.roles import Role
from contacts.causes import Cause
from contacts.queries import Key, contacts_keyed
from journeys.api.v1.schemas import PersonShown, StageShown
from journeys.api.v1.statuses import MoveSaid, problems_of_refusal, reason_said, stage_said
from journeys.rules.models import LabelRule
from journeys.rules.queries import funnel_settings
from journeys.runs import actions
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.outcomes import outcome_counts
from journeys.runs.queries import role_of_run, role_to_start
from journeys.runs.shown import do_if_small
from journeys.runs.undos import can_be_undone, undos, why_not_undone
from journeys.status.transitions import Refusal

router = Router(tags=["Runs"])

MOST_CONTACTS = 10_000
"""So many contacts of a batch at most."""


class RunShown(Shown):
    """One execution over many contacts. `records` is changed + unchanged + refused once it is at its end."""

    id: int
    kind: str
    words: str
    state: str
    stage: StageShown | None
    records: int
    changed: int
    unchanged: int
    refused: int
    forward: int
    back: int
    undoes: int | None
    started_by: PersonShown | None
    started_at: MomentShown
    finished_at: MomentShown | None

    @classmethod
    def of(cls, run: Run, **more: object) -> Self:
        return cls(
            id=run.pk,
            kind=run.kind,
            words=run.words,
            state=run.state,
            stage=StageShown.of(run.stage),
            records=run.records,
            changed=run.created + run.updated,
            unchanged=run.unchanged,
            refused=run.refused,
            forward=run.forward,
            back=run.back,
            undoes=run.undoes_id,
            started_by=PersonShown.of(run.started_by),
            started_at=run.started_at,
            finished_at=run.finished_at,
            **more,
        )


class RefusedShown(Shown):
    """So many contacts were refused for a reason."""

    code: str
    message: str
    contacts: int


class RunWithReasons(RunShown):
    refusals: list[RefusedShown]


class BatchShown(RunShown):
    """`not_found`: the places, counted from 0, of those in the request that are not in the book."""

    not_found: list[int]


class Whom(Said):
    """A contact by one of its keys."""

    id: Id | None = None
    email: str | None = Field(default=None, min_length=1, max_length=254)
    external_id: str | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_one(self) -> "Whom":
        if sum(key is not None for key in (self.id, self.email, self.external_id)) != 1:
            raise ValueError("Give one of id, email and external_id.")
        return self


class BatchSaid(MoveSaid):
    """The same move for many. Those that are there already stay unchanged; each refusal is kept with its reason."""

    model_config = {
        "json_schema_extra": {
            "examples": [{"contacts": [{"email": "ana@example.com"}, {"external_id": "c-1042"}], "stage": "Customer"}]
        }
    }

    contacts: list[Whom] = Field(min_length=1, max_length=MOST_CONTACTS)
    only_forward: bool = Field(default=False, description="Whoever would go back stays.")
    leave_lost: bool = Field(default=False, description="Lost contacts stay as they are.")

    @model_validator(mode="after")
    def _is_one_act(self) -> "BatchSaid":
        if self.says_stage and self.lost:
            raise ValueError("Move many to a stage, or mark many lost, in two batches.")
        if not self.says_stage and (self.only_forward or self.leave_lost):
            raise ValueError("only_forward and leave_lost go with a stage.")
        return self


class UndoSaid(Said):
    also_moved_since: bool = Field(default=False, description="Contacts that were moved since go back too.")
    reason: Reason = ""


@operation(router, "POST", "/status/batch", name="batch", role=Role.OPERATOR, shows=BatchShown, status=202)
def move_batch(request: CalledRequest, said: BatchSaid) -> Answer:
    """Move many contacts, mark them lost, or recover them: answers a run, as it was started

    Up to 10,000 at once, by id, e-mail or external id. GET the run to see what became of it.
    """
    contacts, not_found = _found(said.contacts)
    if not contacts:
        raise Problem(problems.INVALID, "None of these is in the book.")
    operation = _operation(request, said)
    require(request, role_to_start(operation, len(contacts)))
    preview = actions.make_preview(
        operation=operation,
        selection=Selection(contacts=tuple(contacts)),
        by=request.caller.member,
        note=said.reason,
    )
    run = started(request, preview)
    return Answer(BatchShown.of(run, not_found=not_found), location=address_of(run))


@operation(router, "GET", "/runs/{int:run}", name="run", role=Role.VIEWER, shows=RunWithReasons, may_refuse=(404,))
def get_run(request: CalledRequest, run: Id) -> RunWithReasons:
    """A run: how far it is, and what became of its contacts"""
    found = run_to_show(run)
    refusals = [
        RefusedShown(code=one.code, message=Refusal(one.code).sentence, contacts=one.count or 0)  # type: ignore[call-arg]
        for one in outcome_counts(found)
        if one.code in set(Refusal) and one.count
    ]
    return RunWithReasons.of(found, refusals=refusals)


@operation(
    router,
    "POST",
    "/runs/{int:run}/undo",
    name="undo_run",
    role=Role.OPERATOR,
    shows=RunShown,
    status=202,
    may_refuse=(404,),
)
def undo_run(request: CalledRequest, run: Id, said: UndoSaid = UndoSaid()) -> Answer:  # noqa: B008
    """Put back what a run did: answers a run, as it was started

    Only contacts whose status this run was the last to set go back.
    """
    undone = run_to_show(run)
    require(request, role_of_run(undone))
    undo = undos().get(run)
    if not can_be_undone(undone, undo):
        raise Problem(problems.CANNOT_BE_UNDONE, why_not_undone(undone, undo))
    preview = actions.preview_undo(
        run=undone, by=request.caller.member, also_moved_since=said.also_moved_since, note=said.reason
    )
    found = started(request, preview)
    return Answer(RunShown.of(found), location=address_of(found))


@operation(
    router, "POST", "/runs/{int:run}/cancel", name="cancel_run", role=Role.OPERATOR, shows=RunShown, may_refuse=(404,)
)
def cancel_run(request: CalledRequest, run: Id, said: Nothing = Nothing()) -> RunShown:  # noqa: B008
    """Stop a run. What it did stays, and can be undone"""
    stopped = run_to_show(run)
    require(request, role_of_run(stopped))
    try:
        actions.cancel_run(run=stopped, by=request.caller.member)
    except actions.RunHasEnded:
        raise Problem(problems.RUN_HAS_ENDED) from None
    return RunShown.of(run_to_show(run))


def started(request: CalledRequest, preview: RunPreview, rule: LabelRule | None = None) -> Run:
    """Start what a preview showed. A small run is done before the request is answered, as on screen.

    Raises Problem if it would do something else by now.
    """
    try:
        run = actions.start_run(preview=preview, by=request.caller.member, rule=rule)
    except actions.AlreadyStarted as started:
        return run_to_show(started.run.pk)
    except actions.NumbersChanged:
        raise Problem(problems.NUMBERS_CHANGED) from None
    request.afterwards.append(partial(do_if_small, run))
    return run


def run_to_show(pk: int) -> Run:
    """A run with its stage and who started it. Raises Run.DoesNotExist."""
    return Run.objects.select_related("started_by", "stage").get(pk=pk)


def address_of(run: Run) -> str:
    return reverse("api:v1:run", args=[run.pk])


def _operation(request: CalledRequest, said: BatchSaid) -> Operation:
    stage, reason, via = stage_said(said), reason_said(said), request.caller.token
    if said.says_stage:
        return Operation(
            Act.CHANGE_STATUS,
            Cause.API,
            stage=stage.pk if stage else None,
            only_forward=said.only_forward,
            leave_lost=said.leave_lost,
            via=via,
        )
    if not said.lost:
        return Operation(Act.RECOVER, Cause.API, via=via)
    if reason is None and funnel_settings().lost_reason_required:
        raise problems_of_refusal(Refusal.REASON_REQUIRED)
    return Operation(Act.MARK_LOST, Cause.API, reason=reason.pk if reason else None, via=via)


def _found(whom: list[Whom]) -> tuple[list[int], list[int]]:
    """The contacts that are meant, each once, and the places of those that are not in the book."""
    found = contacts_keyed(
        ids=[one.id for one in whom if one.id is not None],
        emails=[one.email for one in whom if one.email is not None],
        external_ids=[one.external_id for one in whom if one.external_id is not None],
    )
    keys = [_key(one) for one in whom]
    contacts = {found[key] for key in keys if key in found}
    return sorted(contacts), [place for place, key in enumerate(keys) if key not in found]


def _key(whom: Whom) -> Key:
    if whom.id is not None:
        return "id", whom.id
    return ("email", whom.email.lower()) if whom.email is not None else ("external_id", whom.external_id or "")
