"""What may be asked of a report in its address. Whoever opens the address sees the same, whatever their own zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from config.middleware import request_organisation
from config.team.models import TeamMember
from contacts.models import Label
from journeys.history.filters import DayInput
from journeys.reports.members import Members
from journeys.reports.periods import FIRST_DAY, PRESETS, Period, Preset, Span, preset
from journeys.segments.models import Segment
from journeys.segments.queries import Matching, segments_for

RECORDED = "recorded"
_DAYS = ("since", "until", "beside_since", "beside_until")


def day_field(label: str) -> forms.DateField:
    errors = {"invalid": "Give a date such as 2026-05-03."}
    return forms.DateField(
        label=label, required=False, widget=DayInput(), input_formats=["%Y-%m-%d"], error_messages=errors
    )


class ReportForm(forms.Form):
    """Which days, whose changes, and whether undone ones count. What is wrong is said, and stands for nothing."""

    since = day_field("From")
    until = day_field("To")
    beside_since = day_field("Beside, from")
    beside_until = day_field("Beside, to")
    segment = forms.ModelChoiceField(
        Segment.objects.none(),
        required=False,
        empty_label="Everybody",
        error_messages={"invalid_choice": "You see no such segment: this is about everybody."},
    )
    label = forms.ModelChoiceField(
        Label.objects.all(),
        required=False,
        empty_label="Whatever the label",
        error_messages={"invalid_choice": "There is no such label any more: this is about everybody."},
    )
    changes = forms.ChoiceField(
        label="Undone changes",
        required=False,
        choices=[("", "Left out"), (RECORDED, "Counted, as recorded")],
        error_messages={"invalid_choice": "Choose one of these. Undone changes are left out."},
    )

    def __init__(self, data: Mapping[str, Any], *, today: date, by: TeamMember) -> None:
        super().__init__(data, label_suffix="")
        self.today = today
        self.fields["segment"].queryset = segments_for(by)  # type: ignore[attr-defined]
        for name in _DAYS:
            self.fields[name].widget.attrs |= {"max": today.isoformat(), "min": FIRST_DAY.isoformat()}

    def clean(self) -> dict[str, Any]:
        for name in _DAYS:
            day = self.cleaned_data.get(name)
            if day and not FIRST_DAY <= day <= self.today:
                still = "That day is still to come." if day > self.today else "Give a day after 1970."
                self.add_error(name, ValidationError(still, code="day"))
        for first, last in (("since", "until"), ("beside_since", "beside_until")):
            begins, ends = self.cleaned_data.get(first), self.cleaned_data.get(last)
            if begins and ends and begins > ends:
                self.add_error(last, ValidationError("This is before the first day.", code="order"))
        return self.cleaned_data

    def span(self, first: str, last: str) -> Span | None:
        """The days that two fields name; None if they name none. One of them is enough."""
        begins, ends = self.cleaned_data.get(first), self.cleaned_data.get(last)
        if not begins and not ends:
            return None
        ends = ends or self.today
        return Span(begins or ends.replace(day=1), ends)


@dataclass(frozen=True, slots=True)
class PresetLink:
    """Days that people often ask for: the address that asks for them, with all else as it is."""

    label: str
    address: str
    is_current: bool


class ReportFilter:
    """What the address of a report asks for.

    Attributes:
        period: the days it is about; `beside` those it is compared with.
        as_corrected: undone changes are left out.
        members: whose changes count.
        also: what else the address of this report says, and its links keep.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.also: dict[str, object] = {}
        self.zone = ZoneInfo(request_organisation(request).time_zone)
        self.today = timezone.localdate(timezone=self.zone)
        self.form = ReportForm(request.GET.dict(), today=self.today, by=request.user)  # type: ignore[arg-type]
        self.form.is_valid()
        said = self.form.cleaned_data
        self.preset, span, beside = self._spans(request.GET.get("period", ""))
        self.period = Period(span, self.zone, self.today)
        self.beside = Period(beside, self.zone, self.today)
        self.as_corrected = said.get("changes") != RECORDED
        self.label: Label | None = said.get("label")
        self.segment: Segment | None = said.get("segment")
        self.members = Members(
            label=self.label.pk if self.label else None,
            matching=Matching.of(self.segment) if self.segment else None,
        )
        self._show_the_days()

    def _spans(self, code: str) -> tuple[Preset | None, Span, Span]:
        given, beside = self.form.span("since", "until"), self.form.span("beside_since", "beside_until")
        if given:
            spans = given, beside or given.before
            return next((one for one in PRESETS if one.spans(self.today) == spans), None), *spans
        chosen = preset(code)
        span, usual = chosen.spans(self.today)
        return (chosen if beside in (None, usual) else None), span, beside or usual

    def _show_the_days(self) -> None:
        """The form names the days that are shown; a wrong day stays as it was typed."""
        days = (self.period.first, self.period.last, self.beside.first, self.beside.last)
        shown = {name: day.isoformat() for name, day in zip(_DAYS, days, strict=True) if name not in self.form.errors}
        self.form.data = {**self.form.data, **shown}

    @property
    def is_narrowed(self) -> bool:
        return not self.members.is_everybody

    @property
    def whose(self) -> str:
        """The end of a title: whose changes are counted, if not everybody's."""
        matching = f"matching {self.segment}" if self.segment else ""
        carrying = f"carrying {self.label}" if self.label else ""
        said = " and ".join(filter(None, (matching, carrying)))
        return f", of contacts {said}" if said else ""

    def query(self, **others: object) -> str:
        """The query string that asks for exactly this on any later day, and for `others`; None leaves one out."""
        said = {
            "since": self.period.first,
            "until": self.period.last,
            "beside_since": self.beside.first,
            "beside_until": self.beside.last,
            **self._narrowing,
            **others,
        }
        return "?" + urlencode({name: str(value) for name, value in said.items() if value not in (None, "")})

    @property
    def _narrowing(self) -> dict[str, object]:
        return {
            "segment": self.segment.pk if self.segment else None,
            "label": self.label.pk if self.label else None,
            "changes": None if self.as_corrected else RECORDED,
            **self.also,
        }

    @property
    def presets(self) -> list[PresetLink]:
        said = {name: value for name, value in self._narrowing.items() if value}
        return [
            PresetLink(one.label, "?" + urlencode({"period": one.code, **said}), one is self.preset) for one in PRESETS
        ]
