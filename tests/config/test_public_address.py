"""What `PUBLIC_URL` and `TRUSTED_PROXIES` mean, and that nobody else's headers are believed."""

import pytest
from axes.models import AccessAttempt
from django.test import Client, RequestFactory

from config.public_address import absolute_address, client_address, proxies_of, public_address_of
from config.team.models import TeamMember
from config.trouble import Trouble

LOCAL = "127.0.0.1"


@pytest.mark.parametrize(
    ("given", "url", "host", "is_secure"),
    [
        ("https://funnel.example.com", "https://funnel.example.com", "funnel.example.com", True),
        (" https://Funnel.Example.com/ ", "https://funnel.example.com", "funnel.example.com", True),
        ("http://192.0.2.7:8000", "http://192.0.2.7:8000", "192.0.2.7", False),
        ("https://[2001:db8::7]:8443", "https://[2001:db8::7]:8443", "[2001:db8::7]", True),
        ("https://bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example", True),
    ],
)
def test_an_address_is_read(given: str, url: str, host: str, is_secure: bool) -> None:
    found = public_address_of(given)
    assert found
    assert (found.url, found.host, found.is_secure) == (url, host, is_secure)


def test_none_is_none() -> None:
    assert public_address_of("") is None


@pytest.mark.parametrize(
    "given",
    [
        *("funnel.example.com", "ftp://funnel.example.com", "https://", "https:///x", "https://a.example/funnel"),
        *("https://a.example?x=1", "https://a.example#x", "https://ana@a.example", "https://a.example:eighty"),
        *("https://a.example:99999", "https://a b.example", "https://*", "https://a.example,b.example", "https://[1"),
    ],
)
def test_anything_else_is_told_in_a_sentence(given: str) -> None:
    with pytest.raises(Trouble) as told:
        public_address_of(given)
    assert str(told.value) == (
        "PUBLIC_URL has to be the address that browsers use, such as https://funnel.example.com, without a path."
    )


@pytest.mark.parametrize("given", ["proxy", "127.0.0.1;10.0.0.1", "10.0.0.0/64", "127.0.0.1,*"])
def test_proxies_that_are_none_are_told_in_a_sentence(given: str) -> None:
    with pytest.raises(Trouble) as told:
        proxies_of(given)
    assert str(told.value) == (
        "TRUSTED_PROXIES has to hold addresses or networks, with commas, such as 127.0.0.1,10.0.0.0/8."
    )


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("", "10.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),  # the first one was written by whoever asked
        ("192.0.2.7, 10.1.2.3", "192.0.2.7"),  # two proxies
        ("10.1.2.3", "10.1.2.3"),
        ("somebody, 10.1.2.3", "10.1.2.3"),
        ("somebody", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_a_proxy_speaks_for_the_last_one_that_is_none(forwarded_for: str, client: str) -> None:
    assert client_address("10.0.0.1", forwarded_for, proxies_of("10.0.0.0/8")) == client


def fail_to_sign_in(times: int, **headers: str) -> list[int]:
    """The status of each attempt, the nth of which says it comes from `192.0.2.<n>`."""
    client = Client()
    return [
        client.post(
            "/sign-in",
            {"username": "ana.silva@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"192.0.2.{number}", **headers},  # type: ignore[arg-type]
        ).status_code
        for number in range(times)
    ]


def test_a_forged_address_does_not_help_against_the_limit_of_signing_in(administrator: TeamMember) -> None:
    assert fail_to_sign_in(10) == [422] * 9 + [429]
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {LOCAL}


def test_a_forged_address_before_that_of_the_proxy_does_not_help_either(administrator: TeamMember, settings) -> None:
    settings.TRUSTED_PROXIES = proxies_of(LOCAL)
    client = Client()
    answers = [
        client.post(
            "/sign-in",
            {"username": "ana.silva@example.com", "password": "wrong"},
            headers={"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.9"},
        ).status_code
        for number in range(10)
    ]
    assert answers == [422] * 9 + [429]


def test_a_trusted_proxy_is_believed(administrator: TeamMember, settings) -> None:
    settings.TRUSTED_PROXIES = proxies_of(LOCAL)
    assert fail_to_sign_in(10) == [422] * 10
    assert AccessAttempt.objects.filter(ip_address="192.0.2.9").count() == 1


def test_a_forged_address_does_not_help_against_the_limit_of_the_api(administrator: TeamMember) -> None:
    client = Client()
    answers = [
        client.get(
            "/api/stages",
            headers={
                "Authorization": "Basic YW5hLnNpbHZhQGV4YW1wbGUuY29tOndyb25n",  # ana.silva@example.com:wrong
                "X-Forwarded-For": f"192.0.2.{number}",
            },
        ).status_code
        for number in range(10)
    ]
    assert answers == [401] * 9 + [429]


@pytest.fixture
def by_https(settings) -> None:
    """Settings as they are with `PUBLIC_URL=https://funnel.example.com`."""
    settings.PUBLIC_URL = "https://funnel.example.com"
    settings.ALLOWED_HOSTS = ["funnel.example.com"]
    settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_URL]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.TRUSTED_PROXIES = proxies_of(LOCAL)


HERE = {"Host": "funnel.example.com"}


def test_by_https_cookies_are_secure_and_browsers_are_told_to_stay(by_https: None, viewer: TeamMember) -> None:
    response = Client().get("/sign-in", headers={**HERE, "X-Forwarded-Proto": "https"})
    assert response.status_code == 200
    assert response["Strict-Transport-Security"] == "max-age=31536000"
    assert response.cookies["csrftoken"]["secure"]


def test_who_came_to_the_proxy_by_http_is_sent_to_https(by_https: None, viewer: TeamMember) -> None:
    response = Client().get("/sign-in?next=/", headers={**HERE, "X-Forwarded-Proto": "http"})
    assert (response.status_code, response["Location"]) == (301, "https://funnel.example.com/sign-in?next=/")
    api = Client().get("/api/stages", headers={**HERE, "X-Forwarded-Proto": "http"})
    assert api.status_code == 401


def test_a_proxy_that_is_not_trusted_neither_loops_nor_weakens(by_https: None, viewer: TeamMember, settings) -> None:
    settings.TRUSTED_PROXIES = []
    response = Client().get("/sign-in", headers={**HERE, "X-Forwarded-Proto": "http"})
    assert response.status_code == 200
    assert response["Strict-Transport-Security"] == "max-age=31536000"


def test_forms_are_taken_from_the_public_address_alone(by_https: None, administrator: TeamMember) -> None:
    client = Client(enforce_csrf_checks=True)
    sent = {"username": "ana.silva@example.com", "password": "wrong"}
    client.get("/sign-in", headers=HERE)
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    for origin, answer in [("https://funnel.example.com", 422), ("https://evil.example", 403)]:
        assert client.post("/sign-in", sent, headers={**HERE, **token, "Origin": origin}).status_code == answer


def test_another_host_is_refused(by_https: None, viewer: TeamMember) -> None:
    for host in ("localhost", "evil.example"):
        assert Client().get("/sign-in", headers={"Host": host}).status_code == 400


def test_a_forged_https_is_not_believed(viewer: TeamMember, rf: RequestFactory) -> None:
    response = Client().get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert not response.wsgi_request.is_secure()


def test_links_are_those_of_the_public_address_whatever_host_was_asked(rf: RequestFactory, settings) -> None:
    request = rf.get("/settings/team")
    settings.PUBLIC_URL = ""
    assert absolute_address("/runs/7", request) == "http://testserver/runs/7"
    settings.PUBLIC_URL = "https://funnel.example.com"
    assert absolute_address("/runs/7", request) == "https://funnel.example.com/runs/7"
    assert absolute_address("/runs/7") == "https://funnel.example.com/runs/7"


def test_without_one_links_lead_to_this_machine(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PUBLIC_URL = ""
    monkeypatch.setenv("PORT", "8123")
    assert absolute_address("/runs/7") == "http://127.0.0.1:8123/runs/7"
