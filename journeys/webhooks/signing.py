"""Secrets and signatures of webhooks, as Standard Webhooks 1.0 has them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from django.utils.crypto import salted_hmac

BEGINNING = "whsec_"
_PURPOSE = "journeys.webhooks.signing"


def new_seed() -> str:
    """What is stored in place of a secret."""
    return secrets.token_urlsafe(32)


def secret_of(seed: str) -> str:
    """The secret that this installation makes of a seed, for the receiver. The seed alone opens nothing."""
    return BEGINNING + base64.b64encode(_key(seed)).decode()


def beginning_of(secret: str) -> str:
    """So much of a secret as people may see again, to recognise it."""
    return secret[: len(BEGINNING) + 6]


def signature(seeds: Iterable[str], *, message: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature: a signature with each of the secrets."""
    signed = f"{message}.{timestamp}.".encode() + body
    return " ".join(
        f"v1,{base64.b64encode(hmac.new(_key(seed), signed, hashlib.sha256).digest()).decode()}" for seed in seeds
    )


def _key(seed: str) -> bytes:
    return salted_hmac(_PURPOSE, seed, algorithm="sha256").digest()
