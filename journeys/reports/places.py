"""Where contacts stood, as reports and their addresses name it: a stage, none, lost from there, anywhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from journeys.reports.queries import Place

_OF_ONE = re.compile(r"([1-9][0-9]{0,17}|none)(-lost)?", re.ASCII)

LOST, OUTSIDE, IN_STAGES, EVERYWHERE = "lost", "outside", "any", "all"
_WIDER = {
    LOST: "{side}_lost",
    OUTSIDE: "{side}_outside",
    IN_STAGES: "{side}_stage_id IS NOT NULL AND NOT {side}_lost",
    EVERYWHERE: "NOT {side}_outside",
}
_WIDER_WORDS = {
    LOST: "lost",
    OUTSIDE: "outside the book",
    IN_STAGES: "in any stage",
    EVERYWHERE: "in the Contact Book",
}


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A place, or several: `3`, `3-lost`, `none`, `none-lost`; `lost`, `any` stage, `all` of the book, `outside` it."""

    key: str

    @classmethod
    def read(cls, text: str) -> "Whereabouts | None":
        """What an address names, or None for anything else."""
        return cls(text) if text in _WIDER or _OF_ONE.fullmatch(text) else None

    @classmethod
    def of(cls, place: Place) -> "Whereabouts":
        if place.outside:
            return cls(OUTSIDE)
        return cls(f"{place.stage or 'none'}{'-lost' if place.lost else ''}")

    @property
    def is_lost(self) -> bool:
        return self.key.endswith(LOST)

    @property
    def is_outside(self) -> bool:
        return self.key == OUTSIDE

    @property
    def stage(self) -> int | None:
        """The stage that is meant, if one is."""
        match = _OF_ONE.fullmatch(self.key)
        return int(match[1]) if match and match[1] != "none" else None

    def sql(self, side: str) -> str:
        """The condition that one side of a change is here: `change.to`, `change.from`."""
        if self.key in _WIDER:
            return f"({_WIDER[self.key].format(side=side)})"
        stage = f"{side}_stage_id = {self.stage}" if self.stage else f"{side}_stage_id IS NULL"
        return f"({stage} AND {'' if self.is_lost else 'NOT '}{side}_lost AND NOT {side}_outside)"

    def words(self, names: Mapping[int, str]) -> str:
        """The place in a sentence: "in Customer", "lost from Customer", "without a status"."""
        if self.key in _WIDER:
            return _WIDER_WORDS[self.key]
        if not self.stage:
            return "lost, without a stage" if self.is_lost else "without a status"
        return f"{'lost from' if self.is_lost else 'in'} {names.get(self.stage, f'stage {self.stage}')}"
