"""Reads of single-use links."""

from django.db.models import Prefetch
from django.urls import reverse

from config.public_address import absolute_address
from config.team.models import Mail, SingleUseLink
from config.team.queries import digest_of

_SCREENS = {
    SingleUseLink.Purpose.FIRST_RUN: "journeys:first_run",
    SingleUseLink.Purpose.INVITATION: "team:invitation",
    SingleUseLink.Purpose.PASSWORD: "team:another_password",
}


def link_of(secret: str, purpose: SingleUseLink.Purpose) -> SingleUseLink | None:
    """The link of this secret, if it is still good. One query."""
    found = SingleUseLink.objects.select_related("member", "created_by").filter(digest=digest_of(secret)).first()
    is_good = found and found.purpose == purpose and not found.ended_at and not found.is_expired
    return found if is_good else None


def invitations() -> list[SingleUseLink]:
    """Invitations that nobody has accepted or withdrawn yet, the newest first, with their mails. Two queries."""
    waiting = SingleUseLink.objects.filter(purpose=SingleUseLink.Purpose.INVITATION, ended_at=None)
    return list(waiting.select_related("created_by").prefetch_related(Prefetch("mails", Mail.objects.order_by("-id"))))


def address_of(link: SingleUseLink, request=None) -> str:
    """The whole address of a link, to be handed over."""
    return absolute_address(reverse(_SCREENS[SingleUseLink.Purpose(link.purpose)], args=[link.secret]), request)
