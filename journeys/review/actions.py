"""Deciding about flagged changes. What was decided is written beside history; reverting adds to history."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from config.team.models import ApiToken, TeamMember
from contacts.causes import Cause
from journeys.review.models import KeptToken, Review
from journeys.status import actions as status
from journeys.status.transitions import Refusal

logger = logging.getLogger(__name__)


@dataclass
class Decided:
    """What became of flagged changes that somebody decided about, by the ids of the changes.

    Attributes:
        done: kept, or reverted.
        before: somebody decided before.
        refused: not reverted, and still waiting.
    """

    done: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    refused: dict[Refusal, list[int]] = field(default_factory=dict)

    @property
    def refusal(self) -> Refusal | None:
        """The first reason why one was not reverted."""
        return next(iter(self.refused), None)


def keep_flagged(*, changes: Sequence[int], by: TeamMember) -> Decided:
    """Keep flagged changes: each stays as it is, and waits no longer."""
    decided = Decided(done=_decide(changes, Review.Verdict.KEPT, by))
    decided.before = [change for change in changes if change not in set(decided.done)]
    logger.info("Flagged changes %s were kept by %s", decided.done, by.pk)
    return decided


def revert_flagged(*, changes: Sequence[int], by: TeamMember, note: str = "") -> Decided:
    """Put contacts back to where they were before flagged changes. Putting back is not moving on: no weight refuses.

    Whoever was moved on since stays, and the change goes on waiting. Of several changes of one contact the latest
    counts. One transaction.
    """
    with transaction.atomic():
        waiting = list(Review.objects.filter(pk__in=changes, verdict=None).order_by("pk"))
        latest = {review.contact_id: review.pk for review in waiting}
        outcome = status.put_back(changes=list(latest.values()), cause=Cause.REVIEW, by=by, note=note)
        decided = Decided(
            before=sorted(set(changes) - {review.pk for review in waiting}),
            refused={refusal: [latest[one] for one in contacts] for refusal, contacts in outcome.refused.items()},
        )
        older = [review.pk for review in waiting if latest[review.contact_id] != review.pk]
        if older:
            decided.refused.setdefault(Refusal.MOVED_SINCE, []).extend(older)
        asked = [latest[contact] for contact in outcome.changed]
        decided.done = _decide(asked, Review.Verdict.REVERTED, by)
        if len(decided.done) < len(asked):
            raise DecidedMeanwhile
    logger.info("Flagged changes %s were reverted by %s", decided.done, by.pk)
    return decided


class DecidedMeanwhile(Exception):
    """Somebody kept a change while it was being reverted. Nothing was done."""


def _decide(changes: Sequence[int], verdict: Review.Verdict, by: TeamMember) -> list[int]:
    """Decide those that nobody decided before. Returns which."""
    with transaction.atomic():
        waiting = Review.objects.filter(pk__in=changes, verdict=None).order_by("pk").select_for_update()
        found = list(waiting.values_list("pk", flat=True))
        Review.objects.filter(pk__in=found).update(verdict=verdict, decided_at=timezone.now(), decided_by=by)
    return found


def always_keep(*, token: ApiToken, by: TeamMember) -> int:
    """Keep every flagged change of a token: those that wait, and each that comes. Returns how many waited."""
    with transaction.atomic():
        KeptToken.objects.get_or_create(token=token, defaults={"by": by})
        waiting = Review.objects.filter(token=token, verdict=None)
        kept = len(waiting.order_by("pk").select_for_update().values_list("pk"))  # in order, as whoever decides one
        waiting.update(verdict=Review.Verdict.KEPT, decided_at=timezone.now(), decided_by=by)
    logger.info("Flagged changes of token %s are always kept, by %s", token.pk, by.pk)
    return kept


def keep_no_longer(*, token: ApiToken, by: TeamMember) -> None:
    """Have flagged changes of a token wait again from now on. What was kept stays kept."""
    KeptToken.objects.filter(token=token).delete()
    logger.info("Flagged changes of token %s wait for review again, by %s", token.pk, by.pk)
