"""Keeping the columns of the list of contacts."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from config.announce import announce
from config.htmx import came_from, go_to
from config.team.access import role_required
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.columns import actions
from contacts.columns.shown import columns_in


@role_required(Role.VIEWER)
@require_POST
def keep_columns(request: HttpRequest) -> HttpResponse:
    """Those that the form names are what this person sees from now on."""
    columns = columns_in(request.POST, None, attributes())
    actions.keep_columns(columns=columns.keys, by=request.user)  # type: ignore[arg-type]
    announce(request, "You see these columns from now on.")
    return go_to(request, came_from(request, reverse("contacts:contacts")))
