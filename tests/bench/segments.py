"""Figures of segments: how long it takes to count who matches, and to show the first of them."""

from datetime import date, timedelta
from functools import partial

from django.urls import reverse
from django.utils import timezone

from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator, Place
from journeys.segments.models import Segment
from journeys.segments.queries import Matching, count_of
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure


def _half_a_year_ago() -> date:
    return timezone.localdate() - timedelta(days=183)


def _in(stage: str, *others: Condition) -> Conditions:
    place = Place(str(Stage.objects.get(name=stage).pk))
    return Conditions(((Condition("status", Operator.IS, place=place), *others),))


def _segment(bench: Bench, name: str, conditions: Conditions) -> Segment:
    kept = Segment.objects.filter(name=name).first()
    return kept or create_segment(name=name, conditions=conditions, is_for_all=True, by=bench.member())


def _examples(bench: Bench) -> list[Segment]:
    """At risk, to be asked for advocacy, and to be welcomed."""
    before = Condition("last_open_at", Operator.BEFORE, day=_half_a_year_ago())
    after = Condition("subscribed_at", Operator.AFTER, day=_half_a_year_ago())
    return [
        _segment(bench, "At risk", _in("Customer", before)),
        _segment(bench, "Advocacy", _in("Promoter")),
        _segment(bench, "Welcome", _in("Aware", after)),
    ]


def _slowest_count(bench: Bench, segments: list[Segment]) -> float:
    return max(bench.median(partial(count_of, Matching.of(segment))) for segment in segments)


@figure("segment_count", limit=300)
def segment_count(bench: Bench) -> Measured:
    """The slowest of the three examples."""
    bench.big.use()
    return Measured(_slowest_count(bench, _examples(bench)))


@figure("segment_page_1", limit=100)
def segment_page_1(bench: Bench) -> Measured:
    """The list of contacts, narrowed by the slowest of the three examples."""
    bench.big.use()
    address = reverse("contacts:contacts")
    times = [bench.page(f"{address}?segment={segment.pk}") for segment in _examples(bench)]
    return Measured(max(times), floor=bench.frame())


@figure("segment_of_history_count")
def segment_of_history_count(bench: Bench) -> Measured:
    """Who entered a stage in half a year, and who never left one: read from the whole history."""
    bench.big.use()
    customer = Stage.objects.get(name="Customer")
    entered = Condition("entered", Operator.SINCE, stage=customer.pk, day=_half_a_year_ago())
    never = Condition("left", Operator.NEVER, stage=customer.pk)
    segments = [
        _segment(bench, "New customers", Conditions(((entered,),))),
        _segment(bench, "Never left", Conditions(((never,),))),
    ]
    return Measured(_slowest_count(bench, segments))


@figure("customer_journey_of_segment")
def customer_journey_of_segment(bench: Bench) -> Measured:
    """The slowest of the three examples."""
    bench.big.use()
    address = reverse("journeys:customer_journey")
    times = [bench.page(f"{address}?segment={segment.pk}") for segment in _examples(bench)]
    return Measured(max(times), floor=bench.frame())
