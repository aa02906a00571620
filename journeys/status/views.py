"""The action menu of a contact: change its status, mark it lost, recover it; undo a change, return to a status."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from config.announce import MessageAction, announce
from config.errors import conflict
from config.htmx import came_from, go_to, render_page, render_part
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from journeys.book.actions import OneMove, one_move
from journeys.history.queries import in_words, said
from journeys.rules.queries import funnel_settings
from journeys.status import actions
from journeys.status.forms import ChangeStatusForm, MarkLostForm, MoveForm, RecoverForm
from journeys.status.models import FunnelStatus, StatusChange
from journeys.status.queries import latest_change, stage_choices, status_change, status_of
from journeys.status.transitions import Refusal
from journeys.status.words import is_at


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def change_status(request: HttpRequest, contact: int) -> HttpResponse:
    """Another stage. `?to=` names the one that is chosen at first."""

    def form(data: Mapping[str, Any] | None, status: FunnelStatus) -> ChangeStatusForm:
        choices = stage_choices(status, by=request.user)  # type: ignore[arg-type]
        return ChangeStatusForm(data, status=status, choices=choices, initial={"to": request.GET.get("to", "")})

    def move(form: ChangeStatusForm) -> Move:
        return partial(actions.change_status, to=form.stage, keep_lost=form.keeps_lost)

    return _Dialog(request, "change_status", contact, form, move).answer(parts=["change-status-effect"])


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def mark_lost(request: HttpRequest, contact: int) -> HttpResponse:
    """Lost, with a reason and a note; for a contact that is lost already, another reason."""

    def form(data: Mapping[str, Any] | None, status: FunnelStatus) -> MarkLostForm:
        is_required = funnel_settings().lost_reason_required
        return MarkLostForm(data, status=status, is_required=is_required, initial={"reason": status.lost_reason_id})

    def move(form: MarkLostForm) -> Move:
        return partial(actions.mark_lost, reason=form.cleaned_data["reason"])

    return _Dialog(request, "mark_lost", contact, form, move).answer()


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest, contact: int) -> HttpResponse:
    """Back from lost: to the same stage with one click, or to another."""

    def form(data: Mapping[str, Any] | None, status: FunnelStatus) -> RecoverForm:
        choices = stage_choices(status, by=request.user)  # type: ignore[arg-type]
        return RecoverForm(data, status=status, choices=choices)

    def move(form: RecoverForm) -> Move:
        return actions.recover if form.to_same_stage else partial(actions.change_status, to=form.stage)

    return _Dialog(request, "recover", contact, form, move).answer()


@role_required(Role.OPERATOR)
@require_POST
def undo_change(request: HttpRequest, change: int) -> HttpResponse:
    """Put a contact back to where it was before its latest change; an undo is undone in the same way."""
    row = _change_or_404(change)
    by: TeamMember = request.user  # type: ignore[assignment]
    undo = partial(actions.put_back, changes=[row.pk], cause=Cause.UNDO, by=by)
    moved = one_move(contact=row.contact_id, move=undo, by=by)
    if moved.outcome.refusal:
        _say_not_undone(request, row, moved.outcome.refusal)
    return _moved(request, _status_or_404(row.contact_id), moved, how="again")


@role_required(Role.OPERATOR)
@require_POST
def return_to_status(request: HttpRequest, change: int) -> HttpResponse:
    """Put a contact where a row of its history says it was, by hand."""
    row = _change_or_404(change)
    if row.to_outside:
        raise Http404("A contact cannot return to where it was no longer in the book.")
    by: TeamMember = request.user  # type: ignore[assignment]
    seen = _signature(request)
    back = partial(
        actions.return_to_status,
        contacts=[row.contact_id],
        to=row.to_stage,
        lost=row.to_lost,
        reason=row.to_lost_reason,
        cause=Cause.MANUAL,
        by=by,
        signatures={row.contact_id: seen} if seen is not None else None,
    )
    moved = one_move(contact=row.contact_id, move=back, by=by)
    status = _status_or_404(row.contact_id)
    if moved.outcome.refusal is Refusal.CHANGED_MEANWHILE:
        return conflict(request, f"{_news(status.pk)} Nothing was saved.")
    if moved.outcome.refusal:
        announce(request, f"Nothing was changed. {moved.outcome.refusal.sentence}", level=messages.ERROR)
    return _moved(request, status, moved, how="again")


Move = Callable[..., actions.Outcome]


@dataclass
class _Dialog:
    """One dialog about one contact: shows a form, and does the move that it asks for."""

    request: HttpRequest
    name: str
    contact: int
    make_form: Callable[[Mapping[str, Any] | None, FunnelStatus], MoveForm]
    move: Callable[[Any], Move]
    parts: list[str] = field(default_factory=list)

    def answer(self, parts: list[str] | None = None) -> HttpResponse:
        """The form; after a POST that is in order, what it did."""
        self.parts = parts or []
        status = _status_or_404(self.contact)
        if self.request.method != "POST":
            return self._page(self.make_form(None, status), 200)
        if _signature(self.request) not in (None, status.signature):
            return self._changed_meanwhile(status)
        form = self.make_form(self.request.POST, status)
        if not form.is_valid():
            return self._page(form, 422)
        moved = self._do(form)
        if moved.outcome.refusal is Refusal.CHANGED_MEANWHILE:
            return self._changed_meanwhile(_status_or_404(self.contact))
        if moved.outcome.refusal:
            form.say(moved.outcome.refusal)
            return self._page(form, 422)
        return _moved(self.request, _status_or_404(self.contact), moved)

    def _do(self, form: MoveForm) -> OneMove:
        by: TeamMember = self.request.user  # type: ignore[assignment]
        move = partial(
            self.move(form),
            contacts=[self.contact],
            cause=Cause.MANUAL,
            by=by,
            note=form.note_given,
            signatures=form.signatures,
        )
        return one_move(contact=self.contact, move=move, activate=form.activates, by=by)

    def _changed_meanwhile(self, status: FunnelStatus) -> HttpResponse:
        """Say who was first. What was entered is kept, and sending it again does it anyway."""
        form = self.make_form(None, status)
        form.initial.update({name: self.request.POST.get(name) for name in form.fields if name != "signature"})
        return self._page(form, 409, news=_news(self.contact))

    def _page(self, form: MoveForm, code: int, news: str = "") -> HttpResponse:
        part = f"{self.name.replace('_', '-')}-form"
        context = {
            "form": form,
            "status": form.status,
            "contact": form.status.contact,
            "news": news,
            "here": self.request.path,
            "back": came_from(self.request, _contact_address(self.contact)),
            "stays": _stays(self.request),
        }
        template = f"journeys/{self.name}.html"
        return render_page(self.request, template, context, dialog=part, parts=[part, *self.parts], status=code)


def _moved(request: HttpRequest, status: FunnelStatus, moved: OneMove, how: str = "now") -> HttpResponse:
    """Say where the contact is and offer Undo; then its row, or the page that the person came from."""
    back = came_from(request, _contact_address(status.pk))
    where = str(status.stage) if status.stage else None
    if moved.change:
        undo = MessageAction("Undo", reverse("journeys:undo_change", args=[moved.change]), {"next": back})
        announce(request, is_at(str(status.contact), where, lost=status.is_lost, how=how), action=undo)
    elif moved.outcome.unchanged:
        sentence = is_at(str(status.contact), where, lost=status.is_lost, how="already")
        announce(request, f"{sentence} Nothing was changed.", level=messages.INFO)
    if not (request.htmx and _stays(request)):  # type: ignore[attr-defined]
        return go_to(request, back)
    context = {
        "status": status,
        "contact": status.contact,
        "back": back,
        "undo": None if status.cause == Cause.UNDO else moved.change,
        "is_swapped": True,
    }
    into = f"#contact-standing-{status.pk}"
    response = render_part(request, "journeys/_contact_standing.html", context, into=into, closes_dialog=True)
    return trigger_client_event(response, "status:changed", after="swap")


def _signature(request: HttpRequest) -> int | None:
    """The signature of the status that the person saw, or None if the form did not send a usable one."""
    seen = request.POST.get("signature", "")
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None


def _stays(request: HttpRequest) -> bool:
    """The page that the person came from shows the contact in a row: the row is changed and the page stays."""
    return bool(request.POST.get("stays") or request.GET.get("stays"))


def _say_not_undone(request: HttpRequest, row: StatusChange, refusal: Refusal) -> None:
    latest = latest_change(row.contact_id)
    if refusal is Refusal.MOVED_SINCE and latest.undoes_id == row.pk:
        announce(request, "That was undone already.", level=messages.INFO)
    elif refusal is Refusal.MOVED_SINCE:
        news = _news(row.contact_id)
        announce(request, f"Not undone: the contact was moved since. {news}", level=messages.ERROR)
    else:
        announce(request, f"Not undone. {refusal.sentence}", level=messages.ERROR)


def _news(contact: int) -> str:
    """Who changed a contact last: "Changed at 10:04 by Ana Lee: Aware → Customer."."""
    return said(in_words([latest_change(contact)])[0])


def _contact_address(contact: int) -> str:
    return reverse("contacts:contact", args=[contact])


def _status_or_404(contact: int) -> FunnelStatus:
    try:
        return status_of(contact)
    except FunnelStatus.DoesNotExist:
        raise Http404("There is no such contact in the book.") from None


def _change_or_404(change: int) -> StatusChange:
    try:
        return status_change(change)
    except StatusChange.DoesNotExist:
        raise Http404("There is no such status change.") from None
