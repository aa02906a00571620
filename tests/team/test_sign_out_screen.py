"""Signing out: asked for by a link, done by a POST."""

from django.test import Client

from config.team.models import TeamMember

SIGN_OUT = "/sign-out"


def test_signing_out_takes_a_post(client_of, viewer: TeamMember) -> None:
    client = client_of(viewer)
    asked = client.get(SIGN_OUT)
    assert "You are signed in as Vera Novak." in asked.text
    assert "_auth_user_id" in client.session

    response = client.post(SIGN_OUT)
    assert (response.status_code, response["Location"]) == (302, "/sign-in")
    assert "_auth_user_id" not in client.session


def test_signing_out_twice_does_no_harm(client: Client, viewer: TeamMember) -> None:
    assert "You are signed out" in client.get(SIGN_OUT).text
    assert client.post(SIGN_OUT).status_code == 302
