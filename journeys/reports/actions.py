"""Folding the flows of the funnel into totals of days and months."""

from django.db import connection, transaction
from django.utils import timezone

from journeys.history.following import needs_mark, reached_mark, take_mark
from journeys.reports.models import FoldMark, FunnelFlow, FunnelTotal

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

    Returns: the number of the last flow that the totals contain.
    """
    with transaction.atomic():
        mark = FoldMark.objects.select_for_update().get()
        final = reached_mark(mark)
        if final is not None:
            _fold(after=mark.folded_to, up_to=final)
            mark.folded_to, mark.folded_at = final, timezone.now()
        if final is not None or needs_mark(mark):
            take_mark(mark, FunnelFlow._meta.db_table)
        mark.save()
    return mark.folded_to


def _fold(*, after: int, up_to: int) -> None:
    with connection.cursor() as cursor:
        for span in FunnelTotal.Span.values:
            cursor.execute(_FOLD, {"span": span, "after": after, "up_to": up_to})
