"""A preview as pages show it."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from config.team.models import TeamMember
from journeys.runs import sentences
from journeys.runs.fates import Fate, changed
from journeys.runs.forms import ConfirmForm
from journeys.runs.models import RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.queries import (
    kept_rule,
    label_of_rule,
    operation_in_words,
    role_to_start,
)
from journeys.runs.undos import Undo, undo_of_last_run
from journeys.status.transitions import RECENT_DAYS, Refusal
from stages.models import Stage


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
            has_to_be_typed=sentences.has_to_be_typed(fates),
            asks_again=undone is not None,
        ),
        "undone": undone,
        "role_needed": "" if by.role >= role else role.label,
        "undoes": operation.run if operation.act is Act.PUT_BACK else None,
        "moved_since": sum(fate.count for fate in fates if fate.outcome == Refusal.MOVED_SINCE),
        "also_moved_since": operation.also_moved_since,
        "is_label_rule": label_of_rule(operation, selection) is not None,
    }


def preview_address(preview: RunPreview, *, back: str) -> str:
    """Where a preview is shown, with the way back to where it was asked for."""
    return f"{reverse('journeys:preview', args=[preview.pk])}?{urlencode({'next': back})}"


def _undone(operation: Operation, selection: Selection) -> Undo | None:
    rule = kept_rule(operation, selection)
    return undo_of_last_run(rule) if rule else None
