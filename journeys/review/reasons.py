"""Why a change was flagged, in words: pure."""

from contacts.causes import Cause
from journeys.status.transitions import BY_HAND


def why_flagged(*, goes_back: bool, recovers: bool, overrides: Cause | None) -> str:
    """What about a change made somebody want to look at it.

    Args:
        overrides: the cause of the change before, if this one led to another stage.
    """
    if recovers:
        return "It recovers somebody a person marked lost."
    if goes_back:
        return "It goes back."
    if overrides in BY_HAND:
        return "It overrides a stage set by hand."
    return "The caller asked for a look."
