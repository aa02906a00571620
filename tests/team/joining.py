"""Single-use links as tests make them."""

from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.models import SingleUseLink, TeamMember
from config.team.roles import Role

PASSWORD = "a long enough phrase"


def address_in(response) -> str:
    """The path of the link that a page hands over."""
    return str(response.context["address"]).removeprefix("http://testserver")


def addressed(link: SingleUseLink) -> str:
    """Where an invitation, a link to another password or to the first run is opened."""
    folder = {"invitation": "invitation", "password": "another-password", "first_run": "first-run"}[link.purpose]
    return f"/{folder}/{link.secret}"


def role_of(member: TeamMember) -> Role:
    return TeamMember.objects.get(pk=member.pk).role


def jobs_waiting() -> list[tuple[str, Any]]:
    """What workers will do next, and with what: of mails."""
    mails = ProcrastinateJob.objects.filter(task_name="config.team.mail.tasks.send_mail").order_by("id")
    return list(mails.values_list("lock", "args"))
