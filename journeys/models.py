"""The models of all subjects of this app, where Django looks for them."""

from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.segments.models import Segment
from journeys.status.models import FunnelStatus, LostReason, StatusChange

__all__ = [
    "FoldMark",
    "FunnelFlow",
    "FunnelSettings",
    "FunnelStatus",
    "FunnelTotal",
    "LabelRule",
    "LostReason",
    "MovementRule",
    "Run",
    "RunOutcome",
    "RunPreview",
    "RunSlice",
    "Segment",
    "StatusChange",
]
