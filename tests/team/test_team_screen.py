"""The team: who is in it, who was, who is invited; leaving and coming back."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Grant, RefreshToken
from pytest_django.asserts import assertNumQueries

from config.team.actions import (
    LastAdministrator,
    change_team_member,
    create_application,
    create_token,
    deactivate_team_member,
    reactivate_team_member,
)
from config.team.links.actions import invite, make_password_link
from config.team.models import ApiToken, SingleUseLink, TeamMember
from config.team.roles import Role
from tests.elsewhere import elsewhere
from tests.factories import TeamMemberFactory
from tests.team.joining import addressed, role_of

TEAM = "/settings/team"
ClientOf = Callable[[TeamMember], Client]


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize("role", ["marketer", "operator", "viewer"])
def test_it_is_for_administrators(request, client_of: ClientOf, role: str) -> None:
    refused = client_of(request.getfixturevalue(role)).get(TEAM)
    assert refused.status_code == 403
    assert "This needs the role Administrator." in refused.text


def test_everybody_is_listed_whoever_left_at_the_end(
    client_of: ClientOf, administrator: TeamMember, viewer: TeamMember
) -> None:
    left = TeamMemberFactory(name="Aaron Left", role=Role.MARKETER, is_active=False)
    page = client_of(administrator).get(TEAM)
    assert page.context["members"] == [administrator, viewer, left]
    row = page.text.split(f'id="member-{left.pk}"')[1]
    assert "Marketer" in row and "Inactive" in row and "Reactivate" in row and "Deactivate" not in row


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_nine_queries_however_many(client_of: ClientOf, administrator: TeamMember, count: int) -> None:
    for number in range(count):
        TeamMemberFactory(role=Role.VIEWER)
        invite(email=f"nia{number}@example.org", role=Role.VIEWER, by=administrator)
    client = client_of(administrator)
    client.get(TEAM)
    with assertNumQueries(9):  # session, person, organisation, role; team, roles; invitations, mails; Review
        assert len(client.get(TEAM).context["members"]) == count + 1


# Leaving


def test_who_is_deactivated_is_out_at_once(
    client_of: ClientOf, administrator: TeamMember, operator: TeamMember
) -> None:
    token, secret = create_token(name="CRM", scope=ApiToken.Scope.READ, expires_at=None, by=operator)
    theirs, called = client_of(operator), {"Authorization": f"Bearer {secret}"}
    link = make_password_link(member=operator, by=administrator)
    assert theirs.get("/stages").status_code == 200
    assert Client().get("/api/stages", headers=called).status_code == 200

    response = client_of(administrator).post(f"{TEAM}/{operator.pk}/deactivate")

    assert (response.status_code, response["Location"]) == (302, TEAM)
    assert texts(response) == [
        "Olga Petrova was deactivated. Their sessions and tokens have ended; history keeps their name."
    ]
    assert theirs.get("/stages")["Location"] == "/sign-in?next=/stages"
    assert Client().get("/api/stages", headers=called).status_code == 401
    assert Client().get(addressed(link)).status_code == 410
    token.refresh_from_db()
    assert token.revoked_by == administrator
    assert TeamMember.objects.filter(pk=operator.pk, is_active=False).exists()


def test_nothing_of_before_opens_again_when_they_come_back(
    client_of: ClientOf, administrator: TeamMember, operator: TeamMember
) -> None:
    _, secret = create_token(name="CRM", scope=ApiToken.Scope.READ, expires_at=None, by=operator)
    theirs, mine = client_of(operator), client_of(administrator)
    mine.post(f"{TEAM}/{operator.pk}/deactivate")
    response = mine.post(f"{TEAM}/{operator.pk}/reactivate")
    assert texts(response)[-1] == (
        "Olga Petrova was reactivated, with the role and the password of before. Their tokens stay revoked."
    )
    assert role_of(operator) is Role.OPERATOR
    assert theirs.get("/stages").status_code == 302
    assert Client().get("/api/stages", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_oauth_tokens_end_too_and_those_of_others_stay(
    administrator: TeamMember, marketer: TeamMember, operator: TeamMember
) -> None:
    back = "https://crm.example.com/"
    application, _ = create_application(
        name="CRM", grant_type="authorization-code", redirect_uris=back, by=administrator
    )
    own, _ = create_application(name="Sync", grant_type="client-credentials", redirect_uris="", by=operator)
    later = timezone.now() + timedelta(hours=1)
    for member in (marketer, operator):
        mine = {"user": member, "application": application}
        access = AccessToken.objects.create(token=f"access {member.pk}", expires=later, **mine)
        RefreshToken.objects.create(token=f"refresh {member.pk}", access_token=access, **mine)
        Grant.objects.create(code=f"code {member.pk}", expires=later, redirect_uri=back, **mine)
    AccessToken.objects.create(token="by itself", expires=later, user=None, application=own)

    deactivate_team_member(member=operator, by=administrator)

    assert list(AccessToken.objects.values_list("user", flat=True)) == [marketer.pk]
    assert list(RefreshToken.objects.values_list("user", flat=True)) == [marketer.pk]
    assert list(Grant.objects.values_list("user", flat=True)) == [marketer.pk]


@pytest.mark.parametrize("is_deactivated", [True, False])
def test_what_somebody_let_in_ends_with_their_role(administrator: TeamMember, is_deactivated: bool) -> None:
    other = TeamMemberFactory(role=Role.ADMINISTRATOR)
    theirs = invite(email="theirs@example.org", role=Role.ADMINISTRATOR, by=other)
    mine = invite(email="mine@example.org", role=Role.VIEWER, by=administrator)
    if is_deactivated:
        deactivate_team_member(member=other, by=administrator)
    else:
        change_team_member(member=other, email=other.email, name=other.name, role=Role.MARKETER, by=administrator)
    assert Client().get(addressed(theirs)).status_code == 410
    assert Client().get(addressed(mine)).status_code == 200


def test_other_sessions_stay(client_of: ClientOf, administrator: TeamMember, viewer, operator: TeamMember) -> None:
    others, _ = client_of(viewer), client_of(operator)
    assert Session.objects.count() == 2
    deactivate_team_member(member=operator, by=administrator)
    assert Session.objects.count() == 1
    assert others.get("/stages").status_code == 200


def test_the_last_administrator_stays(client_of: ClientOf, administrator: TeamMember) -> None:
    TeamMemberFactory(role=Role.ADMINISTRATOR, is_active=False)  # does not count
    client = client_of(administrator)
    response = client.post(f"{TEAM}/{administrator.pk}/deactivate")
    assert texts(response) == ["This is the last administrator. Make somebody else one first."]
    assert TeamMember.objects.get(pk=administrator.pk).is_active
    assert client.get(TEAM).status_code == 200  # the session is there still


def test_an_administrator_who_is_not_the_last_may_go(client_of: ClientOf, administrator: TeamMember) -> None:
    other = TeamMemberFactory(role=Role.ADMINISTRATOR)
    client_of(administrator).post(f"{TEAM}/{administrator.pk}/deactivate")
    assert not TeamMember.objects.get(pk=administrator.pk).is_active
    assert role_of(other) is Role.ADMINISTRATOR


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_take_each_others_role_one_stays() -> None:
    ana, ben = TeamMemberFactory(role=Role.ADMINISTRATOR), TeamMemberFactory(role=Role.ADMINISTRATOR)
    demote = partial(change_team_member, role=Role.VIEWER)
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(demote, member=ben, email=ben.email, name=ben.name, by=ana).result()
        theirs = second.do(demote, member=ana, email=ana.email, name=ana.name, by=ben)
        assert second.has_to_wait()
        first.commit()
        with pytest.raises(LastAdministrator):
            theirs.result()
    assert (role_of(ana), role_of(ben)) == (Role.ADMINISTRATOR, Role.VIEWER)


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_deactivate_each_other_one_stays() -> None:
    ana, ben = TeamMemberFactory(role=Role.ADMINISTRATOR), TeamMemberFactory(role=Role.ADMINISTRATOR)
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(deactivate_team_member, member=ben, by=ana).result()
        theirs = second.do(deactivate_team_member, member=ana, by=ben)
        assert second.has_to_wait()
        first.commit()
        with pytest.raises(LastAdministrator):
            theirs.result()
    assert list(TeamMember.objects.filter(is_active=True)) == [ana]


# Invitations


def test_an_invitation_is_listed_until_it_is_withdrawn(client_of: ClientOf, administrator: TeamMember) -> None:
    link = invite(email="nia@example.org", role=Role.OPERATOR, by=administrator)
    client = client_of(administrator)
    assert client.get(TEAM).context["invitations"] == [link]
    response = client.post(f"{TEAM}/invitations/{link.pk}/withdraw")
    assert texts(response) == ["The invitation of nia@example.org was withdrawn."]
    assert client.get(TEAM).context["invitations"] == []
    assert Client().get(addressed(link)).status_code == 410


def test_an_old_one_is_said_to_be_expired(client_of: ClientOf, administrator: TeamMember) -> None:
    link = invite(email="nia@example.org", role=Role.OPERATOR, by=administrator)
    client = client_of(administrator)
    assert "Expired" not in client.get(TEAM).text
    SingleUseLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    assert "Expired" in client.get(TEAM).text


def test_other_links_cannot_be_withdrawn_there(client_of: ClientOf, administrator, viewer: TeamMember) -> None:
    link = make_password_link(member=viewer, by=administrator)
    assert client_of(administrator).post(f"{TEAM}/invitations/{link.pk}/withdraw").status_code == 404
    assert Client().get(addressed(link)).status_code == 200


@pytest.mark.parametrize("act", ["deactivate", "reactivate", "invitations/1/withdraw"])
def test_each_change_asks_for_the_password_first(
    forgetful_client_of: ClientOf, administrator: TeamMember, operator: TeamMember, act: str
) -> None:
    address = f"{TEAM}/{act}" if "/" in act else f"{TEAM}/{operator.pk}/{act}"
    asked = forgetful_client_of(administrator).post(address)
    assert (asked.status_code, "Your password, please" in asked.text) == (200, True)
    assert TeamMember.objects.get(pk=operator.pk).is_active


def test_who_does_it_has_no_default(operator: TeamMember) -> None:
    for action in (deactivate_team_member, reactivate_team_member):
        with pytest.raises(TypeError):
            action(member=operator)  # type: ignore[call-arg]


def test_who_is_not_there_is_not_found(client_of: ClientOf, administrator: TeamMember) -> None:
    client = client_of(administrator)
    for act in ("deactivate", "reactivate", "password"):
        assert client.post(f"{TEAM}/987654/{act}").status_code == 404
    assert client.get(f"{TEAM}/987654").status_code == 404
