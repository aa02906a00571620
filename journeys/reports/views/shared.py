"""What several reports need: stages in order, with their names of then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from journeys.reports.ledger import Largest
from journeys.reports.places import LOST, OUTSIDE, Whereabouts
from journeys.reports.queries import Place
from stages.models import Stage
from stages.queries import StageNames


@dataclass(frozen=True, slots=True)
class StageThen:
    """A stage, or none for None, with its name and weight at the moment that is looked at."""

    stage: Stage | None
    name: str
    weight: int = 0

    @property
    def key(self) -> str:
        """How addresses name it."""
        return str(self.stage.pk) if self.stage else "none"

    @property
    def lost_key(self) -> str:
        return f"{self.key}-lost"


class StagesThen:
    """Every stage, the lightest first, called what it was called at a moment; now for None."""

    def __init__(self, at: datetime | None) -> None:
        """At most two queries."""
        names = StageNames() if at else None
        self._stages: dict[int, StageThen] = {}
        for stage in Stage.objects.order_by("weight", "pk"):
            then = names.at(stage.pk, at) if names and at else None
            named = StageThen(stage, then.name, then.weight) if then else StageThen(stage, stage.name, stage.weight)
            self._stages[stage.pk] = named

    @property
    def numbers(self) -> list[int]:
        return list(self._stages)

    @property
    def names(self) -> dict[int, str]:
        return {pk: stage.name for pk, stage in self._stages.items()}

    @property
    def weights(self) -> dict[int, int]:
        return {pk: stage.weight for pk, stage in self._stages.items()}

    @property
    def keys(self) -> list[str]:
        """Every place, lost ones together, in the order in which reports show them."""
        return [*(str(pk) for pk in self._stages), "none", LOST, OUTSIDE]

    def of(self, stage: int | None) -> StageThen:
        return self._stages[stage] if stage else StageThen(None, "No status yet")

    def words(self, place: Place) -> str:
        """A place in words: "Customer", "lost from Customer"."""
        words = Whereabouts.of(place).words(self.names)
        return words.removeprefix("in ")

    def in_words(self, largest: Iterable[Largest]) -> list[tuple[str, str, Largest]]:
        """Movements with where they began and where they ended."""
        return [(self.words(one.start), self.words(one.end), one) for one in largest]

    def is_shown(self, stage: int | None, *, is_empty: bool) -> bool:
        """A retired stage that nothing is said of is left out."""
        return not (is_empty and stage and (found := self._stages[stage].stage) and found.retired_at)
