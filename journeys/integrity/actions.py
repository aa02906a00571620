"""Checking the book."""

import logging
import time
from pathlib import Path

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from config.team.models import TeamMember
from journeys.integrity.models import Verification
from journeys.integrity.queries import count_offences

logger = logging.getLogger(__name__)

VERIFY = "journeys.integrity.tasks.verify"


def verify(*, seals: Path | None = None) -> Verification:
    """Check everything that must always hold, and keep what was found.

    Args:
        seals: a file with seals that were kept elsewhere.

    Raises:
        OSError: that file cannot be read.
    """
    began = time.monotonic()
    offences = count_offences(seals)
    found = Verification.objects.create(offences=offences, seconds=time.monotonic() - began)
    for name, count in offences.items():
        if count:
            logger.error("The check of the book found that %s does not hold, %s times", name, count)
    return found


def queue_verification(*, by: TeamMember) -> None:
    """Have a worker check the book, unless that is waiting already."""
    logger.info("A check of the book was asked for by %s", by.pk)
    try:
        with transaction.atomic():
            app.configure_task(VERIFY, queueing_lock="verify").defer(timestamp=0)
    except AlreadyEnqueued:
        pass
