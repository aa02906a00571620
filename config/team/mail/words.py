"""What mails say."""

from dataclasses import dataclass

from django.urls import reverse

from config.public_address import absolute_address
from config.team.links.queries import address_of
from config.team.models import Mail, Organisation


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and text of a mail."""

    subject: str
    text: str


def words_of(mail: Mail, organisation: Organisation) -> Words:
    """A mail in words. No more than needed: nothing of the book, and of links the one it is about."""
    kind, whose = Mail.Kind(mail.kind), " ".join(organisation.name.split())
    if kind is Mail.Kind.INVITATION and mail.link:
        who = f"{mail.link.created_by} invites you" if mail.link.created_by else "You are invited"
        return Words(
            f"Join Funnelbook of {whose}",
            f"{who} to Funnelbook of {whose}, as {mail.link.given_role.label}. Choose a name and a password here:\n\n"
            f"{address_of(mail.link)}\n\nThe link works once, within seven days.\n",
        )
    if kind is Mail.Kind.PASSWORD and mail.link:
        return Words(
            f"Another password for Funnelbook of {whose}",
            f"Choose another password for Funnelbook here:\n\n{address_of(mail.link)}\n\n"
            "The link works once, within a day. If you did not ask for it, leave it: your password stays as it is.\n",
        )
    if kind is Mail.Kind.RUN_ENDED:
        address = absolute_address(reverse("journeys:run", args=[mail.run]))
        account = absolute_address(reverse("team:my_account"))
        return Words(
            f"Run {mail.run} has ended",
            f"Run {mail.run}, which you started, has ended. What became of it:\n\n{address}\n\n"
            f"You asked for this mail under My account, where you can stop it: {account}\n",
        )
    return Words("A test from Funnelbook", f"Mail from Funnelbook of {whose} arrives.\n\n{absolute_address('/')}\n")
