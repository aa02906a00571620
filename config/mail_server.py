"""The mail server that `EMAIL_URL` names."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config.trouble import Trouble

_PORTS = {"smtp": 587, "smtps": 465}


def mail_settings_of(given: str, *, host_of_links: str) -> dict[str, Any]:
    """Django's settings for sending mail; none if nothing is given.

    `smtp://` asks for STARTTLS unless it ends in `?tls=no`; `smtps://` is TLS from the first byte; `console:` writes
    mails to standard output. `from=` is the sender, else the name, if that is an address.

    Raises:
        Trouble: it is no address of a mail server.
    """
    if not given.strip():
        return {}
    try:
        parts = urlsplit(given.strip())
        said = {name: values[-1] for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
        port = parts.port or _PORTS.get(parts.scheme, 0)
        name = unquote(parts.username or "")
        sender = said.pop("from", "") or (name if "@" in name else f"funnelbook@{host_of_links}")
        encrypts = said.pop("tls", "yes")
        if parts.scheme == "console" and not parts.netloc and not said:
            backend = "django.core.mail.backends.console.EmailBackend"
        elif parts.scheme in _PORTS and parts.hostname and parts.path in ("", "/") and not said:
            backend = "django.core.mail.backends.smtp.EmailBackend"
        else:
            raise ValueError
        if encrypts not in ("yes", "no"):
            raise ValueError
        if sender != f"funnelbook@{host_of_links}":
            validate_email(sender)
    except (ValueError, ValidationError):
        raise Trouble(
            "EMAIL_URL has to be the address of a mail server, such as "
            "smtp://name:password@mail.example.com:587?from=funnelbook@example.com"
        ) from None
    return {
        "EMAIL_BACKEND": backend,
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": name,
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp" and encrypts == "yes",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "DEFAULT_FROM_EMAIL": sender,
    }
