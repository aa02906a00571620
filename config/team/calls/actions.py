"""Writes about requests of applications: how many each sends, and what those with an Idempotency-Key were answered."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from config.team.models import ApiUse, KeptAnswer, TeamMember

ANSWERS_ARE_KEPT = timedelta(days=1)
"""For so long the same Idempotency-Key is answered the same."""

COUNTS_ARE_KEPT = timedelta(minutes=10)
"""What was counted within one minute means nothing in the next."""

_COUNT = """
    INSERT INTO team_apiuse AS used (caller, minute, requests)
    VALUES (%(caller)s, date_trunc('minute', clock_timestamp()), 1)
    ON CONFLICT (caller) DO UPDATE SET
        requests = CASE WHEN used.minute = excluded.minute THEN used.requests + 1 ELSE 1 END,
        minute = excluded.minute
    RETURNING requests, ceil(extract(epoch FROM minute + interval '1 minute' - clock_timestamp()))::int
"""


def count_request(*, caller: str, at_most: int, by: TeamMember | None) -> int | None:
    """Count one more request of a caller, whichever process it came to.

    Returns: after how many seconds to try again, if these are more than `at_most` within the minute. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"caller": caller})
        requests, seconds_left = cursor.fetchone()
    return max(seconds_left, 1) if requests > at_most else None


class AnswerUnderWay(Exception):
    """A request with the same key came first and is not answered yet."""


class KeyOfAnotherRequest(Exception):
    """The key was sent before, with something else."""


def answer_kept(*, caller: str, key: str, request: bytes, by: TeamMember) -> KeptAnswer | None:
    """What a request was answered before. If it was not, nobody else answers it until the transaction ends.

    Args:
        key: as it was sent.
        request: everything that makes it the same request.

    Raises:
        AnswerUnderWay, KeyOfAnotherRequest
    """
    with connection.cursor() as cursor:
        turn = f"{caller} {_digest(key.encode())}"
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [turn])
        if not cursor.fetchone()[0]:
            raise AnswerUnderWay
    kept = KeptAnswer.objects.filter(caller=caller, key=_digest(key.encode())).first()
    if kept and kept.request != _digest(request):
        raise KeyOfAnotherRequest
    return kept


def keep_answer(
    *,
    caller: str,
    key: str,
    request: bytes,
    status: int,
    location: str,
    answer: str,
    contact: int | None,
    by: TeamMember,
) -> None:
    """Keep an answer, in the transaction of what was done for it.

    Args:
        contact: whom the answer is about; None for an answer without a word about anybody.
    """
    KeptAnswer.objects.create(
        caller=caller,
        key=_digest(key.encode()),
        request=_digest(request),
        status=status,
        location=location,
        answer=answer,
        contact=contact,
    )


def forget_words_of_answers(*, contacts: Sequence[int], by: TeamMember | None) -> None:
    """Take what was answered about contacts that are erased. That it was answered is still known."""
    KeptAnswer.objects.filter(contact__in=contacts).update(answer=None)


def forget_old_answers(*, by: TeamMember | None) -> int:
    """Drop answers that were kept for long enough. Returns how many."""
    return KeptAnswer.objects.filter(answered_at__lt=timezone.now() - ANSWERS_ARE_KEPT).delete()[0]


def forget_old_counts(*, by: TeamMember | None) -> int:
    """Drop counts of minutes that are over, and with them from where web forms were sent. Returns how many."""
    return ApiUse.objects.filter(minute__lt=timezone.now() - COUNTS_ARE_KEPT).delete()[0]


def _digest(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()
