"""What there is under `/api/v1`, and how what the actions refuse is said."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse

from config.api.v1 import problems
from config.api.v1.api import api
from config.api.v1.problems import Problem
from contacts.api.v1 import contacts, labels
from journeys.api.v1 import funnel, reviews, rules, runs, segments, statuses
from journeys.api.v1.statuses import problems_of_refusal
from journeys.status.actions import MoveRefused

for resource in (contacts, statuses, labels, funnel, runs, rules, reviews, segments):
    api.add_router("", resource.router)


@api.exception_handler(ObjectDoesNotExist)
def _not_there(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem(problems.NOT_FOUND).answer()


@api.exception_handler(MoveRefused)
def _refused(request: HttpRequest, refused: Any) -> HttpResponse:
    return problems_of_refusal(refused.refusal).answer()


urlpatterns = api.urls[0]
