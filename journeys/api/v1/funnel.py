"""`/api/v1/funnel`: who stood where at a moment, and who went where in a period; the default status."""

from datetime import datetime

from django.utils import timezone
from ninja import Query, Router
from pydantic import Field

from config.api.v1.operations import CalledRequest, operation
from config.api.v1.problems import Problem
from config.api.v1.schemas import Asked, ByIdOrName, MomentSaid, MomentShown, Said, Shown
from config.team.roles import Role
from journeys.api.v1.schemas import StageShown
from journeys.api.v1.statuses import named_stage, problems_of_refusal
from journeys.reports.queries import QUARTER, Funnel, Place, funnel_at, movements_between
from journeys.rules.actions import set_default_stage
from journeys.rules.queries import funnel_settings
from journeys.status.models import Direction
from journeys.status.transitions import Refusal
from stages.models import Stage

router = Router(tags=["Funnel"])


class FunnelAsked(Asked):
    as_of: MomentSaid | None = Field(default=None, description="Now, if left out; else the quarter of an hour before.")


class FlowsAsked(Asked):
    since: MomentSaid = Field(alias="from", description="The quarter of an hour it is in counts whole.")
    until: MomentSaid = Field(alias="to", description="Counted up to the quarter of an hour it is in.")


class StageCounted(Shown):
    """`contacts`: in the stage and not lost; `lost`: lost from it."""

    stage: StageShown
    weight: int
    contacts: int
    lost: int


class FunnelShown(Shown):
    """`total` is in stages + lost + without a status."""

    as_of: MomentShown
    stages: list[StageCounted]
    in_stages: int
    without_status: int
    lost_without_stage: int
    lost: int
    total: int


class SpotShown(Shown):
    """A place in the funnel, or outside the book."""

    outside: bool
    stage: StageShown | None
    lost: bool


class FlowShown(Shown):
    start: SpotShown
    end: SpotShown
    direction: str | None
    contacts: int


class FlowsShown(Shown):
    """Undone changes and their undos are left out."""

    since: MomentShown
    until: MomentShown
    flows: list[FlowShown]


class DefaultShown(Shown):
    """Where contacts come to stand that come without a status. Nowhere while the stage is not open."""

    stage: StageShown | None
    is_open: bool


class DefaultSaid(Said):
    model_config = {"json_schema_extra": {"examples": [{"stage": "Aware"}]}}

    stage: ByIdOrName | None


@operation(router, "GET", "/funnel", name="funnel", role=Role.VIEWER, shows=FunnelShown)
def get_funnel(request: CalledRequest, asked: Query[FunnelAsked]) -> FunnelShown:
    """How many contacts stand where, now or at a past moment"""
    as_of = _past("as_of", asked.as_of)
    funnel = funnel_at(as_of)
    stages = [stage for stage in Stage.objects.all() if not stage.retired_at or stage.pk in funnel.stages]
    return FunnelShown(
        as_of=as_of or timezone.now(),
        stages=[_counted(stage, funnel) for stage in stages],
        in_stages=funnel.in_stages,
        without_status=funnel.without_status,
        lost_without_stage=funnel.lost_from(None),
        lost=funnel.lost,
        total=funnel.total,
    )


@operation(router, "GET", "/funnel/flows", name="flows", role=Role.VIEWER, shows=FlowsShown)
def get_flows(request: CalledRequest, asked: Query[FlowsAsked]) -> FlowsShown:
    """How many contacts went from where to where in a period"""
    since, until = _floor(asked.since), _floor(asked.until)
    if since >= until:
        raise Problem.of_field("to", "Give a later moment than from.")
    stages = Stage.objects.in_bulk()
    flows = [
        FlowShown(
            start=_spot(one.start, stages),
            end=_spot(one.end, stages),
            direction=None if one.direction is None else Direction(one.direction).label,
            contacts=one.count,
        )
        for one in movements_between(since, until)
    ]
    return FlowsShown(since=since, until=until, flows=sorted(flows, key=lambda flow: -flow.contacts))


@operation(router, "GET", "/default-status", name="default_status", role=Role.VIEWER, shows=DefaultShown)
def get_default_status(request: CalledRequest) -> DefaultShown:
    """Where contacts come to stand that come without a status"""
    return _default()


@operation(
    router, "PUT", "/default-status", name="default_status", role=Role.MARKETER, shows=DefaultShown, may_refuse=(409,)
)
def set_default_status(request: CalledRequest, said: DefaultSaid) -> DefaultShown:
    """Say where contacts come to stand that come without a status. Nobody is moved"""
    stage = None if said.stage is None else named_stage("stage", said.stage)
    if stage and not stage.is_open(timezone.now()):
        raise problems_of_refusal(Refusal.CLOSED_STAGE)
    set_default_stage(stage=stage, by=request.caller.member)
    return _default()


def _default() -> DefaultShown:
    stage = funnel_settings().default_stage
    return DefaultShown(stage=StageShown.of(stage), is_open=bool(stage and stage.is_open(timezone.now())))


def _past(field: str, at: datetime | None) -> datetime | None:
    if at and at > timezone.now():
        raise Problem.of_field(field, "Give a moment in the past.")
    return _floor(at) if at else None


def _floor(at: datetime) -> datetime:
    """The beginning of the quarter of an hour that a moment is in."""
    return at - (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) % QUARTER


def _counted(stage: Stage, funnel: Funnel) -> StageCounted:
    return StageCounted(
        stage=StageShown(id=stage.pk, name=stage.name),
        weight=stage.weight,
        contacts=funnel.in_stage(stage.pk),
        lost=funnel.lost_from(stage.pk),
    )


def _spot(place: Place, stages: dict[int, Stage]) -> SpotShown:
    return SpotShown(outside=place.outside, stage=StageShown.of(stages.get(place.stage or 0)), lost=place.lost)
