"""A contact: who it is, where it stands and why, and everything that led there."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from config.htmx import render_page
from config.middleware import request_organisation
from config.team.access import role_required
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.attributes.values import value_in_words
from contacts.labels.queries import label_changes_page, labels_not_on, labels_on
from contacts.models import Contact
from contacts.views.addresses import contact_or_404, id_in
from journeys.book.queries import Story, story_of
from journeys.book.story import in_words
from journeys.campaigns.queries import campaigns_of
from journeys.history.queries import Bookmark, ChangeInWords, history_page
from journeys.status.models import FunnelStatus, StatusChange
from journeys.webforms.queries import submissions_of
from stages.models import Stage
from stages.queries import stages_in_use

HISTORY = "status-history"
"""Where on the page the history begins."""


@role_required(Role.VIEWER)
@require_safe
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Who it is, where it stands and why, and everything that led there."""
    person = contact_or_404(pk)
    story = story_of(person, now=timezone.now(), zone=timezone.get_current_timezone())
    of_labels = request.GET.get("history") == "labels"
    context = {
        "contact": person,
        "status": person.status,
        "story": story,
        "steps": _steps(request, person.status, story),
        "carried": labels_on(person),
        "not_carried": labels_not_on(person),
        "campaigns": campaigns_of(person),
        "attributes": [(one, value_in_words(one, person.attributes.get(one.key))) for one in attributes()],
        "submissions": submissions_of(person),
        "here": request.get_full_path(),
        "tabs": _tabs(person, of_labels=of_labels),
        "of_labels": of_labels,
        "is_first_page": "older_than" not in request.GET,
        **(_label_history(request, person) if of_labels else _status_history(request, person, story)),
    }
    return render_page(request, "contacts/contact.html", context, parts=["contact-history"])


@dataclass(frozen=True, slots=True)
class Step:
    """A stage as the contact's stage control shows it; `address` is empty where it cannot be chosen."""

    stage: Stage
    state: str
    note: str
    address: str


def _steps(request: HttpRequest, status: FunnelStatus, story: Story) -> list[Step]:
    """The stages in use, and the present one even if it was retired, with the time spent in each."""
    stages = stages_in_use()
    if status.stage and status.stage not in stages:
        stages = sorted([*stages, status.stage], key=lambda stage: (stage.weight, stage.pk))
    now = timezone.now()
    return [_step(request, status, story, stage, may_be_chosen=stage.is_open(now)) for stage in stages]


def _step(request: HttpRequest, status: FunnelStatus, story: Story, stage: Stage, *, may_be_chosen: bool) -> Step:
    is_here = stage.pk == status.stage_id
    spent = story.time_in.get(stage.pk)
    address = ""
    if may_be_chosen and request.user.role >= Role.OPERATOR and (status.is_lost or not is_here):  # type: ignore[union-attr]
        query = urlencode({"next": reverse("contacts:contact", args=[status.pk]), "to": str(stage.pk)})
        address = f"{reverse('journeys:change_status', args=[status.pk])}?{query}"
    if is_here:
        state = "current lost-here" if status.is_lost else "current"
    else:
        state = "ahead" if spent is None else "passed"
    return Step(stage, state, in_words(spent) if spent is not None else "", address)


def _address(person: Contact, **query: str | int) -> str:
    """This page at its history."""
    asked = f"?{urlencode(query)}" if query else ""
    return f"{reverse('contacts:contact', args=[person.pk])}{asked}#{HISTORY}"


def _tabs(person: Contact, *, of_labels: bool) -> list[dict[str, Any]]:
    return [
        {"label": "Status history", "address": _address(person), "is_current": not of_labels},
        {"label": "Labels", "address": _address(person, history="labels"), "is_current": of_labels},
    ]


def _status_history(request: HttpRequest, person: Contact, story: Story) -> dict[str, Any]:
    bookmark = Bookmark.read(request.GET.get("older_than", ""))
    page = history_page(StatusChange.objects.filter(contact=person), older_than=bookmark)
    return {
        "days": _by_day(request, [_row(change, person.status, story) for change in page.changes]),
        "newest": _address(person),
        "older": _address(person, older_than=str(page.older_than)) if page.older_than else "",
    }


def _label_history(request: HttpRequest, person: Contact) -> dict[str, Any]:
    page = label_changes_page(person, older_than=id_in(request.GET.get("older_than")))
    return {
        "days": _by_day(request, page.changes),
        "newest": _address(person, history="labels"),
        "older": _address(person, history="labels", older_than=page.older_than) if page.older_than else "",
    }


def _by_day(request: HttpRequest, rows: Iterable[Any]) -> list[tuple[date, list[Any]]]:
    """The rows by the days of the organisation."""
    zone = zoneinfo.ZoneInfo(request_organisation(request).time_zone)
    days = groupby(rows, key=lambda row: timezone.localdate(row.changed_at, zone))
    return [(day, list(group)) for day, group in days]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A status change on the contact's page, and what it is to the contact now."""

    change: ChangeInWords
    is_latest: bool
    is_undone: bool
    may_be_returned_to: bool

    @property
    def changed_at(self) -> datetime:
        return self.change.change.changed_at


def _row(change: ChangeInWords, status: FunnelStatus, story: Story) -> HistoryRow:
    row = change.change
    is_there = (row.to_stage_id, row.to_lost, row.to_lost_reason_id) == (
        status.stage_id,
        status.is_lost,
        status.lost_reason_id,
    )
    stage = change.end.stage
    return HistoryRow(
        change,
        is_latest=row.pk == story.last_change,
        is_undone=row.pk in story.undone,
        may_be_returned_to=not (is_there or row.to_outside or (stage and stage.is_retired)),
    )
