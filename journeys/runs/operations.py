"""What a run does to each of its contacts, and which contacts those are: as data, kept with the run and its preview."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from config.team.roles import LOST_IN_BULK_BY_OPERATORS, Role
from contacts.causes import Cause
from journeys.book.queries import Anywhere, ContactQuery
from journeys.reports.numbers import Number
from journeys.reports.readers import read_behind
from journeys.segments.queries import Matching


class Act(enum.StrEnum):
    """The kinds of things that can be done to many contacts at once."""

    CHANGE_STATUS = "change_status"
    GIVE_DEFAULT = "give_default"
    MARK_LOST = "mark_lost"
    RECOVER = "recover"
    MOVE_OUT = "move_out"
    PUT_ON_LABEL = "put_on_label"
    TAKE_OFF_LABEL = "take_off_label"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    ERASE = "erase"
    PUT_BACK = "put_back"
    UNDO_IMPORT = "undo_import"


OF_LABELS = frozenset({Act.PUT_ON_LABEL, Act.TAKE_OFF_LABEL})
OF_ACCOUNTS = frozenset({Act.ACTIVATE, Act.DEACTIVATE})
OF_STATUSES = frozenset({Act.CHANGE_STATUS, Act.GIVE_DEFAULT, Act.MARK_LOST, Act.RECOVER, Act.MOVE_OUT})
"""What these do depends on where each contact stands. It is refused for who was changed since the person looked, or,
where a stage is emptied, for who left it since."""

BY_OPERATORS = frozenset({Act.MARK_LOST, Act.RECOVER})


@dataclass(frozen=True, slots=True)
class Operation:
    """What is done to each contact.

    Attributes:
        act: the kind; the others are what it needs.
        cause: why; written into history.
        stage, reason, label: ids. `stage` is where contacts move, `reason` why they are lost, `label` what is put on
            or taken off.
        leaves: the stage that is emptied; lost contacts stay lost.
        run: whose work is put back.
        only_forward, leave_lost: choices that narrow a change of status: whoever would go back, or is lost, stays.
        effect: what an undo does to labels or accounts: the reverse of what was done.
        also_moved_since: an undo puts back those too that were moved since.
        via: the token of the application that asked for it.
    """

    act: Act
    cause: Cause
    stage: int | None = None
    reason: int | None = None
    label: int | None = None
    leaves: int | None = None
    run: int | None = None
    effect: Act | None = None
    only_forward: bool = False
    leave_lost: bool = False
    also_moved_since: bool = False
    via: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The operation that `as_json` wrote."""
        effect = Act(data["effect"]) if "effect" in data else None
        return cls(**{**data, "act": Act(data["act"]), "cause": Cause(data["cause"]), "effect": effect})

    @property
    def moves(self) -> bool:
        """Whether it does nothing but move contacts, out of the book too: the history holds all that it changed."""
        return self.act in OF_STATUSES or self.act is Act.ERASE or (self.act is Act.PUT_BACK and self.effect is None)

    def undone_by(self, run: int, *, also_moved_since: bool = False) -> "Operation":
        """The operation that puts back what run `run` did by this one; an undo is undone in the same way."""
        act = self.effect if self.act is Act.PUT_BACK else self.act
        return Operation(
            Act.PUT_BACK,
            Cause.UNDO,
            run=run,
            label=self.label,
            effect=_REVERSE.get(act) if act else None,
            also_moved_since=also_moved_since,
        )


_REVERSE = {
    Act.PUT_ON_LABEL: Act.TAKE_OFF_LABEL,
    Act.TAKE_OFF_LABEL: Act.PUT_ON_LABEL,
    Act.ACTIVATE: Act.DEACTIVATE,
    Act.DEACTIVATE: Act.ACTIVATE,
}


def needed_role(operation: Operation, contacts: int) -> Role:
    """Who may start, cancel or undo a run of this kind over so many contacts (DESIGN.md, section 4).

    For an undo, ask with the operation of the run that it puts back.
    """
    if operation.act is Act.ERASE:
        return Role.ADMINISTRATOR
    is_small = contacts <= LOST_IN_BULK_BY_OPERATORS
    return Role.OPERATOR if operation.act in BY_OPERATORS and is_small else Role.MARKETER


@dataclass(frozen=True, slots=True)
class Selection:
    """Which contacts a run is about: one of these.

    Attributes:
        query: all that match when the selection is frozen.
        contacts: these ids.
        without_stage: all that stand in no stage, lost or not.
        standing_in: all that stand in this stage, lost or not.
        run: those that a run changed.
        behind: those whom a number of a report counts.
    """

    query: ContactQuery | None = None
    contacts: tuple[int, ...] = ()
    without_stage: bool = False
    standing_in: int | None = None
    run: int | None = None
    behind: Number | None = None

    def as_json(self) -> dict[str, Any]:
        if self.query is not None:
            return {"query": _query_as_json(self.query)}
        if self.behind is not None:
            return {"behind": self.behind.as_json()}
        if self.run is not None:
            return {"run": self.run}
        if self.standing_in is not None:
            return {"standing_in": self.standing_in}
        return {"without_stage": True} if self.without_stage else {"contacts": list(self.contacts)}

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The selection that `as_json` wrote."""
        if "query" in data:
            return cls(query=_read_query(data["query"]))
        if "behind" in data:
            return cls(behind=read_behind(data["behind"]))
        return cls(**{**data, "contacts": tuple(data.get("contacts", ()))})


def _query_as_json(query: ContactQuery) -> dict[str, Any]:
    said = {field.name: getattr(query, field.name) for field in fields(query)}
    if isinstance(query.stage, Anywhere):
        said["stage"] = query.stage.name
    if query.segment:
        said["segment"] = query.segment.as_json()
    return {name: value for name, value in said.items() if value not in (None, "", ())}


def _read_query(data: Mapping[str, Any]) -> ContactQuery:
    stage = data.get("stage")
    return ContactQuery(
        **{
            **data,
            "stage": Anywhere[stage] if isinstance(stage, str) else stage,
            "labels": tuple(data.get("labels", ())),
            "segment": Matching.read(data["segment"]) if "segment" in data else None,
        }
    )
