"""What whoever watches over an installation wants to know, in numbers."""

from dataclasses import dataclass, field

from django.db import connection

from journeys.reports.queries import Place, funnel_at
from stages.models import Stage


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that goes up and down, under a name that stays.

    Attributes:
        value: None where there is none yet.
        labels: what tells gauges of one name apart.
    """

    name: str
    meaning: str
    value: float | None
    labels: dict[str, str] = field(default_factory=dict)


_NUMBERS = {
    "jobs_waiting": (
        "Jobs that could be worked on now.",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()",
    ),
    "jobs_failed": (
        "Jobs that failed for good.",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'",
    ),
    "oldest_job_seconds": (
        "For how long the oldest of the waiting jobs has waited.",
        """
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(greatest(at, scheduled_at))), 0)
        FROM procrastinate_jobs job JOIN procrastinate_events event ON job_id = job.id AND type = 'deferred'
        WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()
        """,
    ),
    "worker_heartbeat_seconds": (
        "How long ago a worker last said that it is alive; every ten seconds one does.",
        "SELECT extract(epoch FROM clock_timestamp() - max(last_heartbeat)) FROM procrastinate_workers",
    ),
    "runs_working": ("Runs that are under way.", "SELECT count(*) FROM journeys_run WHERE state = 'running'"),
    "runs_stopped": (
        "Runs that stopped before their end and wait for Continue.",
        "SELECT count(*) FROM journeys_run WHERE state = 'stopped'",
    ),
    "deliveries_waiting": (
        "Messages that webhooks have still to deliver.",
        "SELECT count(*) FROM journeys_delivery WHERE state = 'waiting'",
    ),
    "deliveries_failed": (
        "Messages that webhooks could not deliver.",
        "SELECT count(*) FROM journeys_delivery WHERE state = 'failed'",
    ),
    "review_waiting": (
        "Changes that wait for review.",
        "SELECT count(*) FROM journeys_review WHERE verdict IS NULL",
    ),
    "changes_not_sealed": (
        "Status changes since the last seal.",
        """
        SELECT count(*) FROM journeys_statuschange
        WHERE id > (SELECT coalesce(max(up_to), 0) FROM journeys_seal)
        """,
    ),
    "seal_age_seconds": (
        "How long ago the history was sealed last.",
        "SELECT extract(epoch FROM clock_timestamp() - max(sealed_at)) FROM journeys_seal",
    ),
    "check_age_seconds": (
        "How long ago the book was checked last.",
        "SELECT extract(epoch FROM clock_timestamp() - max(checked_at)) FROM journeys_verification",
    ),
    "check_offences": (
        "How often the last check of the book found that something does not hold.",
        """
        SELECT sum(value::bigint) FROM journeys_verification CROSS JOIN jsonb_each_text(offences)
        WHERE journeys_verification.id = (SELECT max(id) FROM journeys_verification)
        """,
    ),
    "database_bytes": ("Size of the database.", "SELECT pg_database_size(current_database())"),
    "database_connections": (
        "Connections to the database.",
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    ),
}
"""Each with its meaning and the query of one number."""

_ALL = "SELECT " + ", ".join(f"({query})" for _, query in _NUMBERS.values())


def gauges() -> list[Gauge]:
    """Everything that is measured. Four queries; what they cost does not grow with the book."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL)
        found = cursor.fetchone()
    return [
        *_contacts(),
        *(
            Gauge(name, meaning, None if number is None else float(number))
            for (name, (meaning, _)), number in zip(_NUMBERS.items(), found, strict=True)
        ),
    ]


def _contacts() -> list[Gauge]:
    funnel = funnel_at()
    places: list[tuple[int | None, str]] = [(None, ""), *((stage.pk, stage.name) for stage in Stage.objects.in_use())]
    return [
        Gauge(
            "contacts",
            "Contacts by where they stand; without a stage, those who have no status yet.",
            funnel.standing_in(Place(stage, lost=lost)),
            {"stage": name, "lost": "yes" if lost else "no"},
        )
        for stage, name in places
        for lost in (False, True)
    ]
