"""A page with every component on it. `urls` serves it beside the real pages; see `test_frame.py`."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils import timezone

from config import urls as real
from config.announce import MessageAction, announce
from config.errors import conflict
from config.htmx import go_to, render_page, render_part
from stages.models import Stage

handler400, handler403, handler404, handler500 = real.handler400, real.handler403, real.handler404, real.handler500


class MoveForm(forms.Form):
    stage = forms.ModelChoiceField(Stage.objects.all(), empty_label=None)
    why = forms.CharField(required=False, widget=forms.Textarea, help_text="Shown in the status history.")
    days = forms.IntegerField()


def gallery(request: HttpRequest) -> HttpResponse:
    return render_page(
        request, "gallery/gallery.html", {**row(), "filters": MoveForm(), "tabs": TABS, "steps": steps()}
    )


def row(stage: Stage | None = None) -> dict[str, Any]:
    return {"stage": stage or Stage.objects.get(name="Engaged"), "since": timezone.now() - timedelta(days=3)}


TABS = [
    {"label": "All", "address": "/gallery", "is_current": True, "count": 1200},
    {"label": "At risk", "address": "/gallery", "is_current": False},
]


def steps() -> list[SimpleNamespace]:
    states = ["passed", "current", "ahead", "ahead", "ahead"]
    return [
        SimpleNamespace(stage=stage, state=state, note="9 days" if state == "passed" else "", address="/gallery/move")
        for stage, state in zip(Stage.objects.all(), states, strict=True)
    ]


def move(request: HttpRequest) -> HttpResponse:
    form = MoveForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        stage = form.cleaned_data["stage"]
        announce(request, f"Ana moved to {stage}.", action=MessageAction("Undo", "/gallery/undo", {"change": "7"}))
        if request.htmx:  # type: ignore[attr-defined]
            return render_part(request, "gallery/_row.html", row(stage), into="#contact-1", closes_dialog=True)
        return go_to(request, "/gallery")
    status = 422 if form.errors else 200
    return render_page(
        request, "gallery/move.html", {"form": form}, dialog="move-form", parts=["move-form"], status=status
    )


def undo(request: HttpRequest) -> HttpResponse:
    announce(request, f"Change {request.POST['change']} undone.")
    return go_to(request, "/gallery")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("This needs the role Marketer.")


def stale(request: HttpRequest) -> HttpResponse:
    return conflict(request, "Tomás moved Ana to Customer a minute ago.")


def broken(request: HttpRequest) -> HttpResponse:
    """As a proxy answers when the server is away."""
    return HttpResponse("<h1>Bad gateway</h1>", status=502)


urlpatterns = [
    path("gallery", gallery),
    path("gallery/move", move),
    path("gallery/undo", undo),
    path("gallery/forbidden", forbidden),
    path("gallery/conflict", stale),
    path("gallery/broken", broken),
    path("", include(real.urlpatterns)),
]
