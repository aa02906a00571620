"""Under which address people and applications find this installation, and which proxies stand before it."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from config.trouble import Trouble

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """What `PUBLIC_URL` names. `url` ends without a slash, `host` is as browsers send it, without the port."""

    url: str
    host: str
    is_secure: bool


def public_address_of(given: str) -> PublicAddress | None:
    """None if nothing is given.

    Raises:
        Trouble: it is no address, or more than an address.
    """
    if not given.strip():
        return None
    try:
        parts = urlsplit(given.strip())
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        host = ""
    is_whole = host and parts.scheme in ("http", "https") and not any((parts.query, parts.fragment, parts.username))
    if not is_whole or parts.path not in ("", "/") or not _is_host(host):
        raise Trouble(
            "PUBLIC_URL has to be the address that browsers use, such as https://funnel.example.com, without a path."
        )
    host = f"[{host}]" if ":" in host else host
    return PublicAddress(f"{parts.scheme}://{host}{port}", host, parts.scheme == "https")


def _is_host(host: str) -> bool:
    return all(character.isalnum() or character in ".-_:" for character in host)


def proxies_of(given: str) -> list[Network]:
    """The proxies that `TRUSTED_PROXIES` names.

    Raises:
        Trouble: one of them is neither an address nor a network.
    """
    try:
        return [ipaddress.ip_network(one.strip(), strict=False) for one in given.split(",") if one.strip()]
    except ValueError:
        raise Trouble(
            "TRUSTED_PROXIES has to hold addresses or networks, with commas, such as 127.0.0.1,10.0.0.0/8."
        ) from None


def is_proxy(address: str, proxies: Sequence[Network]) -> bool:
    """Whether a request from this address came through one of the proxies."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    known = getattr(known, "ipv4_mapped", None) or known
    return any(known in network for network in proxies)


def client_address(sender: str, forwarded_for: str, proxies: Sequence[Network]) -> str:
    """Who a proxy speaks for: the last address of `X-Forwarded-For` that is not of a proxy itself.

    What stands before that one was written by whoever asked, and is not believed.
    """
    found = sender
    for said in reversed(forwarded_for.split(",")):
        try:
            found = str(ipaddress.ip_address(said.strip()))
        except ValueError:
            break
        if not is_proxy(found, proxies):
            break
    return found


def absolute_address(path: str, request: HttpRequest | None = None) -> str:
    """An address of ours in full: under `PUBLIC_URL`, else where the request came to, else on this machine."""
    if settings.PUBLIC_URL:
        return settings.PUBLIC_URL + path
    if request:
        return request.build_absolute_uri(path)
    return f"http://127.0.0.1:{os.environ.get('PORT', '8000')}{path}"
