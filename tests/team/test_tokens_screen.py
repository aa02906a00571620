"""Settings, API tokens: one's own; for an Administrator everybody's, to be revoked."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.actions import create_token, revoke_token
from config.team.models import ApiToken, TeamMember

TOKENS = "/settings/tokens"
ClientOf = Callable[[TeamMember], Client]


def token_of(member: TeamMember, name: str = "Sync") -> ApiToken:
    return create_token(name=name, scope=ApiToken.Scope.WRITE, expires_at=None, by=member)[0]


def test_without_any_it_says_what_they_are_for(client_of: ClientOf, viewer: TeamMember) -> None:
    page = client_of(viewer).get(TOKENS).text
    assert "No tokens yet" in page
    assert f'href="{TOKENS}/new"' in page


def test_one_sees_ones_own_and_an_administrator_everybodys(
    client_of: ClientOf, operator: TeamMember, viewer: TeamMember, administrator: TeamMember
) -> None:
    first, second = token_of(operator, "CRM"), token_of(viewer, "Reports")
    assert client_of(operator).get(TOKENS).context["tokens"] == [first]
    assert client_of(viewer).get(TOKENS).context["tokens"] == [second]
    page = client_of(administrator).get(TOKENS)
    assert page.context["tokens"] == [second, first]
    assert "Olga Petrova" in page.text
    assert "Belongs to" not in client_of(viewer).get(TOKENS).text


def test_a_token_is_shown_by_its_beginning_and_last_use(client_of: ClientOf, operator: TeamMember) -> None:
    token, secret = create_token(name="CRM", scope=ApiToken.Scope.READ, expires_at=None, by=operator)
    page = client_of(operator).get(TOKENS).text
    assert f"{secret[:11]}…" in page
    assert secret not in page
    assert token.digest not in page
    assert page.count(">never<") == 2
    now = timezone.now()
    ApiToken.objects.update(last_used_at=now - timedelta(days=3), expires_at=now - timedelta(days=1))
    page = client_of(operator).get(TOKENS).text
    assert "3 days ago" in page
    assert "Expired" in page
    assert ">never<" not in page


def test_revoking_is_for_good_and_the_row_goes(client_of: ClientOf, operator: TeamMember) -> None:
    token, other = token_of(operator, "CRM"), token_of(operator, "Reports")
    client = client_of(operator)
    response = client.post(f"{TOKENS}/{token.pk}/revoke")
    assert response["Location"] == TOKENS
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "CRM was revoked. Whatever uses it is refused from now on."
    ]
    assert client.get(TOKENS).context["tokens"] == [other]
    stored = ApiToken.objects.get(pk=token.pk)
    assert stored.revoked_by == operator
    assert stored.revoked_at is not None
    client.post(f"{TOKENS}/{token.pk}/revoke")
    assert ApiToken.objects.get(pk=token.pk).revoked_at == stored.revoked_at


def test_somebody_elses_is_revoked_by_an_administrator_alone(
    client_of: ClientOf, operator: TeamMember, marketer: TeamMember, administrator: TeamMember
) -> None:
    token = token_of(operator)
    refused = client_of(marketer).post(f"{TOKENS}/{token.pk}/revoke")
    assert refused.status_code == 403
    assert "This needs the role Administrator." in refused.text
    assert ApiToken.objects.get().revoked_at is None
    client_of(administrator).post(f"{TOKENS}/{token.pk}/revoke")
    assert ApiToken.objects.get().revoked_by == administrator


def test_one_that_is_not_there_is_not_found(client_of: ClientOf, administrator: TeamMember) -> None:
    assert client_of(administrator).post(f"{TOKENS}/987654/revoke").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_six_queries_however_many(client_of: ClientOf, administrator: TeamMember, count: int) -> None:
    for number in range(count):
        token_of(administrator, f"Sync {number}")
    client = client_of(administrator)
    with assertNumQueries(6):  # session, person, organisation, role; tokens
        assert len(client.get(TOKENS).context["tokens"]) == count


def test_who_does_it_has_no_default(operator: TeamMember) -> None:
    with pytest.raises(TypeError):
        create_token(name="CRM", scope=ApiToken.Scope.READ, expires_at=None)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        revoke_token(token=token_of(operator))  # type: ignore[call-arg]
