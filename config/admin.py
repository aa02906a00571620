"""The Django admin: for administrators, to repair data. Nothing is deleted here, and every write is an action's."""

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from config.htmx import came_from
from config.team.models import TeamMember
from config.team.roles import Role

OURS = frozenset({"team", "stages", "contacts", "journeys"})
"""The apps whose data can be repaired here. Tables of other packages register themselves and are left out."""


class FunnelbookAdminSite(AdminSite):
    site_header = "Funnelbook: data fixes"
    site_title = "Funnelbook admin"
    index_title = "Repair data"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, Sequence) else [model_or_iterable]
        super().register([model for model in models if model._meta.app_label in OURS], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators. Raises PermissionDenied for anybody else who is signed in, naming the role needed."""
        if not isinstance(request.user, TeamMember):
            return False
        if request.user.role is not Role.ADMINISTRATOR:
            raise PermissionDenied(f"This needs the role {Role.ADMINISTRATOR.label}.")
        return True

    @method_decorator([login_not_required, never_cache])
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in is the same as everywhere."""
        wanted = came_from(request, reverse("admin:index"))
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        return HttpResponseRedirect(f"{reverse('team:sign_in')}?{urlencode({'next': wanted})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """One's password is changed under My account."""
        return HttpResponseRedirect(reverse("team:my_account"))


class EstimatingPaginator(Paginator):
    """Counts up to `counted` rows; of more it shows PostgreSQL's estimate, so that a million cost no more."""

    counted = 10_000

    @cached_property
    def count(self) -> int:
        if not isinstance(self.object_list, QuerySet):
            return super().count
        up_to = self.object_list.order_by()[: self.counted + 1].count()
        return up_to if up_to <= self.counted else max(up_to, _estimate(self.object_list))


def _estimate(rows: QuerySet) -> int:
    """How many rows PostgreSQL expects, from its plan."""
    statement, values = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", values)
        (plan,) = cursor.fetchone()
    return int((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"])


class DataFixAdmin(ModelAdmin):
    """A page of data to repair: quick with a million rows, and without any deletion."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()  # by the order of the key alone: another one would read a million rows
    show_facets = ShowFacets.NEVER

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only the filters on the page: an address cannot ask for a search that the page would not."""
        own = {getattr(offered, "parameter_name", None) for offered in self.list_filter}
        fields = [offered for offered in self.list_filter if isinstance(offered, str)]
        return lookup in own | {f"{field}__{how}" for field in fields for how in ("exact", "id__exact", "isnull")}

    def get_actions(self, request: HttpRequest) -> dict:
        return {}

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What an action refuses although the form was right (somebody was first) is said, and nothing is saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, IntegrityError) as refused:
            told = refused.messages if isinstance(refused, ValidationError) else ["Somebody was first."]
            self.message_user(request, f"Nothing was saved. {' '.join(told)}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class ReadOnlyAdmin(DataFixAdmin):
    """Data that is shown and never changed: what the database wrote by itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
