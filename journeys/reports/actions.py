"""Folding the flows of the funnel into totals of days and months."""

from django.db import connection, transaction
from django.utils import timezone

from journeys.reports.models import FoldMark, FunnelTotal

_FOLD = """
    INSERT INTO journeys_funneltotal
        (span, starts_at, kind, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction,
         count)
    SELECT %(span)s, date_trunc(%(span)s, quarter, 'UTC'), kind,
           from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction, sum(count)
    FROM journeys_funnelflow WHERE id > %(after)s AND id <= %(up_to)s
    GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10
    ON CONFLICT ON CONSTRAINT a_movement_is_summed_once_per_span
    DO UPDATE SET count = journeys_funneltotal.count + excluded.count
"""


def fold_flows() -> int:
    """Add the flows that are final to the totals, and remember where to fold to next time.

    A number of the sequence may belong to a transaction that commits later. So a mark is taken first (the last
    number, then the next transaction to come) and folded once no transaction before that one is running.

    Returns: the number of the last flow that the totals contain.
    """
    with transaction.atomic():
        mark = FoldMark.objects.select_for_update().get()
        if mark.next_mark is not None and mark.next_horizon is not None and _oldest_running() >= mark.next_horizon:
            _fold(after=mark.folded_to, up_to=mark.next_mark)
            mark.folded_to, mark.folded_at = mark.next_mark, timezone.now()
            mark.next_mark = None
        if mark.next_mark is None:
            mark.next_mark = _last_flow()
            mark.next_horizon = _next_transaction()
        mark.save()
    return mark.folded_to


def _fold(*, after: int, up_to: int) -> None:
    with connection.cursor() as cursor:
        for span in FunnelTotal.Span.values:
            cursor.execute(_FOLD, {"span": span, "after": after, "up_to": up_to})


def _number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _last_flow() -> int:
    return _number(
        "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('journeys_funnelflow', 'id')::regclass), 0)"
    )


def _next_transaction() -> int:
    return _number("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")


def _oldest_running() -> int:
    return _number("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
