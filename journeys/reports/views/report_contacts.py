"""Who is behind a number of a report."""

from collections.abc import Iterator
from datetime import date, tzinfo

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.team.access import require, role_required
from config.team.roles import Role
from journeys.funnel.queries import MovedContact
from journeys.reports.behind import MOVED, Behind
from journeys.reports.filters import ReportFilter
from journeys.reports.ledger import Term
from journeys.reports.numbers import Number
from journeys.reports.people import everybody_behind, page_behind
from journeys.reports.periods import Period
from journeys.reports.places import EVERYWHERE, LOST, Whereabouts
from journeys.reports.shown import CSV, REPORT, csv_lines, report_address
from journeys.reports.views.numbers import NUMBER_FIELDS, OF, asked_number, asked_period
from journeys.reports.views.shared import StagesThen
from journeys.runs.operations import Act

_CHANGES = {
    Term.CAME: "Came into {name}",
    Term.FORWARD: "Forward from {name}",
    Term.BACK: "Back from {name}",
    Term.LEVEL: "From {name} to a stage of the same weight",
    Term.TO_NONE: "From {name} to no stage",
    Term.LOST: "Lost from {name}",
    Term.RECOVERED: "Recovered to {name}",
    Term.ERASED: "Erased from {name}",
}
_WIDER = {
    (LOST, Term.CAME): "Lost when they came into the book",
    (LOST, Term.LOST): "Lost",
    (LOST, Term.RECOVERED): "Recovered",
    (LOST, Term.ERASED): "Erased while they were lost",
    (EVERYWHERE, Term.CAME): "New in the book",
    (EVERYWHERE, Term.ERASED): "Erased",
}
_COLUMNS = ("contact", "name", "e-mail", "external id", "from", "to", "changed at", "stands in now")


@role_required(Role.VIEWER)
@require_safe
def report_contacts(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The contacts that a number of a report counts, or the changes; with `format=csv`, all of them as a file."""
    asked = ReportFilter(request)
    behind, title = _asked_for(request, asked)
    if request.GET.get("format") == CSV:
        require(request, Role.MARKETER)
        return StreamingHttpResponse(
            _file(behind, timezone.get_current_timezone()),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="contacts-{asked.period.last}.csv"'},
        )
    page = page_behind(behind, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    here = asked.query(**_said(request))
    bulk = reverse("journeys:bulk_change")
    context = {
        "asked": asked,
        "behind": behind,
        "title": title + asked.whose,
        "page": page,
        "here": request.get_full_path(),
        "back": _report(request, asked),
        "csv_address": f"{here}&format={CSV}",
        "label_address": f"{bulk}?act={Act.PUT_ON_LABEL}&behind={behind.signed}",
        "may_label": request.user.role >= Role.MARKETER,  # type: ignore[union-attr]
        "previous": page.before and f"{here}&before={page.before}",
        "next": page.after and f"{here}&after={page.after}",
    }
    return render_page(request, "journeys/report_contacts.html", context, parts=["report-contacts-list"])


def _said(request: HttpRequest) -> dict[str, object]:
    return {name: request.GET.get(name, "") for name in ("place", "term", "was", REPORT, *NUMBER_FIELDS)}


def _asked_for(request: HttpRequest, asked: ReportFilter) -> tuple[Number, str]:
    """Who is behind the number that the address names, and what it is called. Raises Http404 if it names none."""
    if OF in request.GET:
        named = asked_number(request, asked)
        if not named:
            raise Http404("No report counts this.")
        return named.number, named.title
    period = asked_period(request, asked)
    behind = _behind(request, asked, period)
    return behind, _title(behind, period)


def _behind(request: HttpRequest, asked: ReportFilter, period: Period) -> Behind:
    """What the address names. Raises Http404 if it names nothing."""
    place, was = (Whereabouts.read(request.GET.get(name, "")) for name in ("place", "was"))
    term = request.GET.get("term", "")
    means_nothing = (term == MOVED and not was) or term not in ("", MOVED, *Term)
    if not place or means_nothing:
        raise Http404("No report counts this.")
    return Behind(
        place=place,
        start=period.start if term or was else None,
        end=period.end,
        was=was,
        term=term,
        members=asked.members,
        as_corrected=asked.as_corrected,
    )


def _title(behind: Behind, period: Period) -> str:
    names = StagesThen(behind.end).names
    if behind.term == MOVED and behind.was:
        what = f"From {_bare(behind.was, names)} to {_bare(behind.place, names)} {period.when}"
    elif behind.term:
        wider = _WIDER.get((behind.place.key, Term(behind.term)))
        what = f"{wider or _CHANGES[Term(behind.term)].format(name=_bare(behind.place, names))} {period.when}"
    else:
        place = behind.place.words(names)
        if behind.was:
            place = f"{behind.was.words(names)} before {_day(period.first)}, {place}"
        when = f"at the end of {_day(period.last)}" if behind.end else "now"
        what = f"{place[0].upper()}{place[1:]} {when}"
    return what


def _bare(place: Whereabouts, names: dict[int, str]) -> str:
    return "no stage" if place.key == "none" else place.words(names).removeprefix("in ")


def _report(request: HttpRequest, asked: ReportFilter) -> str:
    """The report that somebody came from; else the list of them."""
    address = report_address(request.GET.get(REPORT, ""))
    return address + asked.query() if address else reverse("journeys:reports")


def _file(behind: Number, zone: tzinfo) -> Iterator[str]:
    yield csv_lines([_COLUMNS])
    pieces = everybody_behind(behind)
    while True:
        with timezone.override(zone):
            piece = next(pieces, None)
            text = csv_lines(_row(move) for move in piece) if piece else ""
        if piece is None:
            return
        yield text


def _row(move: MovedContact) -> list[object]:
    change, contact = move.change, move.change.contact
    return [
        change.change.contact_id,
        contact.name if contact else "",
        (contact.email or "") if contact else "",
        (contact.external_id or "") if contact else "",
        str(change.start),
        str(change.end),
        timezone.localtime(change.change.changed_at).isoformat(timespec="seconds"),
        str(move.status or ""),
    ]


def _day(day: date) -> str:
    return date_format(day, "j F Y")
