"""What every page of the frame needs."""

from functools import partial

from django.http import HttpRequest

from config.middleware import request_organisation
from config.navigation import navigation, settings_pages


def frame(request: HttpRequest) -> dict:
    """The organisation, for its name and the bar over sample data, and where one can go from here.

    The navigation is worked out where a template asks for it, so a part swapped by htmx does not pay for it.
    """
    return {
        "organisation": request_organisation(request),
        "navigation": partial(navigation, request),
        "settings_pages": partial(settings_pages, request),
    }
