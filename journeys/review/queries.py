"""Reads of the review: what waits, what was decided, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from config.team.models import ApiToken
from contacts.models import Contact
from journeys.history.queries import ChangeInWords, in_words
from journeys.paging import newest_first
from journeys.review.models import KeptToken, Review
from journeys.review.reasons import why_flagged
from journeys.status.models import StatusChange
from journeys.status.transitions import Refusal

PAGE = 50
"""So many flagged changes are shown at once."""

COUNTED = 1_000
"""Those that wait are counted up to here."""


@dataclass(frozen=True, slots=True)
class ReviewInWords:
    """A flagged change: what it was, what it is, who set it before, and what holds by now.

    Attributes:
        before: the change that it replaced; None if the contact was new.
        since: the latest change of the contact, if it was moved on since.
        token: whose change it was; None if it came otherwise.
    """

    review: Review
    change: ChangeInWords
    before: ChangeInWords | None
    since: ChangeInWords | None
    token: ApiToken | None

    @property
    def pk(self) -> int:
        return self.review.pk

    @property
    def why(self) -> str:
        leads_elsewhere = self.change.change.from_stage_id != self.change.change.to_stage_id
        return why_flagged(
            goes_back=self.change.goes_back,
            recovers=self.change.recovers,
            overrides=self.before.cause if self.before and leads_elsewhere else None,
        )

    @property
    def refusal(self) -> Refusal | None:
        """Why it cannot be reverted, as far as the page knows."""
        stage, contact = self.change.start.stage, self.change.contact
        if self.since:
            return Refusal.MOVED_SINCE
        if self.change.start.outside:
            return Refusal.NOTHING_BEFORE
        if stage and stage.is_retired:
            return Refusal.RETIRED_STAGE
        is_inactive = contact and contact.account_state == Contact.AccountState.INACTIVE
        return Refusal.ACCOUNT_INACTIVE if is_inactive and not self.change.start.lost else None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Flagged changes, the newest first, and those from which to read on in both directions."""

    rows: list[ReviewInWords]
    newer_than: int | None = None
    older_than: int | None = None


def review_page(
    *, decided: bool = False, newer_than: int | None = None, older_than: int | None = None, size: int | None = None
) -> ReviewPage:
    """A page of the flagged changes that wait, or were decided, at a cost that does not grow with how many there are.

    At most nine queries.
    """
    reviews = Review.objects.filter(verdict__isnull=not decided).select_related("token", "decided_by")
    page = newest_first(reviews, size or PAGE, newer_than=newer_than, older_than=older_than)
    return ReviewPage(reviews_in_words(page.rows), newer_than=page.newer_than, older_than=page.older_than)


_NEIGHBOURS = """
    SELECT flagged.id, before.id, latest.id
    FROM unnest(%s::bigint[]) AS asked (id)
    JOIN journeys_statuschange flagged USING (id)
    LEFT JOIN LATERAL (SELECT id FROM journeys_statuschange before
                       WHERE before.contact_id = flagged.contact_id AND before.id < flagged.id
                       ORDER BY id DESC LIMIT 1) before ON true
    LEFT JOIN LATERAL (SELECT id FROM journeys_statuschange latest WHERE latest.contact_id = flagged.contact_id
                       ORDER BY id DESC LIMIT 1) latest ON true
"""


def reviews_in_words(reviews: Sequence[Review]) -> list[ReviewInWords]:
    """These reviews, read with token and person, in their order. At most eight queries, none for none."""
    if not reviews:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, [[review.pk for review in reviews]])
        neighbours = {flagged: (before, latest) for flagged, before, latest in cursor.fetchall()}
    numbers = {pk for flagged, pair in neighbours.items() for pk in (flagged, *pair) if pk}
    changes = {change.pk: change for change in in_words(list(StatusChange.objects.filter(pk__in=numbers)))}
    return [
        ReviewInWords(
            review=review,
            change=changes[review.pk],
            before=changes.get(before),
            since=changes[latest] if latest != review.pk else None,
            token=review.token if review.token_id else None,
        )
        for review in reviews
        for before, latest in [neighbours[review.pk]]
    ]


def review_of(change: int) -> Review:
    """The review of a flagged change, with token and person. One query. Raises Review.DoesNotExist."""
    return Review.objects.select_related("token", "decided_by").get(pk=change)


def how_many_wait() -> int:
    """How many flagged changes wait; more than `COUNTED` are that many and one. One query, along an index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT FROM journeys_review WHERE verdict IS NULL LIMIT %s) AS waiting",
            [COUNTED + 1],
        )
        return cursor.fetchone()[0]


def kept_tokens() -> list[KeptToken]:
    """The tokens whose changes are always kept, the longest first. One query."""
    return list(KeptToken.objects.select_related("token__owner", "by"))
