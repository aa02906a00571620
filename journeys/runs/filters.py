"""What may be asked of the list of runs in the address of the page."""

from collections.abc import Mapping

import django_filters
from django.db.models import QuerySet, TextChoices

from config.team.models import TeamMember
from journeys.history.filters import NOBODY, BetweenDays
from journeys.runs.models import Run
from journeys.runs.undos import Undo, runs_undone
from stages.models import Stage


class Undone(TextChoices):
    """Whether what a run did was put back."""

    YES = "yes", "Undone"
    NO = "no", "Not undone"


class RunFilter(BetweenDays):
    """Narrows the list of runs. A wrong value narrows nothing."""

    moment = "started_at"

    person = django_filters.ChoiceFilter(label="Who", empty_label="Anybody", method="by_person")
    kind = django_filters.ChoiceFilter(label="Kind", choices=Run.Kind, empty_label="Any kind")
    stage = django_filters.ChoiceFilter(label="To", empty_label="To anywhere", method="by_stage")
    state = django_filters.ChoiceFilter(label="State", choices=Run.State, empty_label="Any state")
    undone = django_filters.ChoiceFilter(
        label="Undone", choices=Undone, empty_label="Undone or not", method="by_undone"
    )

    class Meta:
        model = Run
        fields: list[str] = []

    def __init__(self, *args, undos: Mapping[int, Undo], **kwargs) -> None:
        """Two queries: the stages and the people that may be chosen."""
        super().__init__(*args, **kwargs)
        self.undos = dict(undos)
        people = [(str(member.pk), str(member)) for member in TeamMember.objects.all()]
        self.filters["person"].extra["choices"] = [*people, (NOBODY, "Nobody (by itself)")]
        self.filters["stage"].extra["choices"] = [
            (str(stage.pk), f"{stage} (retired)" if stage.retired_at else str(stage))
            for stage in Stage.objects.order_by("weight", "id")
        ]

    def by_person(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(started_by=None if value == NOBODY else int(value))

    def by_stage(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(stage=int(value))

    def by_undone(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        undone = runs_undone(self.undos)
        return runs.filter(pk__in=undone) if value == Undone.YES else runs.exclude(pk__in=undone)
