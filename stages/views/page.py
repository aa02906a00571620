"""A stage: what it means, how it went, who came and went, and who is in it."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.middleware import request_organisation
from config.team.access import role_required
from config.team.roles import Role
from journeys.funnel.queries import FunnelDay, contacts_in
from journeys.reports.queries import funnel_at
from journeys.retiring.queries import run_out_of
from journeys.stage import queries
from journeys.stage.chart import chart
from journeys.uses.queries import uses_of_stages
from stages.models import Stage


@role_required(Role.VIEWER)
@require_safe
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """One stage, also a retired one: history names it."""
    shown = get_object_or_404(Stage.objects.select_related("category", "modified_by"), pk=pk)
    zone = ZoneInfo(request_organisation(request).time_zone)
    today = timezone.localdate(timezone=zone)
    of = FunnelDay(today, zone, is_today=True)
    now = funnel_at()
    uses = uses_of_stages()[shown.pk]
    points = queries.trend(shown, now=now, today=today, zone=zone)
    drawn = chart([point.contacts for point in points], [point.lost for point in points])
    context = {
        "stage": shown,
        "window": shown.window(timezone.now()),
        "uses": uses,
        "median": queries.median_stay(shown),
        "contacts": now.in_stage(shown.pk),
        "lost": now.lost_from(shown.pk),
        "points": points,
        "chart": drawn,
        "months": [(point, dot.x) for point, dot in zip(points, drawn.lines[0], strict=True)],
        "of": of,
        "flows": queries.ins_and_outs(shown, now=now, of=of),
        "statuses": contacts_in(shown.pk, lost=False).statuses,
        "may_edit": request.user.role >= Role.MARKETER and not shown.retired_at,  # type: ignore[union-attr]
        "may_empty": request.user.role >= Role.MARKETER,  # type: ignore[union-attr]
        "emptied_by": run_out_of(shown) if shown.retired_at else None,
        "here": request.path,
    }
    return render_page(request, "stages/stage.html", context)
