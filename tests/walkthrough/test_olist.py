"""Real marketing leads and closed deals, imported by the command and counted again in a few lines of plain Python.

The folder of the data is named by OLIST_DIR; nothing of it belongs into the repository.
"""

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Page, expect

from config.team.models import Organisation, TeamMember
from contacts.models import CarriedLabel, Contact, Label
from journeys.reports.conversion import Question, conversion
from journeys.reports.counts import funnels_of, ledger_of
from journeys.reports.flows import flows_of
from journeys.reports.ledger import Term
from journeys.reports.members import EVERYBODY, Members
from journeys.reports.models import FunnelFlow
from journeys.reports.periods import Period, Span, months_of
from journeys.reports.queries import Place, funnel_at
from journeys.reports.stays import completed_stays
from journeys.runs.models import Run
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Stage
from tests.heart import Signed, assert_explained, counts, moves
from tests.journeys.report_oracle import Recount

FOLDER = Path(os.environ.get("OLIST_DIR", ""))

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("OLIST_DIR" not in os.environ, reason="OLIST_DIR names no folder with the real leads"),
]

LEADS, DEALS = FOLDER / "marketing_qualified_leads.csv", FOLDER / "closed_deals.csv"
END_OF_MARCH = datetime(2018, 4, 1, tzinfo=UTC)


class Book(NamedTuple):
    """What the command said, the rows it refused, and what plain Python makes of the same files."""

    said: list[str]
    refused: list[dict[str, str]]
    contacted: dict[str, datetime]
    won: dict[str, datetime]
    origins: dict[str, str]


@pytest.fixture
def book(tmp_path: Path, marketer: TeamMember) -> Book:
    Organisation.objects.update(time_zone="UTC")
    refused = tmp_path / "refused.csv"
    said = [
        _import(
            LEADS, marketer, refused, "--stage", "Aware", "--since", "first_contact_date", "--label-from", "origin"
        ),
        _import(DEALS, marketer, refused, "--stage", "Customer", "--since", "won_date"),
    ]
    leads, deals = _rows(LEADS), _rows(DEALS)
    contacted = {row["mql_id"]: _utc(row["first_contact_date"]) for row in leads}
    won = {row["mql_id"]: _utc(row["won_date"]) for row in deals}
    accepted = {lead: date for lead, date in won.items() if date >= contacted[lead]}
    origins = {row["mql_id"]: row["origin"] for row in leads if row["origin"]}
    return Book(said, _rows(refused), contacted, accepted, origins)


def _import(file: Path, by: TeamMember, refused: Path, *options: str) -> str:
    given = ("--by", by.email, "--map", "mql_id=external_id", "--key", "external_id", "--refused", str(refused))
    counts = []
    for dry_run in (["--dry-run"], []):
        said = StringIO()
        call_command("import_contacts", str(file), *given, *options, *dry_run, stdout=said, no_color=True)
        counts.append(said.getvalue().split("rows: ")[1].split(".")[0])
    assert counts[0] == counts[1]
    return counts[1]


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as content:
        return list(csv.DictReader(content))


def _utc(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)


def _sum_of_flows(until: datetime) -> Counter[int | None]:
    """How many stood in each stage, by SQL over FunnelFlow alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT stage, sum(count) FROM (
                SELECT to_stage_id AS stage, count FROM {FunnelFlow._meta.db_table}
                WHERE quarter < %(until)s AND NOT to_outside AND NOT to_lost
                UNION ALL
                SELECT from_stage_id, -count FROM {FunnelFlow._meta.db_table}
                WHERE quarter < %(until)s AND NOT from_outside AND NOT from_lost) AS moved
            GROUP BY stage
            """,
            {"until": until},
        )
        return Counter({stage: count for stage, count in cursor.fetchall() if count})


def test_the_leads_and_the_deals(book: Book, marketer: TeamMember, aware: Stage, customer: Stage) -> None:
    assert book.said == [
        "8,000 created, 0 updated, 0 unchanged, 0 refused",
        "0 created, 841 updated, 0 unchanged, 1 refused",
    ]
    deals, leads = Run.objects.all()
    assert (leads.kind, leads.state, leads.started_by, leads.records) == ("import", "finished", marketer, 8000)
    assert (deals.records, deals.updated, deals.refused) == (842, 841, 1)

    # The funnel.
    assert (len(book.contacted), len(book.won)) == (8000, 841)
    in_stages = Counter(FunnelStatus.objects.filter(lost_at=None).values_list("stage", flat=True))
    assert in_stages == {aware.pk: 7159, customer.pk: 841}
    now = funnel_at()
    assert (now.in_stage(aware.pk), now.in_stage(customer.pk), now.lost, now.total) == (7159, 841, 0, 8000)

    # Everybody stands where and since when the files say.
    standing = {
        contact: (stage, since)
        for contact, stage, since in FunnelStatus.objects.values_list("contact__external_id", "stage", "since")
    }
    assert standing == {
        lead: (customer.pk, book.won[lead]) if lead in book.won else (aware.pk, date)
        for lead, date in book.contacted.items()
    }
    assert_explained()


def test_the_deal_won_before_the_first_contact_is_refused(book: Book, aware: Stage) -> None:
    (row,) = book.refused
    lead = row["mql_id"]
    assert lead not in book.won
    assert _utc(row["won_date"]) < book.contacted[lead]
    line = [row["mql_id"] for row in _rows(DEALS)].index(lead) + 2
    assert row["refused_line"] == str(line)
    assert row["refused_reason"] == (
        f"The date is before the present status began. The date is {row['won_date']} UTC; "
        f"the contact is in Aware since {book.contacted[lead]:%Y-%m-%d %H:%M:%S} UTC."
    )
    assert moves(Contact.objects.get(external_id=lead)) == ["outside > Aware"]


def test_history_shows_both_moves_at_their_real_dates(book: Book, marketer: TeamMember) -> None:
    deals, leads = Run.objects.all()
    lead = max(book.won, key=lambda lead: book.won[lead])
    contact = Contact.objects.get(external_id=lead)
    assert moves(contact) == ["outside > Aware", "Aware > Customer"]
    came, bought = StatusChange.objects.filter(contact=contact)
    assert (came.changed_at, bought.changed_at) == (book.contacted[lead], book.won[lead])
    assert (came.direction, bought.direction) == (None, 1)
    assert Signed.of(came) == Signed("import", by=marketer.pk, run=leads.pk)
    assert Signed.of(bought) == Signed("import", by=marketer.pk, run=deals.pk)


def test_the_funnel_at_the_end_of_march(book: Book, aware: Stage, customer: Stage) -> None:
    came = sum(date < END_OF_MARCH for date in book.contacted.values())
    bought = sum(date < END_OF_MARCH for date in book.won.values())
    assert (came - bought, bought) == (5010, 335)
    assert _sum_of_flows(END_OF_MARCH) == {aware.pk: 5010, customer.pk: 335}
    then = funnel_at(END_OF_MARCH)
    assert (then.in_stage(aware.pk), then.in_stage(customer.pk), then.total) == (5010, 335, 5345)


def test_every_day_of_the_two_years_agrees(book: Book, aware: Stage, customer: Stage) -> None:
    day = datetime(2017, 6, 14, tzinfo=UTC)
    while day < datetime(2018, 12, 1, tzinfo=UTC):
        day += timedelta(days=7)
        came = sum(date < day for date in book.contacted.values())
        bought = sum(date < day for date in book.won.values())
        then = funnel_at(day)
        assert (then.in_stage(aware.pk), then.in_stage(customer.pk)) == (came - bought, bought)


def test_conversion_of_every_month(book: Book, aware: Stage, customer: Stage) -> None:
    period = Period(Span(date(2017, 6, 1), date(2018, 5, 31)), ZoneInfo("UTC"), date(2026, 1, 1))
    for days in (30, 180):
        asked = Question(aware, days, EVERYBODY, as_corrected=True)
        found = conversion(asked, period, months_of(period), now=datetime(2026, 1, 1, tzinfo=UTC))
        for group in found.groups:
            came = [lead for lead, at in book.contacted.items() if group.first <= at.date() <= group.last]
            bought = [
                lead
                for lead in came
                if lead in book.won and book.won[lead] - book.contacted[lead] <= timedelta(days=days)
            ]
            assert (group.people, group.reached.get(customer.pk, 0)) == (len(came), len(bought))
        assert found.total.people == 8000


def test_time_until_the_deal(book: Book, aware: Stage) -> None:
    period = Period(Span(date(2017, 6, 1), date(2018, 12, 31)), ZoneInfo("UTC"), date(2026, 1, 1))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    stays = completed_stays(period, members=EVERYBODY, as_corrected=True, now=now)[aware.pk]
    hours = sorted((at - book.contacted[lead]) // timedelta(hours=1) for lead, at in book.won.items())
    assert stays.hours == Counter(hours)
    assert (stays.count, stays.median) == (841, hours[420] / 24)


def test_every_report_of_every_quarter_agrees(book: Book, aware: Stage, customer: Stage) -> None:
    """Against the files, and against a recount of the history; also of the leads of one origin."""
    label = Label.objects.get(name="paid search")
    leads = dict(Contact.objects.values_list("external_id", "pk"))
    of_origin = {lead for lead, origin in book.origins.items() if origin == label.name}
    whose: list[tuple[Members, Iterable[str]]] = [(EVERYBODY, book.contacted), (Members(label=label.pk), of_origin)]
    starts = [datetime(2017, 7, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC), datetime(2018, 4, 1, tzinfo=UTC)]
    for members, some in whose:
        contacts = [leads[lead] for lead in some]
        contacted = [book.contacted[lead] for lead in some]
        deals = [(book.contacted[lead], book.won[lead]) for lead in some if lead in book.won]
        for as_corrected in (True, False):
            recount = Recount(as_corrected=as_corrected, contacts=contacts)
            for start, end in zip(starts, [*starts[1:], None], strict=True):
                last = end or datetime(2100, 1, 1, tzinfo=UTC)
                found = ledger_of(members, [aware.pk, customer.pk], start, end, as_corrected=as_corrected)
                in_aware, in_customer, _ = found.rows
                came = sum(start <= at < last for at in contacted)
                bought = sum(start <= won < last for _, won in deals)
                assert (in_aware.terms[Term.CAME], in_aware.terms[Term.FORWARD]) == (came, bought)
                assert (in_customer.terms[Term.CAME], in_customer.start) == (bought, sum(w < start for _, w in deals))
                assert (found.book.came, found.lost.end, found.missing) == (came, 0, 0)
                pairs = flows_of(members, start, end, as_corrected=as_corrected)
                assert pairs == recount.flows(start, end)
                both = sum(start <= at and won < last for at, won in deals)
                assert pairs[Place(outside=True), Place(customer.pk)] == both
                (then,) = funnels_of(members, [end], as_corrected=as_corrected)
                assert counts(then) == recount.funnel(end)


def test_origins_are_labels(book: Book) -> None:
    carried = Counter(CarriedLabel.objects.values_list("label__name", flat=True))
    assert carried == Counter(book.origins.values())
    assert Label.objects.count() == 10
    assert Contact.objects.filter(carried_labels=None).count() == 60


@pytest.mark.django_db(transaction=True)
def test_the_same_in_the_browser(book: Book, signed_in_page: Callable[..., Page], viewer: TeamMember) -> None:
    page = signed_in_page(viewer)
    for address, aware, customer in (("/", "7,159", "841"), ("/?at=2018-03-31", "5,010", "335")):
        page.goto(address)
        for stage, count in (("Aware", aware), ("Customer", customer)):
            row = page.locator("tr.funnel-row").filter(has=page.locator(".funnel-stage", has_text=stage)).first
            expect(row.locator(".funnel-in a")).to_have_text(count)

    lead = max(book.won, key=lambda lead: book.won[lead])
    page.goto(f"/contacts?q={lead}")
    page.get_by_role("rowheader").get_by_role("link", name=lead).click()
    history = page.locator(".timeline")
    expect(history).to_contain_text(f"{book.won[lead]:%-d %b %Y}")
    expect(history).to_contain_text(f"{book.contacted[lead]:%-d %b %Y}")
    expect(history.locator(".move")).to_have_count(2)
