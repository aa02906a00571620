"""For how long a contact was lost while it was in a stage, as SQL over rows of its history.

As corrected, a row that brings somebody back says since when they were lost. As recorded it may say too much: who was
recovered and made lost again by an undo is lost since the first time, but was not in between. There, each row that
ends some time of being lost says since when that time began.
"""


def ends_lost_days(change: str, *, as_corrected: bool) -> str:
    """The condition that a contact was lost until this change, and is in the same stage."""
    ends = " AND NOT {0}.to_lost" if as_corrected else ""
    return ("{0}.from_lost AND {0}.from_stage_id = {0}.to_stage_id" + ends).format(change)


def lost_since(change: str, *, as_corrected: bool) -> str:
    """Since when a contact was lost that was so until this change."""
    return f"{change}.{'from_lost_at' if as_corrected else 'from_since'}"


def lost_days(change: str, stay: str, *, as_corrected: bool) -> str:
    """For how long it was, since a stay began."""
    return f"{change}.changed_at - greatest({lost_since(change, as_corrected=as_corrected)}, {stay})"
