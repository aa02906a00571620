"""Funnelbook's addresses, a page that is the frame alone, and a request of an application that reads nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.api.answers import answer
from config.api.endpoints import Call, endpoint, needs
from config.team.roles import Role
from config.urls import *  # noqa: F403
from config.urls import urlpatterns as funnelbook


def frame(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


@needs(Role.VIEWER)
def nothing(call: Call) -> HttpResponse:
    return answer({})


urlpatterns = [path("api/bench", endpoint(GET=nothing)), *funnelbook, path("bench/frame", frame)]  # type: ignore[list-item]
