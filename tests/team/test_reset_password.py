"""`manage.py reset_password`: a link for whoever cannot sign in any more, the last administrator too."""

import io

import pytest
from django.core.management import CommandError, call_command

from config.team.models import SingleUseLink, TeamMember
from tests.team.joining import addressed


def test_it_prints_a_link(administrator: TeamMember, settings) -> None:
    settings.PUBLIC_URL = "https://funnel.example.com"
    said = io.StringIO()
    call_command("reset_password", "ANA.silva@example.com", stdout=said)
    link = SingleUseLink.objects.get()
    assert said.getvalue() == f"https://funnel.example.com{addressed(link)}\n"
    assert (link.purpose, link.member, link.created_by) == ("password", administrator, None)


def test_not_for_somebody_unknown_or_inactive(viewer: TeamMember) -> None:
    TeamMember.objects.filter(pk=viewer.pk).update(is_active=False)
    for email in ("nobody@example.com", viewer.email):
        with pytest.raises(CommandError) as refused:
            call_command("reset_password", email)
        assert str(refused.value) == f"No active team member has the e-mail {email}."
    assert not SingleUseLink.objects.exists()
