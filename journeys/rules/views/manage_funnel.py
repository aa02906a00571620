"""Manage Funnel: label rules, the default status and the movement rules."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import replace_url

from config.announce import MessageAction, announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.labels.queries import labels_with_counts
from journeys.rules import actions
from journeys.rules.forms import DefaultStageForm, LabelRuleForm, MovementPresetForm, MovementRulesForm, cells_of
from journeys.rules.models import LabelRule
from journeys.rules.movement import COLUMNS, Preset, preset_of, table_of
from journeys.rules.queries import funnel_settings, how_many_without_stage, kept_rules, movement_policy
from journeys.runs.listing import recent_runs
from journeys.runs.models import RunPreview
from journeys.runs.operations import Operation, Selection
from journeys.runs.queries import label_and_stage_of_rule
from journeys.runs.shown import preview_address, preview_context
from stages.queries import open_stages

PREVIEW = "manage-funnel-preview"
RECENT_RUNS = 5
RULES, DEFAULT, MOVEMENT = "manage-funnel-rules", "manage-funnel-default", "manage-funnel-movement"


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def manage_funnel(request: HttpRequest) -> HttpResponse:
    """All of it; a POST previews what the Change Status box says, and `?preview=` shows that again."""
    if request.method != "POST":
        preview = _preview_asked_for(request)
        said = preview and _said_by(preview)
        return _page(request, form=_form(initial=said), preview=preview if said else None)
    form = _form(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    preview = actions.preview_label_rule(**form.cleaned_data, by=_me(request))
    shown_at = f"{reverse('journeys:manage_funnel')}?preview={preview.pk}"
    if _is_live(request):
        return replace_url(_page(request, form=form, preview=preview), shown_at)
    return go_to(request, f"{shown_at}#{PREVIEW}")


@role_required(Role.MARKETER)
@require_POST
def keep_label_rule(request: HttpRequest) -> HttpResponse:
    """The Change Status box as a rule, to be run some other time."""
    form = _form(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    rule = actions.keep_label_rule(**form.cleaned_data, by=_me(request))
    announce(request, f"The rule {rule} is kept. Nobody was moved.")
    return _back(request, RULES)


@role_required(Role.MARKETER)
@require_POST
def preview_label_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """What running a kept rule again would do."""
    rule = get_object_or_404(LabelRule.objects.select_related("label", "stage"), pk=pk)
    preview = actions.preview_label_rule(
        label=rule.label,
        stage=rule.stage,
        only_forward=rule.only_forward,
        leave_lost=rule.leave_lost,
        note=rule.note,
        by=_me(request),
    )
    return go_to(request, preview_address(preview, back=reverse("journeys:manage_funnel")))


@role_required(Role.MARKETER)
@require_POST
def forget_label_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Kept no longer."""
    rule = get_object_or_404(LabelRule.objects.select_related("label", "stage"), pk=pk)
    choices = {name: "on" for name in ("only_forward", "leave_lost") if getattr(rule, name)}
    as_it_was = {"label": rule.label.name, "stage": str(rule.stage_id), "note": rule.note, **choices}
    actions.forget_label_rule(rule=rule, by=_me(request))
    again = MessageAction("Keep it again", reverse("journeys:keep_label_rule"), as_it_was)
    announce(request, f"The rule {rule} is forgotten. What its runs did stays.", action=again)
    return _back(request, RULES)


@role_required(Role.MARKETER)
@require_POST
def use_default_stage(request: HttpRequest) -> HttpResponse:
    """Where new contacts without a status come to stand from now on."""
    form = _default_form(request.POST)
    if not form.is_valid():
        return _page(request, default_form=form)
    actions.set_default_stage(stage=form.chosen, by=_me(request))
    where = f"come to {form.chosen}" if form.chosen else "have no status"
    announce(request, f"New contacts that come without a status {where} from now on.")
    return _back(request, DEFAULT)


@role_required(Role.MARKETER)
@require_POST
def give_default(request: HttpRequest) -> HttpResponse:
    """What giving the default to those without a status would do."""
    default = funnel_settings().default_stage
    if not default or not default.is_open(timezone.now()):
        announce(request, "There is no default that could be given: choose an open stage.", level=messages.ERROR)
        return _back(request, DEFAULT)
    preview = actions.preview_default(stage=default, by=_me(request))
    return go_to(request, preview_address(preview, back=reverse("journeys:manage_funnel")))


@role_required(Role.ADMINISTRATOR)
@require_POST
def set_movement_rules(request: HttpRequest) -> HttpResponse:
    """The table as it was filled in."""
    before = movement_policy()
    form = MovementRulesForm(request.POST, policy=before)
    if not form.is_valid():
        return _page(request, movement_form=form)
    changed = actions.set_movement_rules(rules=form.rules, by=_me(request))
    return _movement_rules_set(request, changed, before=cells_of(before))


@role_required(Role.ADMINISTRATOR)
@require_POST
def use_movement_preset(request: HttpRequest) -> HttpResponse:
    """One of the two tables that an organisation may start from."""
    before = movement_policy()
    form = MovementPresetForm(request.POST)
    if not form.is_valid():
        return _page(request, preset_form=form)
    changed = actions.use_movement_preset(preset=form.cleaned_data["preset"], by=_me(request))
    return _movement_rules_set(request, changed, before=cells_of(before))


def _movement_rules_set(request: HttpRequest, changed: int, *, before: dict[str, str]) -> HttpResponse:
    if changed:
        undo = MessageAction("Undo", reverse("journeys:set_movement_rules"), before)
        announce(request, "The movement rules hold as they are now, at every door.", action=undo)
    else:
        announce(request, "The movement rules were so already.", level=messages.INFO)
    return _back(request, MOVEMENT)


def _me(request: HttpRequest) -> TeamMember:
    return request.user  # type: ignore[return-value]


def _form(data: Any = None, **options: Any) -> LabelRuleForm:
    return LabelRuleForm(data, at=timezone.now(), **options)


def _default_form(data: Any = None) -> DefaultStageForm:
    return DefaultStageForm(data, default=funnel_settings().default_stage, stages=open_stages(timezone.now()))


def _is_live(request: HttpRequest) -> bool:
    """The preview alone is asked for, while somebody fills in the box."""
    return bool(request.htmx) and request.htmx.target == PREVIEW  # type: ignore[attr-defined]


def _preview_asked_for(request: HttpRequest) -> RunPreview | None:
    """The preview that the address names, if there is one."""
    asked = request.GET.get("preview", "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) <= 18
    return RunPreview.objects.select_related("run").filter(pk=int(asked)).first() if is_number else None


def _said_by(preview: RunPreview) -> dict[str, Any] | None:
    """What the Change Status box said when somebody previewed it; None for a preview of something else."""
    operation = Operation.read(preview.operation)
    moved = label_and_stage_of_rule(operation, Selection.read(preview.selection))
    if moved is None:
        return None
    label, stage = moved
    return {
        "label": label.name,
        "stage": stage.pk,
        "only_forward": operation.only_forward,
        "leave_lost": operation.leave_lost,
        "note": preview.note,
    }


def _page(request: HttpRequest, *, preview: RunPreview | None = None, **forms: Any) -> HttpResponse:
    context: dict[str, Any] = {"form": forms.get("form") or _form()}
    if preview and not preview.run:
        context |= preview_context(preview, by=_me(request))
    if not _is_live(request):
        context |= {**_everything_else(request), **forms}
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render_page(request, "journeys/manage_funnel.html", context, parts=[PREVIEW], status=status)


def _everything_else(request: HttpRequest) -> dict[str, Any]:
    """What is on the screen beside the Change Status box and its preview."""
    default, policy = funnel_settings().default_stage, movement_policy()
    without_stage, lost_without_stage = how_many_without_stage()
    is_administrator = _me(request).role >= Role.ADMINISTRATOR
    return {
        "labels": labels_with_counts(),
        "kept_rules": kept_rules(),
        "default": default,
        "default_is_open": bool(default and default.is_open(timezone.now())),
        "default_form": _default_form(),
        "without_stage": without_stage,
        "lost_without_stage": lost_without_stage,
        "presets": list(Preset),
        "preset": preset_of(policy),
        "movement_columns": COLUMNS.values(),
        "movement_table": table_of(policy),
        "movement_form": MovementRulesForm(policy=policy) if is_administrator else None,
        "recent_runs": recent_runs(RECENT_RUNS),
    }


def _back(request: HttpRequest, part: str) -> HttpResponse:
    return go_to(request, f"{reverse('journeys:manage_funnel')}#{part}")
