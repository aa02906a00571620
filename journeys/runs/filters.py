"""What may be asked of the list of runs in the address of the page."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import django_filters
from django.db.models import QuerySet, TextChoices

from config.middleware import request_organisation
from config.team.models import TeamMember
from journeys.history.filters import NOBODY, DayInput, validate_day
from journeys.runs.models import Run
from journeys.runs.undos import Undo, runs_undone
from stages.models import Stage


class Undone(TextChoices):
    """Whether what a run did was put back."""

    YES = "yes", "Undone"
    NO = "no", "Not undone"


class RunFilter(django_filters.FilterSet):
    """Narrows the list of runs. Days are those of the organisation's time zone; a wrong value narrows nothing."""

    person = django_filters.ChoiceFilter(label="Who", empty_label="Anybody", method="by_person")
    kind = django_filters.ChoiceFilter(label="Kind", choices=Run.Kind, empty_label="Any kind")
    stage = django_filters.ChoiceFilter(label="To", empty_label="To anywhere", method="by_stage")
    state = django_filters.ChoiceFilter(label="State", choices=Run.State, empty_label="Any state")
    undone = django_filters.ChoiceFilter(
        label="Undone", choices=Undone, empty_label="Undone or not", method="by_undone"
    )
    since = django_filters.DateFilter(label="Since", method="by_since", validators=[validate_day])
    until = django_filters.DateFilter(label="Until", method="by_until", validators=[validate_day])

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
        for name in ("since", "until"):
            self.filters[name].extra["widget"] = DayInput()
            self.filters[name].extra["error_messages"] = {"invalid": "Give a date such as 2026-05-03."}

    @property
    def is_narrowed(self) -> bool:
        return any(self.form.cleaned_data.values()) if self.form.is_valid() else True

    def by_person(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(started_by=None if value == NOBODY else int(value))

    def by_stage(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        return runs.filter(stage=int(value))

    def by_undone(self, runs: QuerySet, name: str, value: str) -> QuerySet:
        undone = runs_undone(self.undos)
        return runs.filter(pk__in=undone) if value == Undone.YES else runs.exclude(pk__in=undone)

    def by_since(self, runs: QuerySet, name: str, value: date) -> QuerySet:
        return runs.filter(started_at__gte=self._midnight(value))

    def by_until(self, runs: QuerySet, name: str, value: date) -> QuerySet:
        return runs.filter(started_at__lt=self._midnight(value + timedelta(days=1)))

    def _midnight(self, day: date) -> datetime:
        zone = ZoneInfo(request_organisation(self.request).time_zone)
        return datetime.combine(day, time.min, tzinfo=zone)
