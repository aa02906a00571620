"""From what happened to messages: one row for each webhook that asked, written with the bookmark of the follower.

The status history is the outbox, so that a change is told of whatever path it came by. The end of a run is told once,
which its row remembers.
"""

from django.db import connection
from django.db.models import Min

from journeys.history.following import Stretch, follow
from journeys.webhooks.models import Event, Webhook

READER = "webhooks"
STRETCH = 20_000
"""So many changes are looked through in one transaction."""

BATCH = 500
"""So many changes of a run are in one message at most."""

_TELL = """
    WITH change AS (
        SELECT id, run_id, CASE WHEN from_outside THEN %(created)s WHEN to_outside THEN %(erased)s
                                ELSE %(changed)s END AS event
        FROM journeys_statuschange
        WHERE id > %(after)s AND id <= %(up_to)s AND (%(changes_of_runs)s OR run_id IS NULL OR to_outside)
    ), told AS (
        SELECT webhook.id AS webhook_id, event, run_id, change.id,
               (row_number() OVER (PARTITION BY webhook.id, run_id ORDER BY change.id) - 1) / %(batch)s AS batch
        FROM change JOIN journeys_webhook webhook ON event = ANY (webhook.events)
        WHERE webhook.turned_off_at IS NULL AND change.id > webhook.begins_after
          AND (run_id IS NULL OR webhook.wants_changes_of_runs OR event = %(erased)s)
    ), message AS (
        SELECT webhook_id, event, NULL::bigint AS run_id, id AS first_change, id AS last_change
        FROM told WHERE run_id IS NULL
        UNION ALL
        SELECT webhook_id, %(run_changes)s, run_id, min(id), max(id)
        FROM told WHERE run_id IS NOT NULL GROUP BY webhook_id, run_id, batch
    )
    INSERT INTO journeys_delivery (webhook_id, event, run_id, first_change, last_change)
    SELECT webhook_id, event, run_id, first_change, last_change FROM message ORDER BY first_change, webhook_id
"""

_TELL_ENDS = """
    WITH ended AS (
        UPDATE journeys_run SET end_was_told = true WHERE finished_at IS NOT NULL AND NOT end_was_told
        RETURNING id, finished_at
    )
    INSERT INTO journeys_delivery (webhook_id, event, run_id)
    SELECT webhook.id, %(run_finished)s, ended.id
    FROM ended JOIN journeys_webhook webhook ON ended.finished_at >= webhook.turned_on_at
    WHERE webhook.turned_off_at IS NULL AND %(run_finished)s = ANY (webhook.events)
    ORDER BY ended.finished_at, ended.id, webhook.id
"""


def tell_what_is_new() -> bool:
    """Write a message of everything that is final and was not told yet, for each webhook that is on and asked for it.

    Returns: whether there is more.
    """
    begins_after = Webhook.objects.filter(turned_off_at=None).aggregate(first=Min("begins_after"))["first"]
    if begins_after is None:
        return False
    _tell_ends_of_runs()
    return follow(reader=READER, read=_tell, at_most=STRETCH, not_before=begins_after)


def _tell(stretch: Stretch) -> None:
    asked = Webhook.objects.filter(turned_off_at=None, wants_changes_of_runs=True).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            {
                "after": stretch.after,
                "up_to": stretch.up_to,
                "changes_of_runs": asked,
                "batch": BATCH,
                "changed": Event.STATUS_CHANGED,
                "created": Event.CONTACT_CREATED,
                "erased": Event.CONTACT_ERASED,
                "run_changes": Event.RUN_CHANGES,
            },
        )


def _tell_ends_of_runs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELL_ENDS, {"run_finished": Event.RUN_FINISHED})
