"""A web form as its page shows it: where people find it, and how it is put into somebody's own page."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape

from config.public_address import absolute_address
from journeys.webforms.models import WebForm
from journeys.webforms.queries import EMAIL, Askable

_HEIGHT, _HEIGHT_OF_FIELD = 240, 80
"""In pixels: of a frame, and so much more for each field."""


def public_address(request: HttpRequest, form: WebForm) -> str:
    """Where people find the form."""
    return absolute_address(reverse("journeys:public_web_form", args=[form.slug]), request)


def embed_snippet(request: HttpRequest, form: WebForm) -> str:
    """The frame that shows the form in a page of somebody's own."""
    address = absolute_address(reverse("journeys:embedded_web_form", args=[form.slug]), request)
    height = _HEIGHT + _HEIGHT_OF_FIELD * (len(form.fields) + bool(form.consent) + bool(form.introduction))
    return (
        f'<iframe src="{escape(address)}" title="{escape(form.title)}" width="100%" height="{height}" frameborder="0" '
        'loading="lazy"></iframe>'
    )


@dataclass(frozen=True, slots=True)
class AskedInWords:
    """What a form asks, as its page says it. `is_gone` where there is no such field any more."""

    label: str
    caption: str
    is_required: bool
    is_gone: bool = False


def asked_in_words(form: WebForm, known: Mapping[str, Askable]) -> list[AskedInWords]:
    """What a form asks, in order."""
    return [
        AskedInWords(
            known[one.field].label if one.field in known else one.field,
            one.caption,
            one.is_required or one.field == EMAIL,
            is_gone=one.field not in known,
        )
        for one in form.asks
    ]
