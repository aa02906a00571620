"""Signing in: who gets in, where they land, what others are told."""

import re

import pytest
from django.test import Client

from config.team.models import TeamMember

SIGN_IN = "/sign-in"
PASSWORD = "a long enough secret"


@pytest.fixture
def ana(administrator: TeamMember) -> TeamMember:
    administrator.set_password(PASSWORD)
    administrator.save()
    return administrator


def sign_in(client: Client, email: str, password: str, **more: str):
    return client.post(SIGN_IN, {"username": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_right_password_leads_to_the_customer_journey(client: Client, ana: TeamMember) -> None:
    response = sign_in(client, ana.email, PASSWORD)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(ana.pk)


def test_the_case_of_the_email_does_not_matter(client: Client, ana: TeamMember) -> None:
    assert sign_in(client, ana.email.upper(), PASSWORD).status_code == 302
    assert is_signed_in(client)


def test_a_page_that_asked_for_signing_in_is_where_one_lands(client: Client, ana: TeamMember) -> None:
    asked = client.get("/account?tab=1")
    assert (asked.status_code, asked["Location"]) == (302, "/sign-in?next=/account%3Ftab%3D1")

    form = client.get(asked["Location"])
    assert '<input type="hidden" name="next" value="/account?tab=1">' in form.text

    assert sign_in(client, ana.email, PASSWORD, next="/account?tab=1")["Location"] == "/account?tab=1"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_host(client: Client, ana: TeamMember, elsewhere: str) -> None:
    assert sign_in(client, ana.email, PASSWORD, next=elsewhere)["Location"] == "/"


def test_a_wrong_password_is_said_beside_it_and_the_email_is_kept(client: Client, ana: TeamMember) -> None:
    response = sign_in(client, ana.email, "wrong", next="/account")

    assert response.status_code == 422
    assert response.context["form"].errors == {"password": ["E-mail and password do not belong together."]}
    assert f'value="{ana.email}"' in response.text
    assert 'name="next" value="/account"' in response.text
    password = re.search(r"<input[^>]*id_password[^>]*>", response.text)[0]  # type: ignore[index]
    assert 'aria-invalid="true"' in password and 'aria-describedby="id_password_error"' in password
    assert "autofocus" in password and "wrong" not in response.text
    assert not is_signed_in(client)


def test_an_unknown_email_is_answered_like_a_wrong_password(client: Client, ana: TeamMember) -> None:
    known, unknown = sign_in(client, ana.email, "wrong"), sign_in(client, "nobody@example.com", "wrong")
    assert known.context["form"].errors == unknown.context["form"].errors
    assert known.status_code == unknown.status_code


def test_nothing_typed_is_said_beside_both_fields(client: Client, ana: TeamMember) -> None:
    response = sign_in(client, "", "")

    assert response.context["form"].errors == {"username": ["Give your e-mail."], "password": ["Give your password."]}
    assert 'id="id_username_error"' in response.text and 'id="id_password_error"' in response.text


def test_somebody_who_left_does_not_get_in(client: Client, ana: TeamMember) -> None:
    TeamMember.objects.filter(pk=ana.pk).update(is_active=False)

    assert sign_in(client, ana.email, PASSWORD).status_code == 422
    assert not is_signed_in(client)


def test_after_ten_failures_one_waits_and_is_told_how_long(client: Client, ana: TeamMember) -> None:
    emails = [ana.email, ana.email.upper()]
    answers = [sign_in(client, emails[n % 2], "wrong") for n in range(10)]

    assert [answer.status_code for answer in answers] == [422] * 9 + [429]
    assert "in 15 minutes, at " in answers[-1].text
    assert sign_in(client, ana.email, PASSWORD).status_code == 429
    assert not is_signed_in(client)


def test_only_that_person_from_that_address_has_to_wait(client: Client, ana: TeamMember, marketer: TeamMember) -> None:
    marketer.set_password(PASSWORD)
    marketer.save()
    for _ in range(10):
        sign_in(client, ana.email, "wrong")

    assert sign_in(client, marketer.email, PASSWORD).status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, ana.email, PASSWORD).status_code == 302


def test_whoever_is_signed_in_is_sent_on(client_of, viewer: TeamMember) -> None:
    response = client_of(viewer).get(SIGN_IN)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_part_asked_for_after_the_session_ended_loads_the_page_whole(client: Client, ana: TeamMember) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": "http://testserver/contacts?q=ana"}
    response = client.get("/sign-in?next=/contacts/part", headers=asked)

    assert response["HX-Redirect"] == "/sign-in?next=%2Fcontacts%3Fq%3Dana"
    assert response.content == b""


def test_a_form_without_its_token_is_refused_in_words(ana: TeamMember) -> None:
    response = Client(enforce_csrf_checks=True).post(SIGN_IN, {"username": "a@example.com", "password": "x"})

    assert response.status_code == 403
    assert "This page was open for too long. Reload it and try again." in response.text
