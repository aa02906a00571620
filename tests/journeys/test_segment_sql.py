"""The SQL of conditions finds whom a plain Python model of the book finds; hypothesis makes up the conditions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.team.models import Organisation
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact
from journeys.book.actions import activate_accounts, deactivate_accounts
from journeys.segments.conditions import Condition, Conditions, Field, Operator, Place, Vocabulary
from journeys.segments.queries import contacts_of, this_moment, vocabulary
from journeys.segments.sql import Moment, select
from journeys.status.actions import change_status, mark_lost, put_back, recover
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import last_change
from tests.journeys.segment_model import BookModel

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Europe/Berlin")
DAYS = [date(2026, 3, 28) + timedelta(days=number) for number in range(4)]
"""The clocks go forward on the second of them."""

DATES = {
    "subscribed_at": 2,
    "unsubscribed_at": 4,
    "last_open_at": 5,
    "last_click_at": 8,
    "last_reply_at": 10,
    "last_active_at": 11,
}
"""Each with the steps in which it goes through `moments`, so that contacts have all kinds of them together."""


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=ZONE)


def moments() -> list[datetime | None]:
    """None, and what lies just on both sides of every midnight; some days ago, too."""
    edges = [midnight(day) + timedelta(seconds=seconds) for day in DAYS for seconds in (-1, 0, 1)]
    lately = [timezone.now() - timedelta(days=days, hours=hours) for days in (0, 1, 2, 3) for hours in (0, 9)]
    return [None, *edges, *lately]


def fill_the_book() -> None:
    """Some thirty contacts that differ in all that conditions may ask, at dates around midnights."""
    Organisation.objects.update(time_zone="Europe/Berlin")
    stages: list[Stage | None] = [None, *Stage.objects.all()]
    Stage.objects.filter(name="Engaged").update(target_days=2)
    Stage.objects.filter(name="Customer").update(target_days=3650)
    labels = [LabelFactory(name=name) for name in ("spring", "fair")]
    texts = ["", "Acme", "acme", "ACME Ltd", "Bäcker & Co", "100%", "a_b", "Großes"]
    attributes = [
        Attribute.objects.create(name=kind.label, key=kind.value, type=kind, choices=["gold", "silver"])
        for kind in Attribute.Type
    ]
    values: dict[str, list[Any]] = {
        "text": [None, "", "Acme", "acme ltd", 7],
        "number": [None, 0, 7, 7.5, -2, "7"],
        "date": [None, "2026-03-28", "2026-03-29", "2026-03-30", "soon", timezone.localdate(timezone=ZONE).isoformat()],
        "yes_no": [None, True, False, "yes"],
        "choice": [None, "gold", "silver", "bronze"],
    }
    edges = moments()
    for number in range(30):
        given = {name: edges[number * step % len(edges)] for name, step in DATES.items()}
        held = {one.key: values[one.key][number % len(values[one.key])] for one in attributes}
        contact = contact_in(
            stages[number % len(stages)],
            since=edges[1 + number % 12],
            company=texts[number % len(texts)],
            city=texts[(number + 3) % len(texts)],
            country=("Germany", "")[number % 2],
            email=None if number % 5 == 0 else f"person{number}@{('acme', 'other')[number % 2]}.example",
            external_id=f"X-{number}",
            attributes={key: value for key, value in held.items() if value is not None},
            **given,
        )
        Contact.objects.filter(pk=contact.pk).update(created_at=edges[1 + number % (len(edges) - 1)])
        for label in labels[: number % 3]:
            CarriedLabel.objects.create(contact=contact, label=label)
        _live(contact, number, [stage for stage in stages if stage])


def _live(contact: Contact, number: int, stages: list[Stage]) -> None:
    """Some are moved at a date, some marked lost, recovered, put back, put back and that undone, made inactive."""
    edges = [moment for moment in moments() if moment]
    dates = {contact.pk: edges[12 + number % 8]}
    signed: dict[str, Any] = {"contacts": [contact.pk], "cause": Cause.MANUAL, "by": None}
    if number % 2:
        change_status(**signed, to=stages[number % 5], dates=dates, back_allowed=True)
    if number % 7 in (2, 3, 4):
        mark_lost(**signed, reason=None, dates=dates)
    if number % 7 == 3:
        recover(**signed)
    if number % 7 == 5:
        change_status(**signed, to=stages[(number + 1) % 5], back_allowed=True)
    if number % 7 in (4, 5):
        put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    if number % 14 == 5:
        put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)
    if number % 11 == 1:
        deactivate_accounts(contacts=[contact.pk], by=None)
    if number % 22 == 1:
        activate_accounts(contacts=[contact.pk], by=None)


def inputs(known: Vocabulary) -> dict[str, list[Any]]:
    """What a person could give beside a field and an operator, and the numbers of what is gone."""
    days = [*DAYS, timezone.localdate(timezone=ZONE)]
    numbers = [Decimal(-2), Decimal(0), Decimal(7), Decimal("7.5"), Decimal(8)]
    stages = [*known.stages, 10**12]
    return {
        "place": [Place(where, lost) for where in ("any", "none", *map(str, stages)) for lost in (False, True)],
        "stage": stages,
        "label": [*known.labels, 10**12],
        "text": [
            "Acme",
            "acme",
            "ltd",
            "ß",
            "%",
            "_",
            "a_",
            "person1@other.example",
            "person1",
            "@acme",
            "Germany",
            "7",
            "'",
        ],
        "number": numbers,
        "most": numbers,
        "day": days,
        "until": days,
        "days": [1, 2, 3, 4],
        "or_never": [False, True],
    }


def choices(about: Field, operator: Operator, known: Vocabulary) -> dict[str, list[Any]]:
    """What can be given to this field and operator, by input."""
    every = inputs(known) | {"choice": list(about.choices)}
    return {name: every[name] for name in about.inputs(operator)}


def conditions(known: Vocabulary) -> st.SearchStrategy[Conditions]:
    """Any conditions that a person could build with these words."""

    @st.composite
    def one_condition(draw: st.DrawFn) -> Condition:
        about = draw(st.sampled_from(list(known.fields.values())))
        operator = draw(st.sampled_from(about.operators))
        given = {name: draw(st.sampled_from(some)) for name, some in choices(about, operator, known).items()}
        return Condition(about.key, operator, **given)

    gone = st.just(Condition("attribute:999999", Operator.IS, text="Acme"))
    groups = st.lists(one_condition() | gone, min_size=1, max_size=3).map(tuple)
    return st.lists(groups, min_size=1, max_size=3).map(lambda found: Conditions(tuple(found)))


@dataclass
class Newest:
    """The newest few that are older than one of them."""

    older_than: int
    order = "DESC"
    limit = 5

    def bounds(self, key: str) -> list[str]:
        return [f"{key} < {self.older_than:d}"]


def found_by_sql(asked: Conditions, known: Vocabulary, at: Moment, window: Newest | None = None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(*select(asked, known, at, window))
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def known(db: None) -> Vocabulary:
    fill_the_book()
    return vocabulary()


@pytest.fixture
def at(known: Vocabulary) -> Moment:
    return this_moment()


@pytest.fixture
def model(known: Vocabulary, at: Moment) -> BookModel:
    return BookModel.read(ZONE, at.now, {one.field.key: one for one in known.attributes.values()})


def test_the_sql_finds_whom_the_model_finds(known: Vocabulary, at: Moment, model: BookModel) -> None:
    middle = Contact.objects.order_by("pk").values_list("pk", flat=True)[20]

    @settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(asked=conditions(known))
    def check(asked: Conditions) -> None:
        expected = model.matching(asked)
        assert sorted(found_by_sql(asked, known, at)) == sorted(expected)
        page = found_by_sql(asked, known, at, Newest(middle))
        assert page == sorted((pk for pk in expected if pk < middle), reverse=True)[: Newest.limit]
        assert Conditions.read(asked.as_json()) == asked

    check()


def test_each_way_to_compare_each_field_finds_some_and_leaves_some_out(
    known: Vocabulary, at: Moment, model: BookModel
) -> None:
    everybody = Contact.objects.count()
    tells_nobody_apart = []
    for about in known.fields.values():
        for operator in about.operators:
            possible = choices(about, operator, known)
            given = [dict(zip(possible, some, strict=True)) for some in product(*possible.values())]
            counts = set()
            for inputs_given in given:
                asked = Conditions(((Condition(about.key, operator, **inputs_given),),))
                found = found_by_sql(asked, known, at)
                assert (asked, sorted(found)) == (asked, sorted(model.matching(asked)))
                counts.add(len(found))
            if counts <= {0, everybody}:
                tells_nobody_apart.append(f"{about.key} {operator}")
    assert tells_nobody_apart == []


def test_contacts_of_conditions_are_narrowed_like_any_others(known: Vocabulary, model: BookModel) -> None:
    asked = Conditions(((Condition("company", Operator.CONTAINS, text="acme"),),))
    found = contacts_of(asked).filter(country="").order_by("pk")
    expected = Contact.objects.filter(pk__in=model.matching(asked), country="").order_by("pk")
    assert list(found) == list(expected) != []


def test_a_day_of_23_hours_has_its_own_midnights(known: Vocabulary) -> None:
    at = Moment(datetime(2026, 3, 29, 12, tzinfo=UTC), ZONE)
    asked = Conditions(((Condition("last_open_at", Operator.ON, day=date(2026, 3, 29)),),))
    found = Contact.objects.filter(pk__in=found_by_sql(asked, known, at))
    begins, ends = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    expected = Contact.objects.filter(last_open_at__gte=begins, last_open_at__lt=ends)
    assert set(found) == set(expected)
    assert begins in set(expected.values_list("last_open_at", flat=True))
