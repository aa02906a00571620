"""Figures of the screens: from request to answer, in this process, warm, median of 50."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from contacts.models import Label
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.book import WIDE_LABEL
from tests.bench.figures import Measured, figure

PAGE = 50
"""So many contacts are on a page of the list."""


@figure("customer_journey", limit=40)
def customer_journey(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(reverse("journeys:customer_journey")), floor=bench.frame())


@figure("customer_journey_growth", unit="×", limit=1.5)
def customer_journey_growth(bench: Bench) -> Measured:
    """Its time with the big book, divided by its time with the small one."""
    address = reverse("journeys:customer_journey")
    bench.small.use()
    small = bench.page(address)
    bench.big.use()
    return Measured(bench.page(address) / small, floor=1)


@figure("customer_journey_of_past_days")
def customer_journey_of_past_days(bench: Bench) -> Measured:
    bench.big.use()
    address = reverse("journeys:customer_journey")
    days = [(timezone.now() - timedelta(days=21 * number)).date() for number in range(1, 51)]
    return Measured(bench.page(*(f"{address}?at={day}" for day in days)), floor=bench.frame())


@figure("contacts_of_stage_page_1", limit=60)
def contacts_of_stage_page_1(bench: Bench) -> Measured:
    """The slowest of the stages."""
    bench.big.use()
    address = reverse("contacts:contacts")
    times = [bench.page(f"{address}?stage={stage.pk}") for stage in Stage.objects.in_use()]
    return Measured(max(times), floor=bench.frame())


@figure("contacts_of_stage_page_1000", limit=60)
def contacts_of_stage_page_1000(bench: Bench) -> Measured:
    """The slowest of the stages that have so many pages; the last page of each if none has."""
    bench.big.use()
    pages = {stage: _contacts_in(stage).count() // PAGE for stage in Stage.objects.in_use()}
    long = {stage: 1000 for stage, count in pages.items() if count >= 1000}
    times = [bench.page(_page_of(stage, number)) for stage, number in (long or pages).items() if number > 1]
    return Measured(max(times), floor=bench.frame())


def _contacts_in(stage: Stage):
    return FunnelStatus.objects.filter(stage=stage, lost_at=None)


def _page_of(stage: Stage, number: int) -> str:
    """The address of a page of the contacts in a stage, the newest on the first."""
    before = (number - 1) * PAGE
    last = _contacts_in(stage).order_by("-contact").values_list("pk", flat=True)[before - 1]
    return f"{reverse('contacts:contacts')}?stage={stage.pk}&after={last}"


@figure("contacts_carrying_a_label")
def contacts_carrying_a_label(bench: Bench) -> Measured:
    bench.big.use()
    address = reverse("contacts:contacts")
    return Measured(bench.page(*(f"{address}?label={label.pk}" for label in Label.objects.all())), floor=bench.frame())


@figure("contacts_found_by_words")
def contacts_found_by_words(bench: Bench) -> Measured:
    """By names that thousands have, in turns with an e-mail that one has."""
    bench.big.use()
    address = reverse("contacts:contacts")
    words = [f"q=ada+{last}" for last in ("becker", "keller", "moreau", "walsh")]
    emails = [f"q=person.{number}@example.com" for number in (17, 170, 1700)]
    return Measured(bench.page(*(f"{address}?{query}" for query in words + emails)), floor=bench.frame())


TYPED = [
    *("a", "p", "x", "1", "12", "e", "ada", "person", "com", "example.com"),  # what very many have
    *("ada b", "ada p", "a b c", "1 2 3", "keller gl"),  # and several at once
    *("ada becker", "becker", "x-1234", "person.1734@example.com", "+44 20 7946 01", "0012", "zzz"),
    *("%", "_", "\u200fada", "q" * 200),
]
"""What somebody may type."""


@figure("search", limit=50)
def search(bench: Bench) -> Measured:
    """What the top bar finds while typing: the slowest of what somebody may type."""
    bench.big.use()
    address = reverse("journeys:search")
    asked = {"HX-Request": "true", "HX-Target": "search-results"}
    client = bench.client()
    calls = [partial(client.get, address, {"q": text}, headers=asked) for text in TYPED]
    return Measured(max(bench.median(call) for call in calls), floor=bench.frame())


@figure("contacts_in_each_order", limit=100)
def contacts_in_each_order(bench: Bench) -> Measured:
    """The slowest of the orders that are offered for all contacts, for those of a stage, and for those who are lost."""
    bench.big.use()
    return Measured(max(bench.page(_list(part)) for part in _orders()), floor=bench.frame())


@figure("contacts_in_each_order_page_1000", limit=100)
def contacts_in_each_order_page_1000(bench: Bench) -> Measured:
    """The same, from whoever is the last on the page before; from the middle of the book, if it has no such page."""
    bench.big.use()
    last = min(999 * PAGE, bench.big.size // 2)
    return Measured(max(bench.page(_list({**part, "after": last})) for part in _orders()), floor=bench.frame())


def _orders() -> list[dict[str, Any]]:
    stage = min(Stage.objects.in_use(), key=lambda one: _contacts_in(one).count())
    everybody, few = [{}, {"lost": "yes"}, {"stage": stage.pk}], [{"lost": "yes"}, {"stage": stage.pk}]
    indexed = [{**part, "sort": sort} for part in everybody for sort in ("", "added", "name", "-name")]
    return indexed + [{**part, "sort": sort} for part in few for sort in ("since", "-since")]


def _list(query: dict[str, Any]) -> str:
    return f"{reverse('contacts:contacts')}?{urlencode(query)}"


@figure("labels", limit=250)
def labels(bench: Bench) -> Measured:
    """Every label with how many carry it: counted along an index."""
    bench.big.use()
    return Measured(bench.page(reverse("contacts:labels")), floor=bench.frame())


@figure("label")
def label(bench: Bench) -> Measured:
    """Who put on whom the label that most carry."""
    bench.big.use()
    wide = Label.objects.get(name=WIDE_LABEL)
    return Measured(bench.page(reverse("contacts:label", args=[wide.pk])), floor=bench.frame())


@figure("contact")
def contact(bench: Bench) -> Measured:
    bench.big.use()
    contacts = range(1, bench.big.size, max(1, bench.big.size // 50))
    return Measured(bench.page(*(reverse("contacts:contact", args=[pk]) for pk in contacts)), floor=bench.frame())


@figure("stages")
def stages(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(reverse("stages:stages")), floor=bench.frame())


@figure("stage")
def stage(bench: Bench) -> Measured:
    """The slowest of the stages, with a year of it."""
    bench.big.use()
    times = [bench.page(reverse("stages:stage", args=[one.pk])) for one in Stage.objects.in_use()]
    return Measured(max(times), floor=bench.frame())


@figure("status_history")
def status_history(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.page(reverse("journeys:status_history")), floor=bench.frame())
