"""Conditions as a person would say them: pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import date_format

from journeys.segments.conditions import Condition, Conditions, Field, Kind, Operator, Place, Vocabulary
from journeys.segments.sql import Moment

WORDS: Mapping[Operator, str] = {
    Operator.IS: "is",
    Operator.IS_NOT: "is not",
    Operator.CONTAINS: "contains",
    Operator.BEGINS_WITH: "begins with",
    Operator.AT_LEAST: "is at least",
    Operator.AT_MOST: "is at most",
    Operator.BEFORE: "before",
    Operator.SINCE: "since",
    Operator.AFTER: "after",
    Operator.ON: "on",
    Operator.BETWEEN: "between",
    Operator.MORE_THAN_AGO: "more than … days ago",
    Operator.WITHIN_LAST: "within the last … days",
    Operator.EVER: "at any time",
    Operator.NEVER: "never",
    Operator.CARRIED: "is carried",
    Operator.NOT_CARRIED: "is not carried",
    Operator.LONGER_THAN_TARGET: "longer than the stage's target",
    Operator.IS_EMPTY: "is empty",
    Operator.IS_NOT_EMPTY: "is not empty",
}

PLACES: Mapping[Place, str] = {
    Place("any"): "in any stage",
    Place("none"): "No status yet",
    Place("any", lost=True): "lost",
    Place("none", lost=True): "lost, no stage",
}
"""Places that are not one stage."""

_GONE = {"stage": "a stage that is gone", "label": "a label that was deleted", "field": "An attribute that was removed"}


def place_in_words(place: Place, stages: Mapping[int, str]) -> str:
    """A place by the names of stages: "Customer", "lost from Customer", "No status yet"."""
    if place.stage is None:
        return PLACES[place]
    name = stages.get(place.stage, _GONE["stage"])
    return f"lost from {name}" if place.lost else name


def sentence(conditions: Conditions, vocabulary: Vocabulary, at: Moment) -> str:
    """All conditions in one line: "Funnel status is Customer AND Last open before 8 April 2026"."""
    known = vocabulary.fields
    groups = [[_condition(one, known.get(one.field), vocabulary, at) for one in group] for group in conditions.groups]
    if len(groups) == 1:
        return " AND ".join(groups[0])
    return " OR ".join(f"({' AND '.join(group)})" if len(group) > 1 else group[0] for group in groups)


def about_days(conditions: Conditions, at: Moment) -> str:
    """What days mean in these conditions; nothing where they have none."""
    if not any(condition.span(at.today) != (None, None) for condition in conditions):
        return ""
    return (
        f"Days begin at midnight in {at.zone}: before a day is before its first moment, after a day is after its last."
    )


def _condition(condition: Condition, about: Field | None, vocabulary: Vocabulary, at: Moment) -> str:
    if about is None:
        return _GONE["field"]
    words = WORDS[condition.operator]
    match about.kind:
        case Kind.PLACE if condition.place:
            return f"{about.label} {words} {place_in_words(condition.place, vocabulary.stages)}"
        case Kind.LABEL:
            name = vocabulary.labels.get(condition.label or 0, _GONE["label"])
            return f"Carries {name}" if condition.operator is Operator.CARRIED else f"Does not carry {name}"
        case Kind.HISTORY:
            name = vocabulary.stages.get(condition.stage or 0, _GONE["stage"])
            if condition.operator is Operator.NEVER:
                return f"Never {about.label.lower()} {name}"
            return f"{about.label} {name} {_dates(condition, at)}"
        case Kind.MOMENT | Kind.DAY:
            return f"{about.label} {_dates(condition, at)}"
    return f"{about.label} {words}{_value(condition, about)}"


def _value(condition: Condition, about: Field) -> str:
    """What a field is compared with, after a space; nothing where it is compared with nothing."""
    if condition.number is not None:
        return f" {_numbers(condition)}"
    if condition.text:
        return f" “{condition.text}”"
    return f" {about.choices.get(condition.choice, condition.choice)}" if condition.choice else ""


def _dates(condition: Condition, at: Moment) -> str:
    first, last = condition.span(at.today)
    or_never = " or never" if condition.or_never else ""
    match condition.operator:
        case Operator.MORE_THAN_AGO if last:
            return f"more than {_days(condition)} ago (before {_day(last + timedelta(days=1))}){or_never}"
        case Operator.WITHIN_LAST if first:
            return f"within the last {_days(condition)} (since {_day(first)})"
        case Operator.BETWEEN if condition.day and condition.until:
            return f"between {_day(condition.day)} and {_day(condition.until)}"
    day = f" {_day(condition.day)}" if condition.day else ""
    return f"{WORDS[condition.operator]}{day}{or_never}"


def _days(condition: Condition) -> str:
    return "day" if condition.days == 1 else f"{condition.days:,} days"


def _day(day: date) -> str:
    return date_format(day)


def _numbers(condition: Condition) -> str:
    least = _number(condition.number)
    return f"{least} and {_number(condition.most)}" if condition.most is not None else least


def _number(number: Decimal | None) -> str:
    return f"{number:,f}"
