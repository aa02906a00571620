"""A team member: name, e-mail and role."""

from collections.abc import Callable

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from config.team.members.forms import EditMemberForm
from config.team.models import TeamMember
from config.team.roles import Role
from tests.factories import TeamMemberFactory
from tests.team.joining import role_of

ClientOf = Callable[[TeamMember], Client]


def at(member: TeamMember) -> str:
    return f"/settings/team/{member.pk}"


def sent(member: TeamMember, **changes: str) -> dict[str, str]:
    return {"name": member.name, "email": member.email, "role": str(member.stored_role.value), **changes}


def test_a_role_counts_from_the_next_page_on(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    theirs = client_of(viewer)
    assert theirs.get("/stages/new").status_code == 403
    response = client_of(administrator).post(at(viewer), sent(viewer, role="3", name="Vera N."))
    assert (response.status_code, response["Location"]) == (302, "/settings/team")
    assert [str(message) for message in get_messages(response.wsgi_request)] == ["Vera N. was saved."]
    assert theirs.get("/stages/new").status_code == 200
    assert list(TeamMember.objects.get(pk=viewer.pk).groups.values_list("name", flat=True)) == ["Marketer"]


def test_password_and_activity_cannot_be_sent_along(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    viewer.set_password("a long secret 7")
    viewer.save()
    more = {"is_active": "", "password": "other", "is_superuser": "on"}
    client_of(administrator).post(at(viewer), sent(viewer, **more))
    after = TeamMember.objects.get(pk=viewer.pk)
    assert (after.is_active, after.is_superuser, after.check_password("a long secret 7")) == (True, False, True)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": ""}, "name", "Give a name."),
        ({"email": ""}, "email", "Give an e-mail."),
        ({"email": "ANA.SILVA@example.com"}, "email", "A team member with this e-mail exists already."),
        ({"role": "7"}, "role", "Choose a role."),
    ],
)
def test_an_error_stands_beside_its_field(
    client_of: ClientOf, administrator, viewer: TeamMember, changes: dict[str, str], field: str, said: str
) -> None:
    response = client_of(administrator).post(at(viewer), sent(viewer, **changes))
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [said]}
    assert role_of(viewer) is Role.VIEWER


def test_the_last_administrator_keeps_the_role(client_of: ClientOf, administrator: TeamMember) -> None:
    response = client_of(administrator).post(at(administrator), sent(administrator, role="3", name="Ana S."))
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "role": ["This is the last administrator. Make somebody else one first."]
    }
    assert 'value="Ana S."' in response.text
    assert role_of(administrator) is Role.ADMINISTRATOR
    assert TeamMember.objects.get(pk=administrator.pk).name == "Ana Silva"


def test_a_superuser_of_old_gets_a_role_in_place_of_it(client_of: ClientOf, administrator: TeamMember) -> None:
    old = TeamMemberFactory(is_superuser=True)
    client_of(administrator).post(at(old), sent(old, role="2"))
    assert (role_of(old), TeamMember.objects.get(pk=old.pk).is_superuser) == (Role.OPERATOR, False)


def test_who_is_inactive_keeps_a_role_for_later(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(is_active=False)
    client = client_of(administrator)
    assert client.get(at(viewer)).context["form"]["role"].value() == "1"
    client.post(at(viewer), sent(viewer, role="2"))
    after = TeamMember.objects.get(pk=viewer.pk)
    assert (after.role, after.stored_role, after.is_active) == (Role.NONE, Role.OPERATOR, False)


@pytest.mark.parametrize("role", ["marketer", "operator", "viewer"])
def test_it_is_for_administrators(request, client_of: ClientOf, administrator: TeamMember, role: str) -> None:
    refused = client_of(request.getfixturevalue(role)).post(at(administrator), sent(administrator, role="1"))
    assert refused.status_code == 403
    assert role_of(administrator) is Role.ADMINISTRATOR


def test_it_asks_for_the_password_first(forgetful_client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    asked = forgetful_client_of(administrator).post(at(viewer), sent(viewer, role="4"))
    assert "Your password, please" in asked.text
    assert role_of(viewer) is Role.VIEWER


def test_the_dialog_gets_the_part_alone(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    opened = client_of(administrator).get(at(viewer), headers={"HX-Request": "true", "HX-Target": "dialog"})
    assert opened.text.strip().startswith('<section id="edit-member-form">')


def test_an_e_mail_that_somebody_took_a_moment_ago_is_told_beside_it(
    client_of: ClientOf, administrator, viewer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EditMemberForm, "clean_email", lambda form: form.cleaned_data["email"])  # it was free then
    response = client_of(administrator).post(at(viewer), sent(viewer, email=administrator.email))
    assert response.status_code == 422
    assert response.context["form"].errors == {"email": ["A team member with this e-mail exists already."]}
    assert TeamMember.objects.get(pk=viewer.pk).email == viewer.email
