"""The models of all subjects of this app, where Django looks for them."""

from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.rules.models import FunnelSettings, MovementRule
from journeys.runs.models import Run
from journeys.status.models import FunnelStatus, LostReason, StatusChange

__all__ = [
    "FoldMark",
    "FunnelFlow",
    "FunnelSettings",
    "FunnelStatus",
    "FunnelTotal",
    "LostReason",
    "MovementRule",
    "Run",
    "StatusChange",
]
