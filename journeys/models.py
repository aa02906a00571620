"""The models of all subjects of this app, where Django looks for them."""

from journeys.history.models import Bookmark
from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.webhooks.models import Attempt, Delivery, Webhook

__all__ = [
    "Attempt",
    "Bookmark",
    "Delivery",
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
    "StatusChange",
    "Webhook",
]
