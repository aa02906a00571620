"""`manage.py first_run_link`: an address for an hour, until somebody is there."""

import io

import pytest
from django.core.management import CommandError, call_command

from config.team.models import SingleUseLink, TeamMember
from tests.team.joining import addressed

pytestmark = pytest.mark.django_db


def test_it_prints_an_address(settings) -> None:
    settings.PUBLIC_URL = "https://funnel.example.com"
    said = io.StringIO()
    call_command("first_run_link", stdout=said)
    link = SingleUseLink.objects.get()
    assert said.getvalue() == f"https://funnel.example.com{addressed(link)}\n"
    assert (link.purpose, round((link.expires_at - link.created_at).total_seconds() / 60)) == ("first_run", 60)


@pytest.mark.parametrize("is_active", [True, False])
def test_there_is_none_once_somebody_is_there(is_active: bool) -> None:
    TeamMember.objects.create_user("ana@example.com", is_active=is_active)
    with pytest.raises(CommandError) as refused:
        call_command("first_run_link")
    assert str(refused.value) == "The first run is over: somebody is in the team already."
    assert not SingleUseLink.objects.exists()
