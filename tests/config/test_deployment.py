"""What Django's own check of a deployment says, and what every answer carries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.installation import FROM_THE_TESTS, MANAGE


def manage(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of an installation behind https, with a database that it need not have."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith((*FROM_THE_TESTS, "DJANGO"))}
    given = {"DJANGO_SETTINGS_MODULE": "config.settings", "FUNNELBOOK_DATA": str(folder)}
    return subprocess.run(
        [sys.executable, MANAGE, *arguments], env=inherited | given | environment, capture_output=True, text=True
    )


def test_djangos_check_of_a_deployment_finds_nothing(database_server: str, tmp_path: Path) -> None:
    options = ["check", "--deploy", "--fail-level", "WARNING"]
    found = manage(tmp_path, *options, DATABASE_URL=database_server, PUBLIC_URL="https://book.example.com")
    silenced = len(settings.SILENCED_SYSTEM_CHECKS)
    assert found.stderr == ""
    assert found.returncode == 0
    assert found.stdout == f"System check identified no issues ({silenced} silenced).\n"


def test_without_https_it_would_find_something(database_server: str, tmp_path: Path) -> None:
    found = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", DATABASE_URL=database_server)
    assert found.returncode == 1
    assert "(security.W012) SESSION_COOKIE_SECURE is not set to True." in found.stderr


def test_by_https_cookies_belong_to_this_host_alone(database_server: str, tmp_path: Path) -> None:
    names = "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME)"
    shell = ["shell", "--verbosity", "0", "-c", names]
    found = manage(tmp_path, *shell, DATABASE_URL=database_server, PUBLIC_URL="https://book.example.com")
    assert found.stdout == "__Host-session __Host-csrf\n"
    assert manage(tmp_path, *shell, DATABASE_URL=database_server).stdout == "sessionid csrftoken\n"


@pytest.mark.parametrize("address", ["team:sign_in", "team:my_account", "api:openapi", "api:stages"])
def test_every_answer_tells_browsers_what_they_may_do(client_of, viewer, address: str) -> None:
    for client in (Client(), client_of(viewer)):
        answer = client.get(reverse(address))
        policy = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"
        assert "Access-Control-Allow-Origin" not in answer


def test_cookies_are_for_no_script_and_no_other_site(viewer) -> None:
    viewer.set_password("a long enough phrase")
    viewer.save()
    client = Client()
    form = {"username": viewer.email, "password": "a long enough phrase"}
    cookies = client.post(reverse("team:sign_in"), form).cookies | client.get(reverse("team:my_account")).cookies
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


def test_who_signs_out_leaves_nothing_in_the_browser(client_of, viewer) -> None:
    client = client_of(viewer)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    answer = client.post(reverse("team:sign_out"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    assert client.get(reverse("team:my_account")).status_code == 302


@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/static/../manage.py", "/static/%2e%2e/manage.py", "/data/secret_key"]
)
def test_no_file_but_those_meant_to_be_is_served(client_of, administrator, path: str) -> None:
    assert client_of(administrator).get(path).status_code == 404
