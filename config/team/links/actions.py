"""Writes to single-use links, and what whoever opens one may do once."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from config.team.actions import give_role, lock_team
from config.team.models import SingleUseLink, TeamMember
from config.team.queries import digest_of, is_anybody_there
from config.team.roles import Role

logger = logging.getLogger(__name__)

GOOD_FOR = {
    SingleUseLink.Purpose.FIRST_RUN: timedelta(hours=1),
    SingleUseLink.Purpose.INVITATION: timedelta(days=7),
    SingleUseLink.Purpose.PASSWORD: timedelta(days=1),
}
LINKS_ARE_KEPT = timedelta(days=90)
ASKED_AGAIN_AFTER = timedelta(minutes=5)
"""A link to another password that somebody asked for themselves is followed by a second one no sooner."""


class LinkIsDead(Exception):
    """The link was used, withdrawn or replaced, or is too old."""


class AlreadyInTeam(Exception):
    """The e-mail belongs to a team member, who may be inactive."""

    def __init__(self, member: TeamMember) -> None:
        state = "is in the team already" if member.is_active else "was deactivated. Reactivate them instead"
        self.sentence = f"{member} {state}."
        super().__init__(self.sentence)


@transaction.atomic
def make_first_run_link(*, by: TeamMember | None) -> SingleUseLink | None:
    """A link to the first-run page; None where somebody can sign in already."""
    lock_team()
    return None if is_anybody_there() else _make(SingleUseLink.Purpose.FIRST_RUN, by)


@transaction.atomic
def invite(*, email: str, role: Role, by: TeamMember) -> SingleUseLink:
    """A link with which whoever has this e-mail joins the team. It takes the place of one they were given before.

    Raises:
        AlreadyInTeam
    """
    lock_team()
    email = TeamMember.objects.normalize_email(email)
    if there := TeamMember.objects.filter(email__iexact=email).first():
        raise AlreadyInTeam(there)
    _open(SingleUseLink.Purpose.INVITATION).filter(email__iexact=email).update(ended_at=timezone.now())
    link = _make(SingleUseLink.Purpose.INVITATION, by, email=email, role=role.value)
    logger.info("Link %s, an invitation as %s, was made by %s", link.pk, role.label, by.pk)
    return link


def withdraw_invitation(*, link: SingleUseLink, by: TeamMember) -> None:
    """The link opens nothing any more."""
    _open(SingleUseLink.Purpose.INVITATION).filter(pk=link.pk).update(ended_at=timezone.now())
    logger.info("Link %s, an invitation, was withdrawn by %s", link.pk, by.pk)


@transaction.atomic
def make_password_link(*, member: TeamMember, by: TeamMember | None) -> SingleUseLink:
    """A link with which a team member chooses another password. The ones before it open nothing any more.

    Args:
        by: None at the command line.
    """
    TeamMember.objects.select_for_update().get(pk=member.pk)
    _open(SingleUseLink.Purpose.PASSWORD).filter(member=member).update(ended_at=timezone.now())
    link = _make(SingleUseLink.Purpose.PASSWORD, by, member=member)
    logger.info("Link %s to another password of %s was made by %s", link.pk, member.pk, by.pk if by else "a command")
    return link


@transaction.atomic
def ask_for_password_link(*, member: TeamMember, by: TeamMember) -> SingleUseLink | None:
    """A link that a team member asked for who cannot sign in; None where they did so a moment ago."""
    TeamMember.objects.select_for_update().get(pk=member.pk)
    lately = timezone.now() - ASKED_AGAIN_AFTER
    if SingleUseLink.objects.filter(purpose="password", member=member, created_at__gt=lately).exists():
        return None
    return make_password_link(member=member, by=by)


@transaction.atomic
def accept_invitation(*, link: SingleUseLink, name: str, password: str, by: None) -> TeamMember:
    """Whoever was invited joins the team.

    Raises:
        LinkIsDead
        AlreadyInTeam: somebody of this e-mail came in another way meanwhile.
    """
    lock_team()
    use_link(link=link, by=by)
    if there := TeamMember.objects.filter(email__iexact=link.email).first():
        raise AlreadyInTeam(there)
    member = TeamMember.objects.create_user(link.email, password, name=name)
    give_role(member=member, role=link.given_role, by=link.created_by)
    logger.info("Team member %s joined as %s by link %s", member.pk, link.given_role.label, link.pk)
    return member


@transaction.atomic
def choose_password(*, link: SingleUseLink, password: str, by: TeamMember) -> TeamMember:
    """A team member chooses a password. Sessions that were signed in with the old one end.

    Raises:
        LinkIsDead: also where the team member was deactivated meanwhile.
    """
    use_link(link=link, by=by)
    member = TeamMember.objects.select_for_update().filter(pk=by.pk, is_active=True).first()
    if member is None:
        raise LinkIsDead
    member.set_password(password)
    member.save(update_fields=["password"])
    return member


def use_link(*, link: SingleUseLink, by: TeamMember | None) -> None:
    """From now on the link opens nothing. Of two who use it at once, one does.

    Raises:
        LinkIsDead
    """
    now = timezone.now()
    if not SingleUseLink.objects.filter(pk=link.pk, ended_at=None, expires_at__gt=now).update(ended_at=now):
        raise LinkIsDead
    logger.info("Link %s was used", link.pk)


def forget_old_links(*, by: TeamMember | None) -> None:
    """Links that opened nothing any more a long time ago are dropped, and the mails that carried them."""
    long_ago = timezone.now() - LINKS_ARE_KEPT
    SingleUseLink.objects.filter(Q(ended_at__lt=long_ago) | Q(expires_at__lt=long_ago)).delete()


def _open(purpose: SingleUseLink.Purpose):
    return SingleUseLink.objects.filter(purpose=purpose, ended_at=None)


def _make(purpose: SingleUseLink.Purpose, by: TeamMember | None, **fields) -> SingleUseLink:
    link = SingleUseLink(purpose=purpose, created_by=by, expires_at=timezone.now() + GOOD_FOR[purpose], **fields)
    link.digest = digest_of(link.secret)
    link.save()
    return link
