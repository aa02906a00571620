"""The first run, through a one-time address: administrator, organisation, movement rules, stages; then Import."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.errors import gone
from config.htmx import render_page
from config.team.confirmation import sign_in_by_link
from config.team.links.actions import LinkIsDead
from config.team.links.queries import link_of
from config.team.models import SingleUseLink
from config.team.queries import is_anybody_there, organisation
from journeys.first_run import actions
from journeys.first_run.forms import FirstRunForms
from journeys.rules.queries import funnel_settings
from stages.models import Stage

ASK_AGAIN = "It was used, or is older than an hour. Whoever runs the server gets another: manage.py first_run_link"


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest, secret: str) -> HttpResponse:
    """Everything on one page. It happens as a whole, or not at all."""
    link = link_of(secret, SingleUseLink.Purpose.FIRST_RUN)
    if not link or is_anybody_there():
        return gone(request, ASK_AGAIN)
    stages = list(Stage.objects.open_at(timezone.now()))
    forms = FirstRunForms(
        request.POST if request.method == "POST" else None,
        organisation=organisation(),
        stages=stages,
        default=funnel_settings().default_stage or (stages[0] if stages else None),
    )
    if request.method == "POST" and forms.is_valid():
        try:
            return _set_up(request, link, forms, stages)
        except LinkIsDead:
            return gone(request, ASK_AGAIN)
        except actions.StageRefused as refused:
            forms.refuse(refused.stage, refused.errors)
    return render_page(request, "journeys/first_run.html", {"forms": forms}, status=422 if forms.errors else 200)


def _set_up(request: HttpRequest, link: SingleUseLink, forms: FirstRunForms, stages: list[Stage]) -> HttpResponse:
    beginning = forms.beginning.cleaned_data
    administrator = actions.set_up(
        link=link,
        **forms.administrator.cleaned_data,
        organisation=forms.organisation.cleaned_data,
        preset=beginning["preset"],
        stages={form.stage: form.cleaned_data for form in forms.stages},
        default_stage=next((stage for stage in stages if str(stage.pk) == beginning["default"]), None),
        by=None,
    )
    sign_in_by_link(request, administrator)
    announce(request, "Funnelbook is set up. Bring your contacts in now, or whenever you like.")
    return redirect("journeys:new_import")
