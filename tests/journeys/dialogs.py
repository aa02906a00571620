"""Dialogs about one contact, as a browser sends them."""

import html
import re
from typing import Any

from django.test import Client

from contacts.models import Contact
from journeys.status.models import FunnelStatus

FROM_A_ROW = {"next": "/?stage=1", "stays": "1"}
HTMX = {"HX-Request": "true"}


def seen(contact: Contact) -> int:
    """The signature of the status that a person sees now."""
    return FunnelStatus.objects.get(pk=contact.pk).signature


def post(client: Client, contact: Contact, act: str, *, htmx: bool = False, **fields: Any) -> Any:
    """Send the form of a dialog; the signature is that of now unless it is given."""
    fields = {"signature": seen(contact), **fields}
    headers = {**HTMX, "HX-Target": f"{act}-form"} if htmx else {}
    return client.post(f"/contacts/{contact.pk}/{act}", fields, headers=headers)


def messages(response: Any) -> list[str]:
    """What the messages on a page say."""
    page = re.sub(r'<template id="no-answer">.*?</template>', "", response.text, flags=re.DOTALL)
    found = re.findall(r'<div class="message \w+">.*?<p>(.*?)</p>', page, re.DOTALL)
    return [html.unescape(message) for message in found]


def options(response: Any, name: str = "to") -> list[str]:
    """Headings and choices of a list, in their order; those that cannot be chosen in brackets."""
    (select,) = re.findall(rf'<select name="{name}".*?</select>', response.text, re.DOTALL)
    lines = re.findall(r'<optgroup label="([^"]*)"|<option([^>]*)>\s*(.*?)\s*</option>', select, re.DOTALL)
    return [
        f"# {heading}" if heading else f"({html.unescape(text)})" if "disabled" in attributes else html.unescape(text)
        for heading, attributes, text in lines
    ]
