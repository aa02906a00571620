"""Who matches conditions, in plain Python over what the book holds: what the SQL of segments is held against."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contacts.models import CarriedLabel, Contact
from journeys.segments.conditions import AttributeFacts, Condition, Conditions
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.heart import left_standing


@dataclass
class Person:
    """A contact with everything that conditions may ask about."""

    contact: Contact
    labels: set[int] = field(default_factory=set)
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class BookModel:
    """The whole book, read once."""

    zone: ZoneInfo
    now: datetime
    attributes: dict[str, AttributeFacts]
    people: list[Person]
    targets: dict[int, int | None]

    @classmethod
    def read(cls, zone: ZoneInfo, now: datetime, attributes: dict[str, AttributeFacts]) -> "BookModel":
        people = {one.pk: Person(one) for one in Contact.objects.select_related("status")}
        for carried in CarriedLabel.objects.all():
            people[carried.contact_id].labels.add(carried.label_id)
        histories: dict[int, list[dict]] = defaultdict(list)
        for row in StatusChange.objects.order_by("id").values():
            histories[row["contact_id"]].append(row)
        for pk, rows in histories.items():
            standing = left_standing(rows)
            people[pk].history = [row for row in rows if row["id"] in standing]
        return cls(zone, now, attributes, list(people.values()), dict(Stage.objects.values_list("id", "target_days")))

    def matching(self, conditions: Conditions) -> set[int]:
        return {
            person.contact.pk
            for person in self.people
            if any(all(self._holds(one, person) for one in group) for group in conditions.groups)
        }

    def _holds(self, one: Condition, person: Person) -> bool:
        contact, status = person.contact, person.contact.status
        if one.field.startswith("attribute:"):
            return self._attribute(one, contact)
        match one.field:
            case "status":
                return self._is_there(one, status.stage_id, status.is_lost) == (one.operator == "is")
            case "time_in_stage":
                target = None if status.is_lost else self.targets.get(status.stage_id)
                return target is not None and self.now - status.stage_since > timedelta(days=target)
            case "entered" | "left":
                return self._ever(one, person, *(("to", "from") if one.field == "entered" else ("from", "to")))
            case "label":
                return (one.label in person.labels) == (one.operator == "carried")
            case "account_state":
                return (contact.account_state == one.choice) == (one.operator == "is")
            case "email" | "company" | "city" | "country":
                return _compares(one, getattr(contact, one.field) or "")
        return self._on_day(one, self._day(_moment(one.field, contact)))

    def _is_there(self, one: Condition, stage: int | None, lost: bool) -> bool:
        place = str(one.place)
        here = f"{stage or 'none'}{'-lost' if lost else ''}"
        if place == "any":
            return stage is not None and not lost
        return lost if place == "any-lost" else here == place

    def _ever(self, one: Condition, person: Person, here: str, there: str) -> bool:
        def is_at(row: dict, side: str) -> bool:
            return row[f"{side}_stage_id"] == one.stage and not row[f"{side}_lost"] and not row[f"{side}_outside"]

        days = [self._day(row["changed_at"]) for row in person.history if is_at(row, here) and not is_at(row, there)]
        if one.operator in ("ever", "never"):
            return bool(days) == (one.operator == "ever")
        return any(self._on_day(one, day) for day in days)

    def _attribute(self, one: Condition, contact: Contact) -> bool:
        attribute = self.attributes.get(one.field)
        if attribute is None:
            return False
        value = contact.attributes.get(attribute.key)
        if one.operator in ("is_empty", "is_not_empty"):
            return (value in (None, "")) == (one.operator == "is_empty")
        match attribute.kind:
            case "text":
                return _compares(one, "" if value is None else str(value))
            case "number":
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                return _compares_number(one, Decimal(str(value)) if is_number else None)
            case "yes_no":
                return value is (one.choice == "yes")
            case "choice":
                return (value == one.choice) == (one.operator == "is")
        try:
            day = date.fromisoformat(value) if value else None
        except ValueError:
            return False
        return self._on_day(one, day)

    def _day(self, moment: datetime | None) -> date | None:
        return moment.astimezone(self.zone).date() if moment else None

    def _on_day(self, one: Condition, day: date | None) -> bool:
        if one.operator in ("is_empty", "is_not_empty"):
            return (day is None) == (one.operator == "is_empty")
        if day is None:
            return one.or_never
        today = self.now.astimezone(self.zone).date()
        match str(one.operator):
            case "before":
                return day < one.day
            case "since":
                return day >= one.day
            case "after":
                return day > one.day
            case "on":
                return day == one.day
            case "between":
                return one.day <= day <= one.until
            case "more_than_ago":
                return (today - day).days > one.days
            case "within_last":
                return 0 <= (today - day).days <= one.days
        raise AssertionError(one)


def _moment(name: str, contact: Contact) -> datetime | None:
    status = contact.status
    if name == "stage_since":
        return status.stage_since if status.stage_id is not None and not status.is_lost else None
    return status.lost_at if name == "lost_since" else getattr(contact, name)


def _compares(one: Condition, value: str) -> bool:
    text, value = one.text.lower(), value.lower()
    return {
        "is": value == text,
        "is_not": value != text,
        "contains": text in value,
        "begins_with": value.startswith(text),
        "is_empty": value == "",
        "is_not_empty": value != "",
    }[one.operator]


def _compares_number(one: Condition, value: Decimal | None) -> bool:
    if value is None:
        return one.operator == "is_not"
    return {
        "is": value == one.number,
        "is_not": value != one.number,
        "at_least": value >= one.number,
        "at_most": value <= one.number,
        "between": one.most is not None and one.number <= value <= one.most,
    }[one.operator]
