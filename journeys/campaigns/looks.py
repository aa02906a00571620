"""Looking at the segments of a campaign: who matches now and comes in, and who matches none any more and leaves.

A look reads the whole book, so it is done only where something has changed that could let somebody in or out, and
never oftener than it takes time. Whoever comes in is frozen in slices, as by a run.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from config.team.models import TeamMember
from config.team.queries import organisation
from journeys.campaigns.models import Campaign, CampaignMember, CampaignSource, CampaignWatch, Turn
from journeys.campaigns.sql import array, numbers
from journeys.segments.models import Segment
from journeys.segments.queries import Matching
from journeys.segments.sql import Moment
from journeys.status.actions import SLICE

How, Left = CampaignMember.How, CampaignMember.Left

REST = 20
"""After a look the next one waits for so many times as long as it took."""

_WATCHED = ("contacts_contact", "contacts_carriedlabel", "journeys_funnelstatus", "contacts_attribute", "stages_stage")

_CHANGES = """
    SELECT sum(pg_stat_get_tuples_inserted(id) + pg_stat_get_tuples_updated(id) + pg_stat_get_tuples_deleted(id)
               + pg_stat_get_xact_tuples_inserted(id) + pg_stat_get_xact_tuples_updated(id)
               + pg_stat_get_xact_tuples_deleted(id))
    FROM unnest(%s::regclass[]) AS watched (id)
"""
"""How many rows were ever written, as PostgreSQL counts them. A crash sets it back, which is a change as well."""

LONGEST_WITHOUT_LOOK = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Book:
    """What is the same for the looks of all campaigns at one moment."""

    at: Moment
    changes: int

    @classmethod
    def now(cls, now: datetime | None = None) -> "Book":
        """Two queries."""
        with connection.cursor() as cursor:
            cursor.execute(_CHANGES, [list(_WATCHED)])
            (changes,) = cursor.fetchone()
        return cls(Moment(now or timezone.now(), ZoneInfo(organisation().time_zone)), int(changes or 0))

    def seen_by(self, campaign: Campaign, segments: Sequence[Segment]) -> str:
        """As long as this is the same, nobody can have come to match these segments, or ceased to."""
        revisions = sorted((segment.pk, segment.revision) for segment in segments)
        hour = self.at.now.replace(minute=0, second=0, microsecond=0) if _go_by_the_clock(segments) else None
        facts = (self.changes, revisions, self.at.today, self.at.zone, hour, campaign.may_restart)
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def _go_by_the_clock(segments: Sequence[Segment]) -> bool:
    """Whether a condition counts from this moment and not from the beginning of a day."""
    return any(condition.field == "time_in_stage" for segment in segments for condition in segment.asks)


def segments_of(campaigns: Sequence[Campaign]) -> dict[int, list[Segment]]:
    """The segments from which contacts come, by the id of the campaign. One query."""
    found: dict[int, list[Segment]] = {campaign.pk: [] for campaign in campaigns}
    for source in CampaignSource.objects.filter(campaign__in=found, segment__isnull=False).select_related("segment"):
        assert source.segment
        found[source.campaign_id].append(source.segment)
    return found


def is_due(campaign: Campaign, segments: Sequence[Segment], watch: CampaignWatch | None, book: Book) -> bool:
    """Whether the segments of a campaign have to be looked at."""
    if watch is None or watch.looked_at is None:
        return True
    rested = watch.looked_at + timedelta(seconds=watch.seconds * REST)
    if watch.looked_at <= book.at.now < rested:
        return False
    is_old = abs(book.at.now - watch.looked_at) > LONGEST_WITHOUT_LOOK
    return is_old or watch.seen != book.seen_by(campaign, segments)


NEW = """
    SELECT contact_id FROM ({matching}) AS matching
    WHERE NOT EXISTS (
        SELECT FROM journeys_campaignmember member
        WHERE member.campaign_id = %(campaign)s AND member.contact_id = matching.contact_id
          AND (left_at IS NULL OR NOT %(may_restart)s OR left_because = 'by_hand')
    )
"""
"""Of those matching, whoever would come in: who is not in the campaign, and may come again if they were."""

_ARRIVE = """
    INSERT INTO journeys_campaignarrival (campaign_id, contacts, how)
    SELECT %(campaign)s, array_agg(contact_id ORDER BY contact_id), %(how)s
    FROM (SELECT contact_id, (row_number() OVER (ORDER BY contact_id) - 1) / {size} AS number FROM ({rows}) AS rows)
         AS numbered
    GROUP BY number ORDER BY number
"""

_LEAVING = """
    SELECT contact_id FROM journeys_campaignmember
    WHERE campaign_id = %(campaign)s AND left_at IS NULL AND NOT is_held
    EXCEPT SELECT contact_id FROM ({matching}) AS matching
    ORDER BY contact_id
"""


def matching_any(segments: Sequence[Segment], at: Moment) -> tuple[str, dict[str, Any]]:
    """The statement that gives whoever matches one of these segments once, and its values by name."""
    statements: list[str] = []
    values: dict[str, Any] = {}
    for number, segment in enumerate(segments):
        sql, named = Matching(segment.asks, at).named_statement(f"segment{number}_")
        statements.append(sql)
        values |= named
    return " UNION ".join(f"({sql})" for sql in statements) or "SELECT NULL::bigint AS contact_id WHERE false", values


def entering(campaign: Campaign, segments: Sequence[Segment], at: Moment) -> tuple[str, dict[str, Any]]:
    """The statement that gives whoever would come in from these segments now, and its values by name."""
    matching, values = matching_any(segments, at)
    own = {"campaign": campaign.pk, "may_restart": campaign.may_restart}
    return NEW.format(matching=matching), {**values, **own}


def look(campaign: Campaign, segments: Sequence[Segment], book: Book) -> bool:
    """Look at the segments of a campaign, unless others do just now or are about to come in. Returns if it was done."""
    began = time.monotonic()
    CampaignWatch.objects.get_or_create(campaign=campaign)
    with transaction.atomic():
        watch = CampaignWatch.objects.select_for_update(skip_locked=True).filter(campaign=campaign).first()
        if watch is None or campaign.arrivals.exists():
            return False  # whoever is about to come in by hand does not leave before
        rows, values = entering(campaign, segments, book.at)
        arrive(rows, values, campaign, how=How.SEGMENT)
        matching, values = matching_any(segments, book.at)
        gone = numbers(_LEAVING.format(matching=matching), {**values, "campaign": campaign.pk})
        CampaignWatch.objects.filter(campaign=campaign).update(
            seen=book.seen_by(campaign, segments), looked_at=book.at.now, seconds=time.monotonic() - began
        )
    for start in range(0, len(gone), SLICE):
        leave(campaign, gone[start : start + SLICE], because=Left.SEGMENTS, by=None, at=book.at.now)
    return True


def arrive(rows: str, values: Mapping[str, Any], campaign: Campaign, *, how: str) -> int:
    """Freeze contacts that are about to come in. Returns how many slices of them there are.

    Args:
        rows, values: a statement that gives each as `contact_id`, and its values by name.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVE.format(size=SLICE, rows=rows), {**values, "campaign": campaign.pk, "how": how})
        return cursor.rowcount


_LEAVE = """
    WITH gone AS (
        UPDATE journeys_campaignmember SET left_at = greatest(%(at)s, entered_at), left_because = %(because)s,
                                           removed_by_id = %(by)s
        WHERE campaign_id = %(campaign)s AND contact_id = ANY (%(contacts)s::bigint[]) AND left_at IS NULL
          AND NOT (is_held AND %(because)s = 'segments')
        RETURNING contact_id, round
    ), cancelled AS (
        UPDATE journeys_turn turn SET done_at = greatest(%(at)s, since), outcome = %(outcome)s
        FROM gone, journeys_campaignstep step
        WHERE step.campaign_id = %(campaign)s AND done_at IS NULL
          AND (turn.step_id, turn.contact_id, turn.round) = (step.id, gone.contact_id, gone.round)
    )
    SELECT count(*) FROM gone
"""


def leave(campaign: Campaign, contacts: Sequence[int], *, because: str, by: TeamMember | None, at: datetime) -> int:
    """Take contacts out of a campaign, which cancels what waits for them; their stage stays. Returns how many."""
    values = {
        "campaign": campaign.pk,
        "contacts": array(contacts),
        "because": because,
        "by": by.pk if by else None,
        "at": at,
        "outcome": Turn.LEFT,
    }
    return numbers(_LEAVE, values)[0]
