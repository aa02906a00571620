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
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure

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
    """The time of the report that grows most with the book, divided by its time with a book of a tenth."""
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
    client = bench.client()
    pages = [_address(report, _days(90, days)) for report in ("ins_and_outs", "flows", "compare")]
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
