"""Reads of runs and previews: what they do in words, who may start them, what undid them, and who works on them."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Label
from journeys.rules.models import LabelRule
from journeys.runs import failures, selections
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection, needed_role
from journeys.runs.words import how_many, in_words, matching
from journeys.status.models import LostReason
from journeys.webforms.models import WebForm
from stages.models import Stage

STALLED = timedelta(seconds=4)
"""A run on which nothing was done for so long is given to a worker again."""

HEARTBEAT = timedelta(seconds=30)
"""A worker that said nothing for so long is down."""


def runs_without_progress() -> list[int]:
    """Runs that are not done, on which nothing was done lately, and which no failure has left alone. One query.

    Nothing is done in the future: the clock was set back since.
    """
    now = timezone.now()
    was_done_lately = Q(progressed_at__gte=now - STALLED, progressed_at__lte=now + STALLED)
    runs = Run.objects.filter(state=Run.State.RUNNING, slices__gt=0).exclude(was_done_lately)
    return list(runs.exclude(failures.left_alone(now)).order_by("pk").values_list("pk", flat=True))


def ended_runs_to_mail(*, since: datetime, longer_than: timedelta) -> list[Run]:
    """Runs that ended since then by themselves, after so long, whose starters want to be mailed. One query."""
    return list(
        Run.objects.select_related("started_by")
        .filter(
            finished_at__gte=since,
            finished_at__gt=F("started_at") + longer_than,
            started_by__mail_when_run_ends=True,
            started_by__is_active=True,
        )
        .exclude(state=Run.State.CANCELLED)
        .order_by("pk")
    )


def worker_is_alive() -> bool:
    """Whether a worker said lately that it is up: each does every ten seconds. One query."""
    return ProcrastinateWorker.objects.filter(last_heartbeat__gt=timezone.now() - HEARTBEAT).exists()


def operation_in_words(operation: Operation, selection: Selection, records: int) -> str:
    """What an operation does to a selection, with the names of now. At most seven queries."""
    rule_label = label_of_rule(operation, selection)
    return in_words(
        operation,
        records,
        stage=_name(Stage, operation.stage),
        leaves=_name(Stage, operation.leaves),
        label=_name(Label, operation.label or rule_label),
        reason=_name(LostReason, operation.reason),
        run=Run.objects.get(pk=operation.run).words if operation.run else "",
        which=_which(selection) if rule_label is None else "",
    )


def contacts_in_words(selection: Selection) -> str:
    """Which contacts a selection is about: "contacts in Aware carrying webinar-may". A query for each name."""
    if selection.query is not None:
        which = _which(selection)
        return f"contacts {which}" if which else "everybody in the Contact Book"
    return f"{how_many(len(selection.contacts))}, selected one by one"


def _which(selection: Selection) -> str:
    if selection.behind:
        return "that a report counts"
    query = selection.query
    if not query:
        return ""
    stage = _name(Stage, query.stage) if isinstance(query.stage, int) else ""
    labels = [_name(Label, label) for label in query.labels]
    return matching(query, stage=stage, labels=labels, web_form=_name(WebForm, query.web_form))


def _name(model: type[Stage] | type[Label] | type[LostReason] | type[WebForm], pk: int | None) -> str:
    return str(model.objects.filter(pk=pk).first() or "") if pk else ""


def label_of_rule(operation: Operation, selection: Selection) -> int | None:
    """The label whose carriers a label rule moves; None for what is no label rule."""
    if operation.cause is not Cause.LABEL_RULE or not selection.query:
        return None
    return selection.query.labels[0]


def label_and_stage_of_rule(operation: Operation, selection: Selection) -> tuple[Label, Stage] | None:
    """The label and the stage of a label rule; None for what is no label rule, or if the label was deleted."""
    label = Label.objects.filter(pk=label_of_rule(operation, selection) or 0).first()
    stage = Stage.objects.filter(pk=operation.stage or 0).first()
    return (label, stage) if label and stage else None


def kept_rule(operation: Operation, selection: Selection) -> LabelRule | None:
    """The label rule that does just this, if it is kept. At most one query."""
    label = label_of_rule(operation, selection)
    if label is None:
        return None
    return LabelRule.objects.filter(
        label=label,
        stage=operation.stage or 0,
        only_forward=operation.only_forward,
        leave_lost=operation.leave_lost,
    ).first()


def role_to_start(operation: Operation, records: int) -> Role:
    """Who may start, cancel or undo this. A query for each undo in the chain that it undoes."""
    while operation.act is Act.PUT_BACK:
        operation = Operation.read(Run.objects.get(pk=operation.run or 0).operation)
    return needed_role(operation, records)


def role_of_run(run: Run) -> Role:
    """Who may cancel or undo a run: whoever may start one of that kind and size. Queries as `role_to_start`."""
    return role_to_start(Operation.read(run.operation), run.records) if run.operation else Role.MARKETER


def contacts_of_preview(
    preview: RunPreview, *, stage: int | None, lost: bool, outcomes: list[str], after: int, limit: int
) -> list[int]:
    """Contacts behind a number of a preview, as they stand now, in order of their ids. At most five queries.

    Args:
        stage, lost, outcomes: as in `journeys.runs.fates.Fate`.
        after: only those with a greater id.
    """
    operation = Operation.read(preview.operation)
    rows = selections.rows_of_preview(preview, operation)
    return selections.contacts_of(rows, operation, stage=stage, lost=lost, outcomes=outcomes, after=after, limit=limit)
