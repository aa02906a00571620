"""What `EMAIL_URL` means."""

import pytest

from config.mail_server import mail_settings_of
from config.trouble import Trouble


def read(given: str) -> tuple:
    found = mail_settings_of(given, host_of_links="funnel.example.com")
    return (
        found["EMAIL_BACKEND"].split(".")[4],
        found["EMAIL_HOST"],
        found["EMAIL_PORT"],
        found["EMAIL_HOST_USER"],
        found["EMAIL_HOST_PASSWORD"],
        "starttls" if found["EMAIL_USE_TLS"] else "tls" if found["EMAIL_USE_SSL"] else "",
        found["DEFAULT_FROM_EMAIL"],
    )


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (
            "smtp://ana:se%40cret@mail.example.com",
            ("smtp", "mail.example.com", 587, "ana", "se@cret", "starttls", "funnelbook@funnel.example.com"),
        ),
        (
            "smtps://ana%40example.com:secret@mail.example.com",
            ("smtp", "mail.example.com", 465, "ana@example.com", "secret", "tls", "ana@example.com"),
        ),
        (
            "smtp://localhost:25?tls=no&from=book@example.com",
            ("smtp", "localhost", 25, "", "", "", "book@example.com"),
        ),
        ("console:", ("console", "", 0, "", "", "", "funnelbook@funnel.example.com")),
    ],
)
def test_a_server_is_read(given: str, meant: tuple) -> None:
    assert read(given) == meant


def test_none_is_none() -> None:
    assert mail_settings_of(" ", host_of_links="localhost") == {}


@pytest.mark.parametrize(
    "given",
    [
        *("mail.example.com", "http://mail.example.com", "smtp://", "smtp://a:b@mail.example.com:many", "console://x"),
        *("smtp://mail.example.com/inbox", "smtp://mail.example.com?tls=maybe", "smtp://mail.example.com?x=1"),
        *("smtp://mail.example.com?from=nobody", "smtp://mail.example.com?from=a@b.org%0ABcc:c@d.org", "smtp://[1"),
    ],
)
def test_anything_else_is_told_in_a_sentence_without_its_password(given: str) -> None:
    with pytest.raises(Trouble) as told:
        mail_settings_of(given, host_of_links="localhost")
    assert str(told.value) == (
        "EMAIL_URL has to be the address of a mail server, such as "
        "smtp://name:password@mail.example.com:587?from=funnelbook@example.com"
    )
