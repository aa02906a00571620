"""What a run did to each of its contacts, as a CSV file."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import tzinfo

from django.utils import timezone

from journeys.cells import defused
from journeys.runs.models import Run
from journeys.runs.outcomes import ContactOutcome, all_outcomes
from journeys.runs.results import REFUSED

COLUMNS = (
    *("contact", "name", "e-mail", "external id"),
    *("outcome", "reason", "from", "to", "changed at", "stands in now"),
)


def lines(run: Run, zone: tzinfo) -> Iterator[str]:
    """The file, piece by piece: it needs no more memory for a million contacts than for two thousand.

    Args:
        zone: of the person who reads; times are given in it.
    """
    yield _csv([COLUMNS])
    pieces = all_outcomes(run)
    while True:
        with timezone.override(zone):
            piece = next(pieces, None)
            text = _csv(_row(outcome) for outcome in piece) if piece else ""
        if piece is None:
            return
        yield text


def _csv(rows: Iterable[Iterable[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows([defused(cell) for cell in row] for row in rows)
    return file.getvalue()


def _row(outcome: ContactOutcome) -> list[str]:
    contact, change = outcome.contact, outcome.change if outcome.is_change else None
    return [
        str(outcome.contact_id),
        contact.name if contact else "",
        (contact.email or "") if contact else "",
        (contact.external_id or "") if contact else "",
        REFUSED if outcome.is_refusal else outcome.code,
        outcome.reason,
        str(change.start) if change else "",
        str(change.end) if change else "",
        timezone.localtime(change.change.changed_at).isoformat(timespec="seconds") if change else "",
        str(outcome.status or ""),
    ]
