"""The models of all subjects of this app, where Django looks for them."""

from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow
from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.status.models import FunnelStatus, LostReason, StatusChange

__all__ = [
    "FoldMark",
    "FunnelFlow",
    "FunnelSettings",
    "FunnelStatus",
    "FunnelTotal",
    "Import",
    "ImportChunk",
    "ImportedFields",
    "LabelRule",
    "LostReason",
    "MovementRule",
    "RefusedRow",
    "Run",
    "RunOutcome",
    "RunPreview",
    "RunSlice",
    "StatusChange",
]
