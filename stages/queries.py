"""Reads of the stages app."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from stages.models import Category, Stage, StageRevision


def stages_in_use() -> list[Stage]:
    """Every stage that was not retired, with its category, the lightest first. One query."""
    return list(Stage.objects.in_use().select_related("category"))


def retired_stages(pks: Collection[int]) -> list[Stage]:
    """Those of the stages that were retired, the lightest first. One query, none if there are none to look for."""
    return list(Stage.objects.filter(pk__in=pks).exclude(retired_at=None)) if pks else []


def open_stages(at: datetime) -> list[Stage]:
    """The stages that contacts may move into at `at`, the lightest first. One query."""
    return list(Stage.objects.open_at(at))


def stages_of_weight(weight: int, *, other_than: Stage) -> list[Stage]:
    """The other stages in use of this weight: a move between them is neither forward nor back. One query."""
    return list(Stage.objects.in_use().filter(weight=weight).exclude(pk=other_than.pk))


def categories() -> list[Category]:
    """Every category, by title. One query."""
    return list(Category.objects.all())


@dataclass(frozen=True, slots=True)
class StageThen:
    """A stage as it was called at some moment, with its weight of then, beside what it is called now."""

    pk: int
    name: str
    colour: str
    name_now: str
    is_retired: bool
    weight: int

    @property
    def was_renamed(self) -> bool:
        return self.name != self.name_now

    def __str__(self) -> str:
        return self.name


class StageNames:
    """What every stage was called at any moment. Read once for a whole list of history."""

    def __init__(self) -> None:
        """One query."""
        self._revisions: dict[int, list[StageRevision]] = defaultdict(list)
        for revision in StageRevision.objects.select_related("stage").order_by("stage_id", "id"):
            self._revisions[revision.stage_id].append(revision)

    def at(self, stage: int | None, moment: datetime) -> StageThen | None:
        """The stage of this id as it was called at `moment`; before its first name, that first name."""
        revisions = self._revisions.get(stage) if stage else None
        if not revisions:
            return None
        then = revisions[0]
        for revision in revisions[1:]:
            if revision.revised_at > moment:
                break
            then = revision
        now = revisions[0].stage
        return StageThen(
            pk=now.pk,
            name=then.name,
            colour=now.colour,
            name_now=now.name,
            is_retired=now.retired_at is not None,
            weight=then.weight,
        )


class StageWeights:
    """What every stage weighed at any moment, and when weights changed. Read once for a whole report."""

    def __init__(self) -> None:
        """One query."""
        self._weights: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        revisions = StageRevision.objects.order_by("stage_id", "id")
        for stage, weight, at in revisions.values_list("stage", "weight", "revised_at"):
            known = self._weights[stage]
            if not known or known[-1][1] != weight:
                known.append((at, weight))

    @property
    def changed_at(self) -> list[datetime]:
        """The moments at which a stage began to weigh something else."""
        return sorted({at for known in self._weights.values() for at, _ in known[1:]})

    def at(self, stage: int, moment: datetime) -> int:
        """What the stage weighed at `moment`; before its first weight, that first weight."""
        known = self._weights[stage]
        return next((weight for at, weight in reversed(known) if at <= moment), known[0][1])
