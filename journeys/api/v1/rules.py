"""`/api/v1/label-rules`: everybody who carries a label goes to a stage; previewed, kept and run."""

from collections.abc import Iterable

from django.utils import timezone
from ninja import Router
from pydantic import Field

from config.api.v1 import problems
from config.api.v1.operations import Answer, CalledRequest, operation
from config.api.v1.problems import Problem
from config.api.v1.schemas import ByIdOrName, Id, MomentShown, Page, Reason, Said, Shown
from config.team.roles import Role
from contacts.labels.queries import label_named
from contacts.models import Label
from journeys.api.v1.runs import RefusedShown, RunShown, address_of, started
from journeys.api.v1.schemas import StageShown
from journeys.api.v1.statuses import named_stage, problems_of_refusal
from journeys.rules import actions
from journeys.rules.models import LabelRule
from journeys.runs import fates
from journeys.runs.fates import Fate
from journeys.runs.models import RunPreview
from journeys.runs.operations import Operation, Selection
from journeys.runs.queries import kept_rule
from journeys.status.transitions import Refusal

router = Router(tags=["Label rules"])


class LabelNamed(Shown):
    id: int
    name: str


class RuleShown(Shown):
    """A label rule that is kept."""

    id: int
    label: LabelNamed
    stage: StageShown
    only_forward: bool
    leave_lost: bool

    @classmethod
    def of(cls, rule: LabelRule) -> "RuleShown":
        return cls(
            id=rule.pk,
            label=LabelNamed(id=rule.label_id, name=rule.label.name),
            stage=StageShown(id=rule.stage_id, name=rule.stage.name),
            only_forward=rule.only_forward,
            leave_lost=rule.leave_lost,
        )


class PreviewShown(Shown):
    """What a run would do. Kept for a day: whoever is changed until it is run is refused, and said to be."""

    id: int
    rule: int | None
    records: int
    changed: int
    unchanged: int
    forward: int
    back: int
    refusals: list[RefusedShown]
    made_at: MomentShown


class RuleSaid(Said):
    model_config = {"json_schema_extra": {"examples": [{"label": "purchased-q2", "stage": "Customer"}]}}

    label: ByIdOrName
    stage: ByIdOrName
    only_forward: bool = Field(default=False, description="Whoever would go back stays.")
    leave_lost: bool = Field(default=False, description="Lost contacts stay as they are.")
    reason: Reason = ""


class RunSaid(Said):
    preview: Id | None = Field(default=None, description="A preview of this rule: what it showed is what runs.")
    reason: Reason = ""


@operation(router, "GET", "/label-rules", name="label_rules", role=Role.VIEWER, shows=Page[RuleShown])
def list_rules(request: CalledRequest) -> Page[RuleShown]:
    """Every label rule that is kept, the newest first"""
    rules = LabelRule.objects.select_related("label", "stage")
    return Page[RuleShown](items=[RuleShown.of(rule) for rule in rules], next=None)


@operation(router, "POST", "/label-rules", name="label_rules", role=Role.MARKETER, shows=RuleShown, status=201)
def keep_rule(request: CalledRequest, said: RuleSaid) -> RuleShown:
    """Keep a label rule, or find the one that is kept. Nobody is moved"""
    rule = actions.keep_label_rule(
        label=_label(said.label),
        stage=named_stage("stage", said.stage),
        only_forward=said.only_forward,
        leave_lost=said.leave_lost,
        note=said.reason,
        by=request.caller.member,
    )
    return RuleShown.of(rule)


@operation(router, "POST", "/label-rules/preview", name="preview_label_rule", role=Role.MARKETER, shows=PreviewShown)
def preview_rule(request: CalledRequest, said: RuleSaid) -> PreviewShown:
    """What moving everybody who carries a label would do. Nobody is moved"""
    preview = actions.preview_label_rule(
        label=_label(said.label),
        stage=named_stage("stage", said.stage),
        only_forward=said.only_forward,
        leave_lost=said.leave_lost,
        note=said.reason,
        by=request.caller.member,
    )
    return _shown(preview)


@operation(
    router,
    "POST",
    "/label-rules/{int:rule}/run",
    name="run_label_rule",
    role=Role.MARKETER,
    shows=RunShown,
    status=202,
    may_refuse=(404,),
)
def run_rule(request: CalledRequest, rule: Id, said: RunSaid = RunSaid()) -> Answer:  # noqa: B008
    """Run a label rule that is kept: answers the run, as it was started"""
    found = LabelRule.objects.select_related("label", "stage").get(pk=rule)
    if not found.stage.is_open(timezone.now()):
        raise problems_of_refusal(Refusal.CLOSED_STAGE)
    run = started(request, _preview(request, found, said), rule=found)
    return Answer(RunShown.of(run), location=address_of(run))


def _preview(request: CalledRequest, rule: LabelRule, said: RunSaid) -> RunPreview:
    """The preview that was named, if it is one of this rule; else one made now."""
    if said.preview is None:
        return actions.preview_label_rule(
            label=rule.label,
            stage=rule.stage,
            only_forward=rule.only_forward,
            leave_lost=rule.leave_lost,
            note=said.reason or rule.note,
            by=request.caller.member,
        )
    preview = RunPreview.objects.filter(pk=said.preview).first()
    if preview is None or _rule_of(preview) != rule:
        raise Problem.of_field("preview", "This is no preview of this rule, or it is older than a day.")
    if preview.run_id:
        raise Problem(problems.NUMBERS_CHANGED, "This preview was run before.")
    return preview


def _rule_of(preview: RunPreview) -> LabelRule | None:
    return kept_rule(Operation.read(preview.operation), Selection.read(preview.selection))


def _shown(preview: RunPreview) -> PreviewShown:
    found = [Fate.read(fate) for fate in preview.fates]
    rule = _rule_of(preview)
    return PreviewShown(
        id=preview.pk,
        rule=rule.pk if rule else None,
        records=preview.records,
        changed=fates.changed(found),
        unchanged=fates.count(found, fates.UNCHANGED),
        forward=fates.count(found, fates.FORWARD),
        back=fates.count(found, fates.BACK),
        refusals=list(_refusals(found)),
        made_at=preview.made_at,
    )


def _refusals(found: list[Fate]) -> Iterable[RefusedShown]:
    for refusal, contacts in fates.refused(found).items():
        yield RefusedShown(code=str(refusal), message=refusal.sentence, contacts=contacts)


def _label(said: int | str) -> Label:
    label = Label.objects.filter(pk=said).first() if isinstance(said, int) else label_named(said)
    if label is None:
        raise Problem.of_field("label", "There is no such label.")
    return label
