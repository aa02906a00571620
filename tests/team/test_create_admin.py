"""`manage.py create_admin`: the first administrator, and a sentence for whatever is wrong."""

import getpass
import io
import sys
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from config.team.models import TeamMember
from config.team.roles import Role

pytestmark = pytest.mark.django_db

PHRASE = "a long enough phrase"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password is in the environment."""
    monkeypatch.setenv("ADMIN_PASSWORD", PHRASE)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`typed("one", "two")`: what somebody types at a terminal; then it ends."""
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    def typing(*passwords: str) -> None:
        answers = iter(passwords)

        def ask(prompt: str) -> str:
            try:
                return next(answers)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr(getpass, "getpass", ask)

    return typing


def create_admin(email: str, **options: str) -> str:
    said = io.StringIO()
    call_command("create_admin", email, stdout=said, **options)
    return said.getvalue()


def test_an_administrator_who_can_sign_in(given: None) -> None:
    assert create_admin("ana@example.com", name="Ana Lee") == "ana@example.com is an administrator now.\n"
    ana = TeamMember.objects.get()
    assert (ana.email, ana.name, ana.role, ana.is_active) == ("ana@example.com", "Ana Lee", Role.ADMINISTRATOR, True)
    assert ana.check_password(PHRASE)


def test_without_a_name_it_is_the_first_part_of_the_e_mail(given: None) -> None:
    create_admin("ana@example.com")
    assert TeamMember.objects.get().name == "ana"


@pytest.mark.parametrize(
    ("email", "name", "sentence"),
    [
        ("ana", "", "Enter a valid email address."),
        (f"{'a' * 250}@example.com", "Ana", "Ensure this value has at most 254 characters (it has 262)."),
        ("ana@example.com", "A" * 151, "Ensure this value has at most 150 characters (it has 151)."),
    ],
)
def test_what_cannot_be_is_said(given: None, email: str, name: str, sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        create_admin(email, name=name)
    assert str(refused.value) == sentence
    assert not TeamMember.objects.exists()


def test_an_e_mail_is_taken_whatever_its_case(given: None, operator: TeamMember) -> None:
    with pytest.raises(CommandError, match="is a team member already"):
        create_admin(operator.email.upper())
    assert TeamMember.objects.get().role is Role.OPERATOR


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError, match="This password is too short"):
        create_admin("ana@example.com")
    assert not TeamMember.objects.exists()


def test_the_password_is_asked_for_twice(typed: Callable[..., None]) -> None:
    typed(PHRASE, PHRASE)
    create_admin("ana@example.com")
    assert TeamMember.objects.get().check_password(PHRASE)


@pytest.mark.parametrize(
    ("passwords", "sentence"),
    [
        ((PHRASE, PHRASE + "s"), "The two passwords differ."),
        ((PHRASE,), "No password was given."),
        ((), "No password was given."),
    ],
)
def test_a_password_that_is_not_given_twice(
    typed: Callable[..., None], passwords: tuple[str, ...], sentence: str
) -> None:
    typed(*passwords)
    with pytest.raises(CommandError) as refused:
        create_admin("ana@example.com")
    assert str(refused.value) == sentence
    assert not TeamMember.objects.exists()


def test_without_a_terminal_it_says_where_the_password_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CommandError, match="Give the password in ADMIN_PASSWORD"):
        create_admin("ana@example.com")
