"""Which addresses a webhook may lead to: pure. `posting` asks it for each address it is about to connect to."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {80, 443}
"""The ports below 1024 that may be named: nobody speaks HTTP on the others."""

_RESERVED = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's translation
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, where clouds answer with their keys
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
]

_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
"""What lies outside is unspecified, loopback, IPv4-mapped, NAT64, unique local, link-local or multicast."""

_LOOKS_NUMERIC = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*{_LABEL}\.?")


def is_public(address: str) -> bool:
    """Whether an IP address, as it was resolved, is one of the open internet, and leads nowhere else inside itself."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.scope_id or ip not in _PUBLIC_IPV6):
        return False
    return ip.is_global and not any(ip in network for network in _RESERVED if network.version == ip.version)


class WrongAddress(ValueError):
    """Nothing can be posted to this address; says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str


def place_of(address: str, *, may_be_private: bool) -> Place:
    """What an address says. Whether a name leads to the open internet is known only when it is resolved.

    Args:
        may_be_private: http, any port and addresses of one's own network are allowed.

    Raises:
        WrongAddress
    """
    if re.search(r"[\x00-\x20\x7f\\]", address):
        raise WrongAddress("Give an address without spaces, control characters or backslashes.")
    try:
        parts = urlsplit(address)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError as error:
        raise WrongAddress("Give an address such as https://shop.example.com/funnelbook.") from error
    if parts.scheme not in ("https", "http"):
        raise WrongAddress("Give an address that begins with https://.")
    if "@" in parts.netloc:
        raise WrongAddress("Leave out the name and password: messages are signed.")
    if parts.fragment or address.endswith("#"):
        raise WrongAddress("Leave out what follows the #.")
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    if not may_be_private:
        _refuse_private(parts.scheme, host, port)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/?%:@!$&'()*+,;=~-._")
    return Place(parts.scheme, host, port, f"{path}?{query}" if query else path)


def _host(host: str) -> str:
    """Lower case, in ASCII. Raises ValueError for what is neither a name nor an IP address in its usual form."""
    if ":" in host:
        return str(ipaddress.IPv6Address(host))
    if _LOOKS_NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return str(ipaddress.IPv4Address(host))
    name = host.encode("idna").decode() if not host.isascii() else host
    if not _NAME.fullmatch(name):
        raise ValueError(host)
    return name


def _refuse_private(scheme: str, host: str, port: int) -> None:
    if scheme != "https":
        raise WrongAddress("Give an address that begins with https://.")
    if not (port in PORTS or 1024 <= port <= 65535):
        raise WrongAddress(f"Port {port} is not one where webhooks are received.")
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith((".localhost", ".local", ".internal")):
        raise WrongAddress("This address is not on the open internet.")
    is_ip = ":" in host or host.rsplit(".", 1)[-1].isdecimal()
    if is_ip and not is_public(host):
        raise WrongAddress("This address is not on the open internet.")
