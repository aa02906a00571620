"""Reads of mails."""

from dataclasses import dataclass

from config.team.models import Mail


@dataclass(frozen=True, slots=True)
class Sending:
    """How sending goes: the mail that was sent last, the one that failed last, and how many wait."""

    last: Mail | None
    failed: Mail | None
    waiting: int

    @property
    def fails(self) -> bool:
        """Whether the last try of any mail failed."""
        failed_at = self.failed and self.failed.tried_at
        sent_at = self.last and self.last.sent_at
        return bool(failed_at and (not sent_at or failed_at > sent_at))


def sending() -> Sending:
    """Three queries."""
    return Sending(
        last=Mail.objects.exclude(sent_at=None).order_by("-sent_at").first(),
        failed=Mail.objects.exclude(problem="").filter(sent_at=None).order_by("-tried_at").first(),
        waiting=Mail.objects.filter(sent_at=None, given_up_at=None).count(),
    )
