"""Figures of the reports: from request to answer, in this process, warm."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Label
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.models import Segment
from journeys.stuck.actions import measure_stages
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure, median_ms

MONTH, YEAR = 30, 365


def _days(ago: int, days: int) -> str:
    """So many days, the last of them so many days ago; beside as many before them."""
    last = timezone.localdate() - timedelta(days=ago)
    return f"since={last - timedelta(days=days - 1)}&until={last}"


def _address(view: str, days: str, **said: object) -> str:
    others = "".join(f"&{name}={value}" for name, value in said.items())
    return f"{reverse(f'journeys:{view}')}?{days}{others}&counted=1"


def _past(report: str) -> list[str]:
    """Months that end on days all over three years."""
    return [_address(report, _days(ago, MONTH)) for ago in range(1, 1000, 97)]


def _unfiltered(report: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        bench.big.use()
        return Measured(bench.page(*_past(report)), floor=bench.frame())

    return measure


UNFILTERED = ("compare", "ins_and_outs", "trend")

for _report in UNFILTERED:
    figure(f"report_{_report}", limit=60)(_unfiltered(_report))


@figure("reports_growth", unit="×", limit=2)
def reports_growth(bench: Bench) -> Measured:
    """The time of the report that grows most with the book, divided by its time with a book of a hundredth."""
    pages: dict[str, float] = {}
    bench.small.use()
    for report in UNFILTERED:
        pages[report] = bench.page(*_past(report))
    bench.big.use()
    return Measured(max(bench.page(*_past(report)) / pages[report] for report in UNFILTERED), floor=1)


@figure("report_flows_of_a_month", limit=500)
def report_flows_of_a_month(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(*(_address("flows", _days(ago, MONTH)) for ago in (1, 90, 400))))


@figure("report_flows_of_a_year", limit=2000)
def report_flows_of_a_year(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(*(_address("flows", _days(ago, YEAR)) for ago in (1, 400))))


@figure("report_names", limit=500)
def report_names(bench: Bench) -> Measured:
    """The first page of who is behind each number of the ins and outs, and of the flows, of a month."""
    bench.big.use()
    return Measured(bench.page(*_names(bench)))


@figure("report_names_slowest", limit=3000)
def report_names_slowest(bench: Bench) -> Measured:
    """The slowest of all of these, of a month and of a year."""
    bench.big.use()
    client = bench.client()
    return Measured(max(_ms(client, address) for address in [*_names(bench), *_names(bench, days=YEAR)]))


def _names(bench: Bench, days: int = MONTH) -> list[str]:
    return _names_on(bench, [_address(report, _days(90, days)) for report in ("ins_and_outs", "flows", "compare")])


def _names_on(bench: Bench, pages: list[str]) -> list[str]:
    client = bench.client()
    found = [
        address.replace("&amp;", "&")
        for page in pages
        for address in re.findall(r'href="(/reports/contacts[^"]*)"', client.get(page).content.decode())
    ]
    return list(dict.fromkeys(found))


def _ms(client: Client, address: str) -> float:
    began = timezone.now()
    if client.get(address).status_code != 200:
        raise RuntimeError(f"{address} failed.")
    return (timezone.now() - began).total_seconds() * 1000


@figure("reports_of_a_segment", limit=3000)
def reports_of_a_segment(bench: Bench) -> Measured:
    """The slowest report of a tenth of the book, over a year."""
    bench.big.use()
    segment = _tenth(bench)
    pages = [_address(report, _days(1, YEAR), segment=segment.pk) for report in (*UNFILTERED, "flows")]
    return Measured(max(bench.page(page) for page in pages))


def _tenth(bench: Bench) -> Segment:
    """A segment of those who carry one of two labels: a twentieth of the book carries each."""
    name = "A tenth of the book"
    labels = Label.objects.order_by("pk")[:2]
    carried = tuple((Condition("label", Operator.CARRIED, label=label.pk),) for label in labels)
    known = Segment.objects.filter(name=name).first()
    return known or create_segment(name=name, conditions=Conditions(carried), is_for_all=True, by=bench.member())


@figure("report_notes")
def report_notes(bench: Bench) -> Measured:
    """What is left out and what was recorded later: all of the book was, after its dates."""
    bench.big.use()
    return Measured(bench.page(*(_address("report_notes", _days(ago, MONTH), report="compare") for ago in (1, 900))))


# People over time


@figure("report_conversion_of_a_month", limit=500)
def report_conversion_of_a_month(bench: Bench) -> Measured:
    """The slowest of the stages."""
    bench.big.use()
    return Measured(max(bench.page(*_past_of("conversion", stage, MONTH)) for stage in Stage.objects.in_use()))


@figure("report_conversion_of_a_year", limit=2000)
def report_conversion_of_a_year(bench: Bench) -> Measured:
    """The slowest of the stages, by month."""
    bench.big.use()
    return Measured(max(bench.page(*_past_of("conversion", stage, YEAR)) for stage in Stage.objects.in_use()))


def _past_of(report: str, stage: Stage, days: int) -> list[str]:
    return [_address(report, _days(ago, days), stage=stage.pk, by="month") for ago in (1, 90, 400)]


@figure("report_time_in_stage_of_a_month")
def report_time_in_stage_of_a_month(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(*(_address("time_in_stage", _days(ago, MONTH)) for ago in (1, 90, 400))))


@figure("report_time_in_stage_of_a_year", limit=2000)
def report_time_in_stage_of_a_year(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(*(_address("time_in_stage", _days(ago, YEAR)) for ago in (1, 400))))


@figure("report_lost_of_a_year", limit=2000)
def report_lost_of_a_year(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(*(_address("lost_contacts", _days(ago, YEAR)) for ago in (1, 400))))


@figure("report_stuck", limit=2000)
def report_stuck(bench: Bench) -> Measured:
    """Over a target of 60 days in every stage: most of the book is."""
    bench.big.use()
    Stage.objects.update(target_days=60)
    return Measured(bench.page(f"{reverse('journeys:stuck')}?counted=1"))


@figure("measure_stages", limit=10_000)
def measuring(bench: Bench) -> Measured:
    """What the worker does every ten minutes."""
    bench.big.use()
    return Measured(median_ms([measure_stages], times=min(bench.times, 3)))


@figure("report_names_of_people", limit=500)
def report_names_of_people(bench: Bench) -> Measured:
    """The first page of who is behind each number of conversion, time in stage and lost, of a month."""
    bench.big.use()
    return Measured(bench.page(*_people_names(bench, MONTH)))


@figure("report_names_of_people_slowest", limit=3000)
def report_names_of_people_slowest(bench: Bench) -> Measured:
    """The slowest of all of these, of a month and of a year."""
    bench.big.use()
    client = bench.client()
    names = [*_people_names(bench, MONTH), *_people_names(bench, YEAR)]
    return Measured(max(_ms(client, address) for address in names))


def _people_names(bench: Bench, days: int) -> list[str]:
    return _names_on(bench, [_address(report, _days(90, days)) for report in PEOPLE])


PEOPLE = ("conversion", "time_in_stage", "lost_contacts")


@figure("report_people_of_a_segment", limit=3000)
def report_people_of_a_segment(bench: Bench) -> Measured:
    """The slowest of these reports of a tenth of the book, over a year."""
    bench.big.use()
    segment = _tenth(bench)
    pages = [_address(report, _days(1, YEAR), segment=segment.pk) for report in (*PEOPLE, "stuck")]
    return Measured(max(bench.page(page) for page in pages))
