"""What passwords may be, and how long a session opens anything."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.team.models import TeamMember

PHRASE = " A phrase of Ána's with more than sixty-four letters, blanks at both ends and a 🌷 "


def change_password(client: Client, new: str, *, old: str = "the first phrase") -> int:
    sent = {"change": "password", "old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("team:my_account"), sent).status_code


def sign_in(member: TeamMember, password: str) -> Client | None:
    client = Client()
    answer = client.post(reverse("team:sign_in"), {"username": member.email, "password": password})
    return client if answer.status_code == 302 else None


@pytest.fixture
def vera(viewer: TeamMember) -> TeamMember:
    viewer.set_password("the first phrase")
    viewer.save()
    return viewer


def opens(client: Client) -> bool:
    return client.get(reverse("team:my_account")).status_code == 200


@pytest.mark.parametrize("password", [PHRASE, "x" * 128, "onlysmallletters", "        blanks        "])
def test_any_letters_make_a_password_and_all_of_them_count(vera: TeamMember, client_of, password: str) -> None:
    assert change_password(client_of(vera), password) == 302
    assert sign_in(vera, password)
    for other in (password.swapcase(), password.strip()[:-1], password + "x"):
        assert not sign_in(vera, other)


@pytest.mark.parametrize("password", ["seven77", "password1", "12345678901234", "vera.novak@example.com"])
def test_what_is_easily_guessed_is_none(vera: TeamMember, client_of, password: str) -> None:
    assert change_password(client_of(vera), password) == 422
    assert sign_in(vera, "the first phrase")


def test_who_changes_it_has_to_know_it(vera: TeamMember, client_of) -> None:
    assert change_password(client_of(vera), PHRASE, old="a guess of mine") == 422
    assert not sign_in(vera, PHRASE)


def test_signing_in_begins_a_new_session(vera: TeamMember) -> None:
    client = Client()
    client.get(reverse("team:sign_in"))
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32  # somebody else's choice
    client.post(reverse("team:sign_in"), {"username": vera.email, "password": "the first phrase"})
    first = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert first != "a" * 32
    assert len(first) == 32
    again = sign_in(vera, "the first phrase")
    assert again and again.cookies[settings.SESSION_COOKIE_NAME].value != first


def test_a_session_ends_after_two_weeks(vera: TeamMember) -> None:
    client = sign_in(vera, "the first phrase")
    assert client and opens(client)
    session = Session.objects.get()
    left = session.expire_date - timezone.now()
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14)
    Session.objects.update(expire_date=timezone.now())
    assert not opens(client)


def test_a_session_ends_with_the_account(vera: TeamMember) -> None:
    client = sign_in(vera, "the first phrase")
    assert client and opens(client)
    vera.is_active = False
    vera.save()
    assert not opens(client)
    assert not sign_in(vera, "the first phrase")


def test_a_new_password_ends_all_sessions_but_the_one_it_was_given_in(vera: TeamMember) -> None:
    here, elsewhere = sign_in(vera, "the first phrase"), sign_in(vera, "the first phrase")
    assert here and elsewhere
    assert change_password(here, PHRASE) == 302
    assert (opens(here), opens(elsewhere)) == (True, False)


def test_a_new_book_has_no_account(db: None) -> None:
    assert TeamMember.objects.count() == 0


def test_password_fields_hide_what_is_typed_and_let_a_password_manager_fill_them(vera: TeamMember, client_of) -> None:
    for page, fields in (
        (Client().get(reverse("team:sign_in")), ["password"]),
        (client_of(vera).get(reverse("team:my_account")), ["old_password", "new_password1", "new_password2"]),
    ):
        for name in fields:
            (tag,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', page.text)
            assert 'type="password"' in tag
            assert re.search('autocomplete="(current|new)-password"', tag)
