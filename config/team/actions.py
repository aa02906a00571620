"""What is written about team members and the organisation."""

from django.contrib.auth.models import Group
from django.db import transaction

from config.team.models import Organisation, TeamMember
from config.team.queries import administrators
from config.team.roles import Role


@transaction.atomic
def change_my_account(*, name: str, theme: str, time_zone: str, shortcuts: bool, by: TeamMember) -> TeamMember:
    """A team member changes how Funnelbook looks and answers to them, and the name that history shows."""
    member = TeamMember.objects.select_for_update().get(pk=by.pk)
    member.name, member.theme, member.time_zone, member.shortcuts = name, theme, time_zone, shortcuts
    member.save(update_fields=["name", "theme", "time_zone", "shortcuts"])
    return member


def choose_theme(*, theme: str, by: TeamMember) -> None:
    """A team member chooses light, dark, or what their system says."""
    TeamMember.objects.filter(pk=by.pk).update(theme=theme)


@transaction.atomic
def change_my_password(*, password: str, by: TeamMember) -> TeamMember:
    """A team member changes their own password. Sessions that were signed in with the old one end."""
    member = TeamMember.objects.select_for_update().get(pk=by.pk)
    member.set_password(password)
    member.save(update_fields=["password"])
    return member


@transaction.atomic
def change_organisation(*, name: str, time_zone: str, first_day_of_week: int, by: TeamMember) -> Organisation:
    """An Administrator changes the name, and where days and weeks begin. History keeps its moments."""
    organisation = Organisation.objects.select_for_update().get()
    organisation.name, organisation.time_zone, organisation.first_day_of_week = name, time_zone, first_day_of_week
    organisation.save(update_fields=["name", "time_zone", "first_day_of_week"])
    return organisation


class LastAdministrator(Exception):
    """Without this person nobody could repair data or manage the team."""

    sentence = "This is the last administrator. Make somebody else one first."

    def __init__(self) -> None:
        super().__init__(self.sentence)


@transaction.atomic
def add_team_member(*, email: str, name: str, password: str, role: Role, by: TeamMember) -> TeamMember:
    """An Administrator lets somebody in.

    Raises:
        IntegrityError: the e-mail is taken.
    """
    member = TeamMember.objects.create_user(email, password, name=name)
    _give_role(member, role)
    return member


@transaction.atomic
def change_team_member(
    *, member: TeamMember, email: str, name: str, is_active: bool, role: Role, password: str = "", by: TeamMember
) -> None:
    """An Administrator changes who somebody is and what they may do; inactive, they may nothing. History keeps them.

    Args:
        member: brought up to date.
        password: a new one, which ends their sessions; empty leaves the present one.

    Raises:
        LastAdministrator: nobody would be left.
        IntegrityError: the e-mail is taken.
    """
    Group.objects.select_for_update().get(name=Role.ADMINISTRATOR.label)  # two of them cannot leave at once
    member.email, member.name, member.is_active = TeamMember.objects.normalize_email(email), name, is_active
    member.is_superuser = False
    if password:
        member.set_password(password)
    member.save()
    _give_role(member, role)
    if not administrators().exists():
        raise LastAdministrator


def _give_role(member: TeamMember, role: Role) -> None:
    """The groups of roles hold one role for each person; other groups stay."""
    roles = Group.objects.filter(name__in=[each.label for each in Role])
    member.groups.remove(*roles.exclude(name=role.label))
    member.groups.add(*roles.filter(name=role.label))
    member.__dict__.pop("role", None)  # it was read before
