"""What became of a contact, as a sentence."""

from contacts.causes import Cause


def is_at(who: str, stage: str | None, *, lost: bool, how: str = "now") -> str:
    """Where somebody is: "Ana Lee is in Customer now.", "Ana Lee is lost from Customer again."."""
    if lost:
        return f"{who} is lost from {stage} {how}." if stage else f"{who} is lost {how}."
    return f"{who} is in {stage} {how}." if stage else f"{who} has no status {how}."


def was_changed(when: str, *, by: str, cause: Cause, start: str, end: str) -> str:
    """Who was first: "Changed at 10:04 by Ana Lee: Aware → Customer.".

    Args:
        when: such as "at 10:04".
        by: the name of a team member, or empty.
    """
    who = f" by {by}" if by else ""
    why = "" if cause is Cause.MANUAL else f" ({cause.label})"
    return f"Changed {when}{who}{why}: {start} → {end}."
