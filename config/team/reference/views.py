"""The page about our own API, for whoever writes an application; one need not be signed in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.api.v1.reference import codes, operations
from config.api.v1.resources import api
from config.htmx import render_page


@login_not_required
@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, an example and what it answers."""
    context = {"groups": operations(api.schema), "codes": list(codes())}
    return render_page(request, "team/api_reference.html", context)
