"""The models of all subjects of this app, where Django looks for them."""

from journeys.campaigns.models import (
    Campaign,
    CampaignArrival,
    CampaignMember,
    CampaignSource,
    CampaignStep,
    CampaignWatch,
    Turn,
)
from journeys.exports.models import Export
from journeys.history.models import Bookmark
from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow
from journeys.integrity.models import Seal, Verification
from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal
from journeys.review.models import KeptToken, Review
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.runs.models import Run, RunOutcome, RunPreview, RunSlice
from journeys.segments.models import Segment
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.stuck.models import StageMeasure
from journeys.webforms.models import Submission, WebForm
from journeys.webhooks.models import Attempt, Delivery, Webhook

__all__ = [
    "Attempt",
    "Bookmark",
    "Campaign",
    "CampaignArrival",
    "CampaignMember",
    "CampaignSource",
    "CampaignStep",
    "CampaignWatch",
    "Delivery",
    "Export",
    "FoldMark",
    "FunnelFlow",
    "FunnelSettings",
    "FunnelStatus",
    "FunnelTotal",
    "Import",
    "ImportChunk",
    "ImportedFields",
    "KeptToken",
    "LabelRule",
    "LostReason",
    "MovementRule",
    "RefusedRow",
    "Review",
    "Run",
    "RunOutcome",
    "RunPreview",
    "RunSlice",
    "Seal",
    "Segment",
    "StageMeasure",
    "StatusChange",
    "Submission",
    "Turn",
    "Verification",
    "WebForm",
    "Webhook",
]
