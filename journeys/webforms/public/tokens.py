"""The token of a public page: what is sent from one page is kept once, however often it is sent."""

import secrets

from django.core import signing

from journeys.webforms.models import WebForm

_SALT = "journeys.webforms.public.tokens"


def new_token(form: WebForm) -> str:
    """The token of one more page of a form, as the page carries it."""
    return signing.dumps([form.pk, secrets.token_hex(16)], salt=_SALT)


def read_token(form: WebForm, text: str) -> str | None:
    """What makes a page of this form different from all others; None for a token that was not made here for it."""
    try:
        number, token = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        return None
    return token if number == form.pk else None
