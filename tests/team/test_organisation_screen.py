"""Settings, organisation: an Administrator's."""

import pytest
from django.test import Client

from config.team.models import Organisation, TeamMember

ORGANISATION = "/settings/organisation"
GIVEN = {"name": "Nordlys Print", "time_zone": "Europe/Oslo", "first_day_of_week": "7"}


def stored() -> tuple:
    return Organisation.objects.values_list("name", "time_zone", "first_day_of_week").get()


def test_an_administrator_changes_it(client_of, administrator: TeamMember) -> None:
    client = client_of(administrator)
    response = client.post(ORGANISATION, GIVEN)

    assert (response.status_code, response["Location"]) == (302, ORGANISATION)
    assert stored() == ("Nordlys Print", "Europe/Oslo", 7)
    page = client.get(ORGANISATION).text
    assert "The organisation was saved." in page
    assert '<option value="Europe/Oslo" selected>Oslo</option>' in page


@pytest.mark.parametrize("role", ["marketer", "operator", "viewer"])
def test_others_are_told_the_role_it_needs(request, client_of, role: str) -> None:
    client = client_of(request.getfixturevalue(role))

    for response in (client.get(ORGANISATION), client.post(ORGANISATION, GIVEN)):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert stored() == ("My organisation", "UTC", 1)
    assert ORGANISATION not in client.get("/account").text


def test_bad_input_stays_with_an_error_beside_each_field(client_of, administrator: TeamMember) -> None:
    sent = {"name": "", "time_zone": "Mars/Olympus", "first_day_of_week": "3"}
    response = client_of(administrator).post(ORGANISATION, sent)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name", "time_zone", "first_day_of_week"]
    assert '<option value="Mars/Olympus" selected>' in response.text
    assert "<small>My organisation</small>" in response.text
    assert stored() == ("My organisation", "UTC", 1)


def test_an_empty_post_is_bad_input_too(client_of, administrator: TeamMember) -> None:
    assert client_of(administrator).post(ORGANISATION, {}).status_code == 422


def test_it_is_not_for_everybody_on_the_web(client: Client, viewer: TeamMember) -> None:
    assert client.get(ORGANISATION)["Location"] == f"/sign-in?next={ORGANISATION}"
