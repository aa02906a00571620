"""Which campaigns a run would let contacts into: what an undo of the run does not call back."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from journeys.campaigns.looks import NEW, matching_any, segments_of
from journeys.campaigns.models import Campaign
from journeys.campaigns.work import going
from journeys.runs.fates import Fate
from journeys.runs.models import RunPreview
from journeys.runs.operations import Act, Operation
from journeys.runs.selections import Statement, rows_of_preview
from journeys.segments.conditions import FIELDS, FUNNEL
from journeys.segments.models import Segment
from journeys.segments.queries import this_moment

_OF_THE_FUNNEL = {one.key for one in FIELDS if one.heading == FUNNEL}


@dataclass(frozen=True, slots=True)
class LetIn:
    """So many contacts would come into a campaign."""

    campaign: Campaign
    count: int


_MOVED = {
    Act.CHANGE_STATUS: "%(moved_to)s::bigint AS stage_id, %(moved_at)s::timestamptz AS stage_since, "
    "NULL::timestamptz AS lost_at",
    Act.GIVE_DEFAULT: "%(moved_to)s::bigint AS stage_id, %(moved_at)s::timestamptz AS stage_since, lost_at",
    Act.MARK_LOST: "stage_id, stage_since, coalesce(lost_at, %(moved_at)s::timestamptz) AS lost_at",
}
"""A status after each act, as far as segments ask about it."""

_MOVERS = """
    SELECT contact_id FROM ({rows}) AS rows JOIN journeys_funnelstatus before USING (contact_id)
    JOIN unnest(%(from_stages)s::bigint[], %(from_lost)s::bool[]) AS place (stage, lost)
         ON (stage, lost) = (coalesce(stage_id, 0), lost_at IS NOT NULL)
    LEFT JOIN contacts_contact inactive ON inactive.id = contact_id AND inactive.account_state = 'inactive'
    WHERE {stays_lost} OR inactive.id IS NULL
"""


def campaigns_let_into(preview: RunPreview) -> list[LetIn]:
    """The campaigns that are going and that contacts would come into by what a preview shows. A query for each.

    Whoever matches only for having entered or left a stage by this very move is not counted.
    """
    operation = Operation.read(preview.operation)
    campaigns = list(going(timezone.now())) if operation.act in _MOVED else []
    if not campaigns:
        return []
    movers = _movers(preview, operation)
    found = []
    for campaign, segments in zip(campaigns, segments_of(campaigns).values(), strict=True):
        asking = [segment for segment in segments if _asks_about_the_funnel(segment)]
        if asking and (count := _count(campaign, asking, movers, operation)):
            found.append(LetIn(campaign, count))
    return found


def _asks_about_the_funnel(segment: Segment) -> bool:
    return any(condition.field in _OF_THE_FUNNEL for condition in segment.asks)


def _movers(preview: RunPreview, operation: Operation) -> Statement:
    """Whoever the run would change."""
    rows = rows_of_preview(preview, operation)
    places = {(fate.stage or 0, fate.lost) for fate in map(Fate.read, preview.fates) if fate.is_change}
    values: dict[str, Any] = {
        "from_stages": [stage for stage, _ in places],
        "from_lost": [lost for _, lost in places],
        "moved_to": operation.stage,
        "moved_at": timezone.now(),
    }
    stays_lost = "false" if operation.act is Act.CHANGE_STATUS else "true"
    return Statement(_MOVERS.format(rows=rows.sql, stays_lost=stays_lost), {**rows.values, **values})


def _count(campaign: Campaign, segments: list[Segment], movers: Statement, operation: Operation) -> int:
    matching, values = matching_any(segments, this_moment())
    moved = f"(SELECT contact_id, {_MOVED[operation.act]} FROM journeys_funnelstatus JOIN movers USING (contact_id))"
    then = matching.replace("journeys_funnelstatus status", f"{moved} status")
    own = {"campaign": campaign.pk, "may_restart": campaign.may_restart}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH movers AS MATERIALIZED ({movers.sql})
            SELECT count(*) FROM ({NEW.format(matching=then)}) AS entering
            WHERE contact_id IN (SELECT contact_id FROM movers)
            """,
            {**movers.values, **values, **own},
        )
        return cursor.fetchone()[0]
