"""Which addresses a webhook may lead to. For those that it may not, no socket is opened, whatever the name says."""

import socket

import pytest

from journeys.webhooks.addresses import WrongAddress, is_public, place_of
from journeys.webhooks.posting import Answer, post

NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3"),
    *("169.254.169.254", "169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.170"),
    *("192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
    "255.255.255.255",
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1"),
    *("2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("1.1.1.1%eth0", "2606:4700::1%2", "", "localhost", "8.8.8.8 ", "08.8.8.8", "0x7f.1"),
]

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "192.0.1.1",
    "11.0.0.1",
]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001:830::200e", "2001:200::1", "2003::1", "223.255.255.255"]

HOSTILE = [
    # this machine and its networks
    *("https://127.0.0.1/", "https://127.0.0.1:8000/", "https://0.0.0.0/", "https://10.0.0.1/", "https://172.16.3.4/"),
    *("https://192.168.1.1/admin", "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/"),
    *("https://224.0.0.1/", "https://255.255.255.255/", "https://192.0.2.1/", "https://198.18.0.1/"),
    *("https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
    *("https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001::1]/", "https://[fd00::1]/"),
    *("https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[ff02::1]/", "https://[::127.0.0.1]/"),
    # the same in other spellings
    *("https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://2130706433/", "https://127.1/"),
    *("https://127.0.1/", "https://017700000001/", "https://127.0.0.1./", "https://0/", "https://①②⑦.⓪.⓪.①/"),
    *("https://127。0。0。1/", "https://00000127.0.0.1/", "https://1.1.1.1.1/", "https://1.1.1/", "https://0x/"),
    # names that lead here
    *("https://localhost/", "https://LOCALHOST./", "https://app.localhost/", "https://printer.local/"),
    *("https://metadata.google.internal/computeMetadata/v1/",),
    # other schemes, ports and parts of an address
    *("http://shop.example.com/", "ftp://shop.example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x"),
    *("//shop.example.com/", "shop.example.com", "javascript:alert(1)", "https:///path", "https://", "https://:443/"),
    *("https://shop.example.com:22/", "https://shop.example.com:25/", "https://shop.example.com:0/"),
    *("https://shop.example.com:65536/", "https://shop.example.com:port/", "https://shop.example.com:-1/"),
    *("https://me:secret@shop.example.com/", "https://127.0.0.1@shop.example.com/", "https://@shop.example.com/"),
    *("https://shop.example.com#@127.0.0.1/", "https://shop.example.com/#x", "https://shop.example.com\\@127.0.0.1/"),
    *("https://shop.example.com/a b", "https://shop.example.com/\r\nHost: x", "https://shop.example.com/\0"),
    *("https://[::1", "https://[not-an-address]/", "https://shop..example.com/", "https://-/", "https://*.example/"),
    *("https://sh%6fp.example.com/", "https://shop_.example.com,evil.example/", "https://" + "a" * 64 + ".example/"),
]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What sockets were opened, or would have been."""
    made: list[object] = []

    class Opened(socket.socket):
        def __init__(self, *args: object, **kwargs: object) -> None:
            made.append(args)
            raise OSError("A test opened a socket.")

    monkeypatch.setattr(socket, "socket", Opened)
    return made


def sent_to(address: str, *, may_be_private: bool = False) -> Answer:
    return post(address, body=b"{}", headers={}, may_be_private=may_be_private)


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses. Returns the names that were asked for."""
    asked = []

    def answer(host: str, port: int, *args: object, **kwargs: object) -> list[tuple]:
        asked.append(host)
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [(family, 1, 6, "", (address, port)) for family, address in zip(families, addresses, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_of_the_open_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_of_the_open_internet(address: str) -> None:
    assert is_public(address)


def test_there_are_enough_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 50


@pytest.mark.parametrize("address", HOSTILE)
def test_for_a_hostile_address_no_socket_is_opened(
    opened: list[object], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names = leads_to(monkeypatch, "93.184.215.14")  # even if the name leads to the open internet
    with pytest.raises(WrongAddress) as refused:
        place_of(address, may_be_private=False)
    assert sent_to(address) == Answer(error=str(refused.value))
    assert (opened, names) == ([], [])


@pytest.mark.parametrize("address", [address for address in NOT_PUBLIC if address and not address[0].isalpha()])
def test_a_name_that_leads_to_one_of_them_opens_no_socket(
    opened: list[object], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    names = leads_to(monkeypatch, address)
    answer = sent_to("https://shop.example.com/hook")
    assert answer == Answer(error="This address does not lead to the open internet.")
    assert (opened, names) == ([], ["shop.example.com"])


def test_one_address_of_a_name_that_is_not_public_is_enough(
    opened: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads_to(monkeypatch, "93.184.215.14", "10.0.0.1")
    assert sent_to("https://shop.example.com/").error == "This address does not lead to the open internet."
    assert opened == []


def test_a_public_one_is_connected_to_and_the_name_is_asked_for_once(
    opened: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket goes to the address that was checked: a name that leads elsewhere a moment later is not asked."""
    names = leads_to(monkeypatch, "93.184.215.14")
    assert sent_to("https://shop.example.com/hook").status is None
    assert (opened, names) == ([(socket.AF_INET, socket.SOCK_STREAM)], ["shop.example.com"])


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("https://shop.example.com", ("https", "shop.example.com", 443, "/")),
        ("HTTPS://Shop.Example.com:8443/hook?a=1&b=%20", ("https", "shop.example.com", 8443, "/hook?a=1&b=%20")),
        ("https://bücher.example/höre", ("https", "xn--bcher-kva.example", 443, "/h%C3%B6re")),
        ("https://8.8.8.8/", ("https", "8.8.8.8", 443, "/")),
        ("https://[2606:4700::1111]:1024/", ("https", "2606:4700::1111", 1024, "/")),
        ("https://hooks.example.com/T0/B0/a@b", ("https", "hooks.example.com", 443, "/T0/B0/a@b")),
    ],
)
def test_what_an_address_says(address: str, place: tuple) -> None:
    found = place_of(address, may_be_private=False)
    assert (found.scheme, found.host, found.port, found.path) == place


def test_ones_own_network_is_reached_where_that_is_allowed() -> None:
    for address, port in [("http://127.0.0.1:9000/", 9000), ("http://crm/", 80), ("https://10.0.0.1:22/", 22)]:
        assert place_of(address, may_be_private=True).port == port
    for address in ("ftp://10.0.0.1/", "http://me@10.0.0.1/", "http://127.1/", "http://0x7f000001/"):
        with pytest.raises(WrongAddress):
            place_of(address, may_be_private=True)
