"""Funnelbook's addresses, and a page that is the frame alone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.urls import *  # noqa: F403
from config.urls import urlpatterns as funnelbook


def frame(request: HttpRequest) -> HttpResponse:
    return render(request, "base.html")


urlpatterns = [*funnelbook, path("bench/frame", frame)]  # type: ignore[list-item]
