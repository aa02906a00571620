"""What a run does, as a person would say it: pure."""

from collections.abc import Sequence

from contacts.causes import Cause
from journeys.book.queries import Anywhere, ContactQuery
from journeys.runs.operations import Act, Operation

_WORDS = {
    Act.CHANGE_STATUS: "{who} → {stage}{narrowed}",
    Act.GIVE_DEFAULT: "{contacts} without a status → {stage}",
    Act.MARK_LOST: "{contacts} lost{reason}",
    Act.RECOVER: "{contacts} recovered",
    Act.MOVE_OUT: "{leaves} {ended}: {contacts} → {stage}",
    Act.PUT_ON_LABEL: "label {label} put on {contacts}",
    Act.TAKE_OFF_LABEL: "label {label} taken off {contacts}",
    Act.ACTIVATE: "accounts of {contacts} made active",
    Act.DEACTIVATE: "accounts of {contacts} made inactive",
    Act.ERASE: "{contacts} erased",
    Act.PUT_BACK: "undo of run {number}: {run}",
    Act.UNDO_IMPORT: "undo of run {number}: {run}",
}


def in_words(
    operation: Operation,
    records: int,
    *,
    stage: str = "",
    leaves: str = "",
    label: str = "",
    reason: str = "",
    run: str = "",
    which: str = "",
) -> str:
    """One line, such as "label purchased-q2 → Customer" or "38 contacts lost: No answer".

    Args:
        records: how many contacts it is about.
        stage, leaves, label, reason: names of what the operation names by number, and the label of a label rule.
        run: for an undo, the words of the run that is undone.
        which: what the contacts have in common, as `matching` says it.
    """
    contacts = f"{how_many(records)} {which}".strip()
    return _WORDS[operation.act].format(
        contacts=contacts,
        who=f"label {label}" if label else contacts,
        stage=stage or "no stage",
        leaves=leaves,
        ended="merged" if operation.cause is Cause.STAGE_MERGED else "retired",
        label=label,
        reason=f": {reason}" if reason else "",
        run=run,
        number=operation.run,
        narrowed=_narrowed(operation),
    )


def matching(query: ContactQuery, *, stage: str = "", labels: Sequence[str] = (), web_form: str = "") -> str:
    """What the contacts of a query have in common: "in Aware carrying webinar-may", "lost from Customer".

    Args:
        stage, labels, web_form: names of what the query names by number.
    """
    parts = [
        _place(query, stage),
        *(f"carrying {label}" for label in labels),
        f"matching {query.segment.name}" if query.segment else "",
        f"with an {query.account_state} account" if query.account_state else "",
        f"found by “{query.search}”" if query.search else "",
        f"that sent {web_form}" if query.web_form else "",
        "{1} by run {0}".format(*query.imported.split("-", 1)) if query.imported else "",
    ]
    return " ".join(part for part in parts if part)


def _place(query: ContactQuery, stage: str) -> str:
    if query.stage is None:
        return {True: "that are lost", False: "that are not lost", None: ""}[query.is_lost]
    where = query.stage.name.lower().replace("_", " ") if isinstance(query.stage, Anywhere) else stage
    return f"lost from {where}" if query.is_lost else f"in {where}"


def how_many(contacts: int) -> str:
    """A number of contacts: "1 contact", "9,204 contacts"."""
    return f"{contacts:,} contact{'' if contacts == 1 else 's'}"


def _narrowed(operation: Operation) -> str:
    choices = [
        "only forward" if operation.only_forward else "",
        "lost contacts left as they are" if operation.leave_lost else "",
    ]
    return "".join(f", {choice}" for choice in choices if choice)
