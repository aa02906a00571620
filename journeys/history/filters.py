"""What may be asked of the status history in the address of the page."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, TextChoices

from config.middleware import request_organisation
from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status.models import Direction, StatusChange
from stages.models import Stage


class What(TextChoices):
    """What became of a contact, whatever its stage."""

    LOST = "lost", "Became lost"
    RECOVERED = "recovered", "Recovered"
    NEW = "new", "New in the book"
    ERASED = "erased", "Erased"


_WHAT = {
    What.LOST: Q(to_lost=True, from_lost=False),
    What.RECOVERED: Q(from_lost=True, to_lost=False, to_outside=False),
    What.NEW: Q(from_outside=True),
    What.ERASED: Q(to_outside=True),
}
_DIRECTIONS = {
    "forward": Direction.FORWARD,
    "back": Direction.BACK,
    "level": Direction.LEVEL,
}
NOBODY = "nobody"


def validate_day(day: date) -> None:
    """Raise ValidationError for a day whose midnight some time zone could not show."""
    if not 1970 <= day.year <= 2200:
        raise ValidationError("Give a date between 1970 and 2200.", code="day")


class DayInput(forms.DateInput):
    """A browser's own choice of a day. It cannot show what is no day, so that stays out."""

    input_type = "date"

    def format_value(self, value: Any) -> str:
        return str(parse_day(value) or "")


def parse_day(value: Any) -> date | None:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value or ""))
    except ValueError:
        return None


class BetweenDays(django_filters.FilterSet):
    """Narrows a list to a span of days, those of the organisation's time zone. A wrong value narrows nothing.

    Attributes:
        moment: the field of the model that says when.
    """

    since = django_filters.DateFilter(label="Since", method="by_since", validators=[validate_day])
    until = django_filters.DateFilter(label="Until", method="by_until", validators=[validate_day])

    moment: str

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.filters[name].extra["widget"] = DayInput()
            self.filters[name].extra["error_messages"] = {"invalid": "Give a date such as 2026-05-03."}

    @property
    def is_narrowed(self) -> bool:
        return any(self.form.cleaned_data.values()) if self.form.is_valid() else True

    def by_since(self, rows: QuerySet, name: str, value: date) -> QuerySet:
        return rows.filter(**{f"{self.moment}__gte": self._midnight(value)})

    def by_until(self, rows: QuerySet, name: str, value: date) -> QuerySet:
        return rows.filter(**{f"{self.moment}__lt": self._midnight(value + timedelta(days=1))})

    def _midnight(self, day: date) -> datetime:
        zone = ZoneInfo(request_organisation(self.request).time_zone)
        return datetime.combine(day, time.min, tzinfo=zone)


class StatusHistoryFilter(BetweenDays):
    """Narrows the status history. A wrong value narrows nothing."""

    moment = "changed_at"

    what = django_filters.ChoiceFilter(label="What happened", choices=What, empty_label="Any change", method="by_what")
    start = django_filters.ChoiceFilter(label="From", empty_label="From anywhere", method="by_start")
    end = django_filters.ChoiceFilter(label="To", empty_label="To anywhere", method="by_end")
    direction = django_filters.ChoiceFilter(
        label="Direction",
        choices=[(code, direction.label.capitalize()) for code, direction in _DIRECTIONS.items()],
        empty_label="Any direction",
        method="by_direction",
    )
    cause = django_filters.ChoiceFilter(
        label="Cause",
        choices=[(cause.value, cause.label[0].upper() + cause.label[1:]) for cause in Cause],
        empty_label="Any cause",
    )
    person = django_filters.ChoiceFilter(label="Who", empty_label="Anybody", method="by_person")

    class Meta:
        model = StatusChange
        fields: list[str] = []

    def __init__(self, *args, **kwargs) -> None:
        """Two queries: the stages and the people that may be chosen."""
        super().__init__(*args, **kwargs)
        places = place_choices(list(Stage.objects.order_by("weight", "id")))
        people = [(str(member.pk), str(member)) for member in TeamMember.objects.all()]
        self.filters["start"].extra["choices"] = places
        self.filters["end"].extra["choices"] = places
        self.filters["person"].extra["choices"] = [*people, (NOBODY, "Nobody (by itself)")]

    def by_what(self, changes: QuerySet, name: str, value: str) -> QuerySet:
        return changes.filter(_WHAT[What(value)])

    def by_start(self, changes: QuerySet, name: str, value: str) -> QuerySet:
        return changes.filter(**_standing("from", value))

    def by_end(self, changes: QuerySet, name: str, value: str) -> QuerySet:
        return changes.filter(**_standing("to", value))

    def by_direction(self, changes: QuerySet, name: str, value: str) -> QuerySet:
        return changes.filter(direction=_DIRECTIONS[value])

    def by_person(self, changes: QuerySet, name: str, value: str) -> QuerySet:
        return changes.filter(changed_by=None if value == NOBODY else int(value))


Choices = list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]


def place_choices(stages: list[Stage]) -> Choices:
    """Where a contact can stand, retired stages included: history names them."""

    def every(name: Callable[[Stage], str], suffix: str) -> list[tuple[str, str]]:
        return [(f"{stage.pk}{suffix}", name(stage) + (" (retired)" if stage.retired_at else "")) for stage in stages]

    return [
        ("In a stage", every(str, "")),
        ("Lost", [*every("Lost from {}".format, "-lost"), ("none-lost", "Lost, without a stage")]),
        ("Elsewhere", [("none", "No status yet"), ("outside", "Outside the book")]),
    ]


def _standing(side: str, place: str) -> dict[str, object]:
    """The columns of one side of a change for a place as `place_choices` writes it."""
    if place == "outside":
        return {f"{side}_outside": True}
    stage, _, lost = place.partition("-")
    return {
        f"{side}_outside": False,
        f"{side}_stage": None if stage == "none" else int(stage),
        f"{side}_lost": bool(lost),
    }
