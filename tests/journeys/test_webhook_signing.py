"""Secrets and signatures: the reference of Standard Webhooks verifies them, and the database cannot make them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from journeys.webhooks.models import Webhook
from journeys.webhooks.signing import beginning_of, new_seed, secret_of, signature

BODY = '{"type":"webhook.test","data":{"name":"Ünïcode"}}'.encode()


def signed(*seeds: str, body: bytes = BODY, message: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
    timestamp = int((at or datetime.now(UTC)).timestamp())
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(seeds, message=message, timestamp=timestamp, body=body),
    }


def test_the_reference_verifies_a_signature() -> None:
    seed = new_seed()
    assert Verifier(secret_of(seed)).verify(BODY, signed(seed))["data"] == {"name": "Ünïcode"}


def test_both_secrets_verify_while_one_takes_the_place_of_the_other() -> None:
    old, new = new_seed(), new_seed()
    for seed in (old, new):
        Verifier(secret_of(seed)).verify(BODY, signed(new, old))
    with pytest.raises(WebhookVerificationError):
        Verifier(secret_of(old)).verify(BODY, signed(new))


@pytest.mark.parametrize(
    "changed",
    [{"webhook-id": "msg_2"}, {"webhook-timestamp": str(int(datetime.now(UTC).timestamp()) - 7)}],
)
def test_what_was_changed_on_the_way_is_not_verified(changed: dict[str, str]) -> None:
    seed = new_seed()
    with pytest.raises(WebhookVerificationError):
        Verifier(secret_of(seed)).verify(BODY, signed(seed) | changed)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret_of(seed)).verify(BODY + b" ", signed(seed))
    with pytest.raises(WebhookVerificationError):
        Verifier(secret_of(new_seed())).verify(BODY, signed(seed))


def test_a_secret_has_the_form_and_the_length_of_the_standard() -> None:
    secret = secret_of(new_seed())
    assert (secret[:6], len(secret)) == ("whsec_", len("whsec_") + 44)  # 32 bytes
    assert beginning_of(secret) == secret[:12]
    assert len({new_seed() for _ in range(100)}) == 100


def test_a_seed_without_the_key_of_the_installation_makes_another_secret() -> None:
    seed = new_seed()
    secret = secret_of(seed)
    with override_settings(SECRET_KEY="another installation's"):
        assert secret_of(seed) != secret
    assert secret_of(seed) == secret


def test_the_former_secret_signs_until_its_end() -> None:
    end = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
    webhook = Webhook(seed="new", former_seed="old", former_until=end)
    assert webhook.seeds_at(end - timedelta(seconds=1)) == ["new", "old"]
    assert webhook.seeds_at(end) == ["new"]
    assert Webhook(seed="only").seeds_at(end) == ["only"]
