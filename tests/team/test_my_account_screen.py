"""My account: everybody changes their own, and nothing of anybody else."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember

MY_ACCOUNT = "/account"
PASSWORD = "a long enough secret"
GIVEN = {
    "change": "account",
    "name": "Vera N.",
    "theme": "dark",
    "time_zone": "Asia/Tokyo",
    "shortcuts": "on",
    "mail_when_run_ends": "on",
}


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize("role", ["administrator", "marketer", "operator", "viewer"])
def test_every_role_opens_it_and_sees_the_role(request, client_of, role: str) -> None:
    member = request.getfixturevalue(role)
    response = client_of(member).get(MY_ACCOUNT)

    assert response.status_code == 200
    assert f"<dd>{member.email}</dd>" in response.text
    assert f"<dd>{role.capitalize()}</dd>" in response.text


def test_it_is_for_people_who_signed_in(client: Client, viewer: TeamMember) -> None:
    assert client.get(MY_ACCOUNT)["Location"] == "/sign-in?next=/account"
    assert client.post(MY_ACCOUNT, GIVEN)["Location"] == "/sign-in?next=/account"
    assert client.post("/account/theme", {"theme": "dark"})["Location"] == "/sign-in?next=/account/theme"


def test_it_costs_four_queries(client_of, viewer: TeamMember) -> None:
    client = client_of(viewer)
    client.get(MY_ACCOUNT)
    with assertNumQueries(4):  # session, person, organisation, role
        client.get(MY_ACCOUNT)


def test_saving_changes_the_person_and_nobody_else(client_of, viewer: TeamMember, operator: TeamMember) -> None:
    response = client_of(viewer).post(MY_ACCOUNT, GIVEN)

    assert (response.status_code, response["Location"]) == (302, MY_ACCOUNT)
    assert texts(response) == ["Your account was saved."]
    viewer = TeamMember.objects.get(pk=viewer.pk)
    assert (viewer.name, viewer.theme, viewer.time_zone, viewer.shortcuts) == ("Vera N.", "dark", "Asia/Tokyo", True)
    assert viewer.mail_when_run_ends
    operator.refresh_from_db()
    assert (operator.name, operator.theme, operator.time_zone) == ("Olga Petrova", "system", "")


def test_email_role_and_being_active_cannot_be_sent_along(client_of, viewer: TeamMember) -> None:
    sent = GIVEN | {"email": "other@example.com", "is_active": "", "is_superuser": "on", "groups": "4"}
    client_of(viewer).post(MY_ACCOUNT, sent)

    after = TeamMember.objects.get(pk=viewer.pk)
    assert (after.email, after.is_active, after.is_superuser) == (viewer.email, True, False)
    assert [group.name for group in after.groups.all()] == ["Viewer"]


def test_bad_input_stays_with_an_error_beside_each_field(client_of, viewer: TeamMember) -> None:
    sent = GIVEN | {"name": "", "theme": "sepia", "time_zone": "Atlantis/Capital"}
    response = client_of(viewer).post(MY_ACCOUNT, sent)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["name", "theme", "time_zone"]
    for name in ("name", "theme", "time_zone"):
        assert f'id="id_{name}_error"' in response.text
    assert '<option value="Atlantis/Capital" selected>' in response.text
    assert "Please correct 3 fields. Nothing was saved yet." in response.text
    assert response.context["user"].name == "Vera Novak"
    assert TeamMember.objects.get(pk=viewer.pk).theme == "system"


def test_the_zone_chosen_is_the_zone_of_times(client_of, viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(time_zone="America/Argentina/Buenos_Aires")
    response = client_of(viewer).get(MY_ACCOUNT)

    assert '<option value="America/Argentina/Buenos_Aires" selected>Buenos Aires, Argentina</option>' in response.text
    assert '<option value="">As the organisation (UTC)</option>' in response.text


def test_a_zone_of_an_older_name_survives_saving(client_of, viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(time_zone="US/Pacific")
    assert '<option value="US/Pacific" selected>' in client_of(viewer).get(MY_ACCOUNT).text

    client_of(viewer).post(MY_ACCOUNT, GIVEN | {"time_zone": "US/Pacific"})
    assert TeamMember.objects.get(pk=viewer.pk).time_zone == "US/Pacific"


def test_the_theme_is_on_every_page(client_of, viewer: TeamMember) -> None:
    assert '<html lang="en" data-theme="system" data-shortcuts>' in client_of(viewer).get(MY_ACCOUNT).text
    TeamMember.objects.filter(pk=viewer.pk).update(theme="dark", shortcuts=False)
    assert '<html lang="en" data-theme="dark">' in client_of(viewer).get(MY_ACCOUNT).text


def test_the_theme_of_the_menu_is_saved_and_one_stays_where_one_was(client_of, viewer: TeamMember) -> None:
    response = client_of(viewer).post("/account/theme", {"theme": "light", "next": "/account?a=1"})

    assert (response.status_code, response["Location"]) == (302, "/account?a=1")
    assert TeamMember.objects.get(pk=viewer.pk).theme == "light"


@pytest.mark.parametrize("sent", [{"theme": "sepia"}, {}, {"theme": "dark\nlight"}])
def test_something_else_than_a_theme_changes_nothing(client_of, viewer: TeamMember, sent: dict) -> None:
    response = client_of(viewer).post("/account/theme", sent | {"next": "//evil.example/"})

    assert (response.status_code, response["Location"]) == (302, MY_ACCOUNT)
    assert TeamMember.objects.get(pk=viewer.pk).theme == "system"
    assert client_of(viewer).get("/account/theme").status_code == 405


def change_password(client: Client, old: str, new: str, again: str):
    sent = {"change": "password", "old_password": old, "new_password1": new, "new_password2": again}
    return client.post(MY_ACCOUNT, sent)


@pytest.fixture
def vera(viewer: TeamMember) -> TeamMember:
    viewer.set_password(PASSWORD)
    viewer.save()
    return viewer


def test_a_new_password_keeps_this_session_and_ends_the_others(client_of, vera: TeamMember) -> None:
    here, elsewhere = client_of(vera), client_of(vera)
    response = change_password(here, PASSWORD, "another long secret", "another long secret")

    assert (response.status_code, response["Location"]) == (302, MY_ACCOUNT)
    assert TeamMember.objects.get(pk=vera.pk).check_password("another long secret")
    assert here.get(MY_ACCOUNT).status_code == 200
    assert elsewhere.get(MY_ACCOUNT)["Location"] == "/sign-in?next=/account"


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", "another long secret", "another long secret", "old_password"),
        (PASSWORD, "another long secret", "another long secreT", "new_password2"),
        (PASSWORD, "12345678", "12345678", "new_password2"),
        (PASSWORD, "", "", "new_password1"),
    ],
)
def test_a_password_that_will_not_do_is_said_beside_its_field(
    client_of, vera: TeamMember, old: str, new: str, again: str, field: str
) -> None:
    response = change_password(client_of(vera), old, new, again)

    assert response.status_code == 422
    assert field in response.context["password_form"].errors
    assert response.context["form"].errors == {}
    assert f'id="id_{field}_error"' in response.text
    assert TeamMember.objects.get(pk=vera.pk).check_password(PASSWORD)


def test_where_no_mail_goes_out_it_says_so(client_of, viewer: TeamMember, settings) -> None:
    client = client_of(viewer)
    assert "At present this Funnelbook sends no mail." in client.get(MY_ACCOUNT).text
    settings.SENDS_MAIL = True
    assert "At present this Funnelbook sends no mail." not in client.get(MY_ACCOUNT).text
