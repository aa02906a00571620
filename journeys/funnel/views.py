"""Customer Journey: how many contacts stand where, and who they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.middleware import request_organisation
from config.team.access import role_required
from config.team.roles import Role
from journeys.funnel import queries
from journeys.funnel.forms import DayForm
from journeys.funnel.queries import ANY, EVERYWHERE, ChangePage, FunnelDay, StatusPage, Way
from journeys.funnel.rows import FunnelRow, FunnelRows
from journeys.history.queries import Bookmark
from journeys.segments.queries import Matching, segments_for
from journeys.stuck.queries import measures

IN, LOST = "stage", "lost"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The number whose contacts are shown: the address says `show=key`, such as `lost=3`."""

    show: str
    key: str
    title: str
    count: int
    row: FunnelRow | None = None

    @property
    def stage(self) -> int | None:
        return self.row.stage.pk if self.row and self.row.stage else None

    @property
    def is_change(self) -> bool:
        """The number counts changes, not contacts."""
        return self.show in (Way.ENTERED, Way.LEFT)

    def __str__(self) -> str:
        return f"{self.show}-{self.key}"


@role_required(Role.VIEWER)
@require_safe
def customer_journey(request: HttpRequest) -> HttpResponse:
    """The funnel of a day, and the contacts behind the number that was chosen."""
    zone = ZoneInfo(request_organisation(request).time_zone)
    today = timezone.localdate(timezone=zone)
    form = DayForm(request.GET, today=today)
    of = FunnelDay(form.day, zone, is_today=form.day == today)
    segments = list(segments_for(request.user))  # type: ignore[arg-type]
    segment = next((one for one in segments if str(one.pk) == request.GET.get("segment")), None)
    matching = Matching.of(segment) if segment else None
    funnel = queries.customer_journey(of, matching)
    chosen = _chosen(request, funnel, everybody="Everybody who matches" if segment else "Everybody in the book")
    of_segment = f"segment={segment.pk}&" if segment else ""
    of_day = "" if of.is_today else f"at={of.day.isoformat()}&"
    query = f"?{of_day}{of_segment}"
    page = _page(request, chosen, of, matching)
    context = {
        "is_refreshed": request.htmx and request.htmx.target == "customer-journey-funnel",  # type: ignore[attr-defined]
        "form": form,
        "of": of,
        "funnel": funnel,
        "chosen": chosen,
        "segments": segments,
        "segment": segment,
        "is_unknown_segment": bool(request.GET.get("segment")) and segment is None,
        "of_segment": of_segment,
        "of_day": of_day,
        "measures": measures() if of.is_today else {},
        "earlier_days": _earlier_days(today),
        "recorded_later": of.end and queries.was_recorded_later(of.end),
        "query": query,
        "address": request.get_full_path(),
        "page": page,
        "previous": page.before and f"{query}{chosen.show}={chosen.key}&before={page.before}",
        "next": page.after and f"{query}{chosen.show}={chosen.key}&after={page.after}",
    }
    parts = ["customer-journey-board", "customer-journey-funnel"]
    return render_page(request, "journeys/customer_journey.html", context, parts=parts)


def _chosen(request: HttpRequest, funnel: FunnelRows, *, everybody: str) -> Chosen:
    """What the address chooses; else the first stage that somebody is in."""
    numbers = {(number.show, number.key): number for number in _numbers(funnel, everybody)}
    for show in (IN, LOST, Way.ENTERED, Way.LEFT):
        if number := numbers.get((show, request.GET.get(show, ""))):
            return number
    with_contacts = [row for row in funnel.stages if row.counts.count]
    return numbers[IN, with_contacts[0].key if with_contacts else funnel.rows[0].key]


def _numbers(funnel: FunnelRows, everybody: str) -> Iterator[Chosen]:
    """Every number of the funnel."""
    for row in funnel.stages:
        yield Chosen(IN, row.key, f"In {row.name}", row.counts.count, row)
        yield Chosen(LOST, row.key, f"Lost from {row.name}", row.counts.lost, row)
        yield Chosen(Way.ENTERED, row.key, f"Entered {row.name}", row.counts.entered, row)
        yield Chosen(Way.LEFT, row.key, f"Left {row.name}", row.counts.left, row)
    none = funnel.none
    yield Chosen(IN, none.key, none.name, none.counts.count, none)
    yield Chosen(LOST, none.key, "Lost, without a stage", none.counts.lost, none)
    yield Chosen(Way.ENTERED, none.key, "Came to have no status", none.counts.entered, none)
    yield Chosen(Way.LEFT, none.key, "Had no status yet, and left", none.counts.left, none)
    yield Chosen(IN, ANY, "In any stage", funnel.in_stages)
    yield Chosen(LOST, EVERYWHERE, "Lost", funnel.lost)
    yield Chosen(IN, EVERYWHERE, everybody, funnel.total)


def _page(request: HttpRequest, chosen: Chosen, of: FunnelDay, segment: Matching | None) -> StatusPage | ChangePage:
    """The list under the funnel: contacts that stand somewhere, or changes by which they came and went."""
    if not chosen.count:
        return ChangePage([]) if chosen.is_change or of.end else StatusPage([])
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    if chosen.is_change:
        way, places = Way(chosen.show), {"before": Bookmark.read(before), "after": Bookmark.read(after)}
        return queries.changes_of_stage(chosen.stage, way=way, of=of, segment=segment, **places)
    stage = chosen.key if chosen.row is None else chosen.stage
    lost = chosen.show == LOST
    contacts = {"before": _contact(before), "after": _contact(after)}
    if of.end:
        return queries.contacts_then(stage, lost=lost, end=of.end, segment=segment, **contacts)
    return queries.contacts_in(stage, lost=lost, segment=segment, **contacts)


def _earlier_days(today: date) -> list[tuple[str, date]]:
    """Days that people often look at."""
    return [
        ("Yesterday", today - timedelta(days=1)),
        ("A week ago", today - timedelta(days=7)),
        ("End of last month", today.replace(day=1) - timedelta(days=1)),
        ("A year ago", today - timedelta(days=365)),
    ]


def _contact(text: str) -> int | None:
    """The number of a contact that an address names, or None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
