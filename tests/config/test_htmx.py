"""A page, or one part of it, from the same view and context."""

import pytest
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from config.announce import announce
from config.htmx import came_from, go_to, part_template, render_page, render_part

PAGE = "team/my_account.html"


@pytest.fixture
def asked(rf: RequestFactory, viewer):
    def ask(path: str = "/account", data: dict | None = None, **headers: str) -> HttpRequest:
        request = rf.post(path, data or {}, headers=headers) if data else rf.get(path, headers=headers)
        request.htmx = HtmxDetails(request)
        request.user = viewer
        request.session = SessionBase()
        request._messages = SessionStorage(request)
        return request

    return ask


def test_a_part_is_named_after_the_element_it_replaces() -> None:
    assert part_template("contacts/contacts.html", "contacts-list") == "contacts/_contacts_list.html"


@pytest.fixture
def a_part(settings, tmp_path) -> None:
    (templates,) = settings.TEMPLATES
    settings.TEMPLATES = [{**templates, "DIRS": [tmp_path, *templates["DIRS"]]}]
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "demo.html").write_text(
        '{% extends "base.html" %}{% block content %}whole {{ word }}{% endblock %}'
    )
    (tmp_path / "demo" / "_demo_list.html").write_text('<ul id="demo-list">{{ word }}</ul>')


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        ({}, True),
        ({"HX-Request": "true", "HX-Target": "demo-list"}, False),
        ({"HX-Request": "true", "HX-Target": "dialog"}, False),
        ({"HX-Request": "true", "HX-Target": "secret"}, True),
        ({"HX-Request": "true", "HX-Target": "../base"}, True),
        ({"HX-Request": "true", "HX-Target": "demo-list", "HX-History-Restore-Request": "true"}, True),
        ({"HX-Target": "demo-list"}, True),
    ],
)
def test_only_a_part_that_was_offered_is_given_alone(asked, a_part: None, headers: dict, is_whole: bool) -> None:
    request = asked(**headers)
    response = render_page(
        request, "demo/demo.html", {"word": "<3"}, parts=["demo-list"], dialog="demo-list", status=409
    )

    assert response.status_code == 409
    assert ("<!doctype html>" in response.text) is is_whole
    assert ("whole &lt;3" if is_whole else '<ul id="demo-list">&lt;3</ul>') in response.text
    assert response["Vary"] == "HX-Request, HX-Target"


def test_messages_come_along_with_a_part(asked, a_part: None) -> None:
    request = asked(**{"HX-Request": "true", "HX-Target": "demo-list"})
    announce(request, "Ana moved.")
    response = render_part(request, "demo/_demo_list.html", into="#demo-list", closes_dialog=True)

    assert '<template><div hx-swap-oob="innerHTML:#messages">' in response.text
    assert "<p>Ana moved.</p>" in response.text
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#demo-list", "outerHTML")
    assert "dialog:close" in response["HX-Trigger-After-Swap"]


def test_a_part_without_messages_leaves_those_shown_alone(asked, a_part: None) -> None:
    assert "hx-swap-oob" not in render_part(asked(**{"HX-Request": "true"}), "demo/_demo_list.html").text


def test_redirects_load_the_whole_page(asked) -> None:
    assert go_to(asked(), "/contacts")["Location"] == "/contacts"
    assert go_to(asked(**{"HX-Request": "true"}), "/contacts")["HX-Redirect"] == "/contacts"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/contacts?stage=3", "/contacts?stage=3"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_one_returns_to_this_site_only(asked, given: str, expected: str) -> None:
    assert came_from(asked(data={"next": given}), "/") == expected
