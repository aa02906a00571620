"""A preview as pages show it, and a small run done by whoever asked for it."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import OperationalError
from django.urls import reverse
from django.utils.http import urlencode

from config.team.models import TeamMember
from journeys.campaigns.letting_in import campaigns_let_into
from journeys.erasing.queries import effect_of_erasing_many
from journeys.runs import actions, sentences
from journeys.runs.fates import Fate, changed
from journeys.runs.forms import ConfirmForm
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.queries import (
    kept_rule,
    label_of_rule,
    operation_in_words,
    role_to_start,
)
from journeys.runs.selections import rows_of_preview
from journeys.runs.undos import Undo, undo_of_last_run
from journeys.status.transitions import RECENT_DAYS, Refusal
from stages.models import Stage

logger = logging.getLogger(__name__)

AT_ONCE_SECONDS = 2.0
"""So long a request works on the small run that it started."""


def do_if_small(run: Run) -> None:
    """Do a run at once if it is small, so that it is finished when its page arrives."""
    if run.records <= actions.SMALL:
        try:
            actions.work_on_run(run=run.pk, seconds=AT_ONCE_SECONDS)
        except OperationalError:  # somebody else holds its contacts for long; a worker goes on
            logger.warning("Run %s could not be done at once and is left to a worker.", run.pk)


def preview_context(preview: RunPreview, *, by: TeamMember, sent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What `journeys/_preview_effect.html` shows: the sentence, the matrix, and the form that starts it.

    Args:
        sent: the confirmation as somebody sent it, to be checked.
    """
    operation, selection = Operation.read(preview.operation), Selection.read(preview.selection)
    fates = [Fate.read(fate) for fate in preview.fates]
    stages: dict[int | None, Stage | None] = {None: None}
    stages |= {stage.pk: stage for stage in Stage.objects.order_by("weight", "pk")}
    role = role_to_start(operation, preview.records)
    undone = _undone(operation, selection)
    erases = operation.act is Act.ERASE
    return {
        "preview": preview,
        "what": operation_in_words(operation, selection, preview.records),
        "sentence": sentences.sentence(fates, operation),
        "columns": sentences.columns_of(fates),
        "rows": [(row, stages.get(row.stage)) for row in sentences.rows_of(fates, list(stages))],
        "by_hand": sum(fate.by_hand for fate in fates if fate.is_change),
        "recent_days": RECENT_DAYS,
        "changes": changed(fates),
        "button": sentences.button(fates, operation),
        "confirm": ConfirmForm(
            sent,
            number=changed(fates),
            has_to_be_typed=sentences.has_to_be_typed(fates, operation),
            asks_again=undone is not None,
        ),
        "undone": undone,
        "role_needed": "" if by.role >= role else role.label,
        "undoes": operation.run if operation.act is Act.PUT_BACK else None,
        "moved_since": sum(fate.count for fate in fates if fate.outcome == Refusal.MOVED_SINCE),
        "also_moved_since": operation.also_moved_since,
        "erased_with_them": effect_of_erasing_many(rows_of_preview(preview, operation)) if erases else None,
        "lets_in": campaigns_let_into(preview),
        "is_label_rule": label_of_rule(operation, selection) is not None,
    }


def preview_address(preview: RunPreview, *, back: str) -> str:
    """Where a preview is shown, with the way back to where it was asked for."""
    return f"{reverse('journeys:preview', args=[preview.pk])}?{urlencode({'next': back})}"


def _undone(operation: Operation, selection: Selection) -> Undo | None:
    rule = kept_rule(operation, selection)
    return undo_of_last_run(rule) if rule else None
