"""Customer Journey: the funnel, and the contacts behind each number of it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import Organisation, TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.funnel import queries
from journeys.funnel.queries import FunnelDay, Way
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.models import Segment
from journeys.status.actions import change_status, mark_lost, put_back, recover
from journeys.status.models import LostReason, StatusChange
from stages.actions import change_stage
from stages.models import Stage
from tests.factories import TeamMemberFactory, contact_in, standing
from tests.heart import last_change

JOURNEY = "/"
LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def reading(client_of: Callable[[TeamMember], Client], viewer: TeamMember) -> Client:
    return client_of(viewer)


def figures(client: Client, **asked: Any) -> dict[str, tuple[int, int, int, int]]:
    """In the stage, lost from it, entered, left, of each row."""
    response = client.get(JOURNEY, asked)
    assert response.status_code == 200
    rows = response.context["funnel"].rows
    return {row.name: (row.counts.count, row.counts.lost, row.counts.entered, row.counts.left) for row in rows}


def listed(client: Client, address: str) -> list[str]:
    """First names of the contacts that an address lists, over all of its pages."""
    names = []
    while address:
        response = client.get(f"{JOURNEY}{address}")
        assert response.status_code == 200
        page = response.context["page"]
        if hasattr(page, "statuses"):
            names += [status.contact.first_name for status in page.statuses]
        else:
            names += [move.change.contact.first_name if move.change.contact else "erased" for move in page.moves]
        address = response.context["next"] or ""
    return names


def numbers(client: Client, address: str = "") -> dict[str, int]:
    """Every number of the funnel that is a link, by its address."""
    page = client.get(f"{JOURNEY}{address}").text
    links = re.findall(
        r'class="funnel-number[^"]*" id="[^"]*" href="([^"#]*)#contacts-title"[^>]*>(.*?)</a>', page, re.DOTALL
    )
    return {
        href.replace("&amp;", "&"): int(
            re.sub(r"[^0-9]", "", re.sub(r"<svg.*?</svg>|<span.*", "", inside, flags=re.DOTALL))
        )
        for href, inside in links
    }


def words(markup: str) -> str:
    """What can be read of it."""
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", markup, flags=re.DOTALL).split())


def move(contact: Contact, to: Stage | None, *, by: TeamMember | None = None) -> int:
    """Move a contact by hand; returns the row of history."""
    change_status(contacts=[contact.pk], to=to, cause=Cause.MANUAL, by=by)
    return StatusChange.objects.filter(contact=contact).latest("id").pk


def lose(contact: Contact, *, reason: LostReason | None = None) -> None:
    mark_lost(contacts=[contact.pk], reason=reason, cause=Cause.MANUAL, by=None)


def undo(change: int) -> int:
    put_back(changes=[change], cause=Cause.UNDO, by=None)
    return StatusChange.objects.get(undoes=change).pk


@pytest.fixture
def busy_book(aware: Stage, engaged: Stage, customer: Stage, operator: TeamMember) -> dict[str, Contact]:
    """Contacts that moved in every way there is: each of them has one name."""
    book = {
        name: contact_in(stage, since=LONG_AGO, first_name=name)
        for name, stage in {
            "stays": aware,
            "forward": aware,
            "twice": aware,
            "lost": customer,
            "recovered": customer,
            "undone": aware,
            "redone": aware,
            "erased": engaged,
            "none": None,
            "none lost": None,
            "from none": None,
            "inactive": engaged,
        }.items()
    }
    move(book["forward"], customer)
    for stage in (engaged, aware, engaged):
        move(book["twice"], stage)
    lose(book["lost"])
    lose(book["recovered"])
    recover(contacts=[book["recovered"].pk], cause=Cause.MANUAL, by=None)
    undo(move(book["undone"], engaged))
    undo(undo(move(book["redone"], customer)))
    erase_contacts(contacts=[book["erased"].pk], by=operator)
    lose(book["none lost"])
    move(book["from none"], aware)
    Contact.objects.filter(pk=book["inactive"].pk).update(account_state="inactive")
    return book


# Who may


def test_everybody_with_a_role_reads_it(client_of, viewer: TeamMember, client: Client) -> None:
    assert client_of(viewer).get(JOURNEY).status_code == 200
    refused = client_of(TeamMemberFactory()).get(JOURNEY)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text
    assert client.get(JOURNEY)["Location"] == "/sign-in?next=/"
    assert client_of(viewer).post(JOURNEY).status_code == 405


def test_the_action_menu_is_for_operators(client_of, viewer, operator, aware: Stage) -> None:
    carla = contact_in(aware, first_name="Carla")
    for_viewers = client_of(viewer).get(JOURNEY).text
    assert ">Carla Person" in for_viewers
    assert "Change status" not in for_viewers
    assert f"/contacts/{carla.pk}/" not in for_viewers
    for_operators = client_of(operator).get(JOURNEY).text
    for act in ("change-status", "mark-lost"):
        assert f'href="/contacts/{carla.pk}/{act}?next=/&amp;stays=1"' in for_operators
    assert f'href="/contacts/{carla.pk}#status-history"' in for_operators
    assert "Recover" not in for_operators


# The funnel


def test_every_stage_has_a_row_by_weight_with_its_figures(reading: Client, busy_book, aware: Stage) -> None:
    assert figures(reading) == {
        "Aware": (3, 0, 2, 4),  # stays, undone, from none; twice came back; forward, redone, and twice two times, left
        "Engaged": (1, 1, 2, 3),  # twice came twice and left once; inactive became lost; erased is gone
        "Customer": (3, 1, 3, 2),  # forward, redone, recovered (who left and entered); lost left
        "Loyal Customer": (0, 0, 0, 0),
        "Promoter": (0, 0, 0, 0),
        "No status yet": (1, 1, 0, 2),
    }


def test_the_foot_adds_up(reading: Client, busy_book) -> None:
    response = reading.get(JOURNEY)
    funnel = response.context["funnel"]
    assert (funnel.in_stages, funnel.lost, funnel.none.counts.count, funnel.total) == (7, 3, 1, 11)
    assert Contact.objects.count() == 11
    foot = words(response.text.split("<tfoot>")[1].split("</tfoot>")[0])
    assert foot == "7 in stages + 3 lost + 1 without a status = 11 contacts"


def test_share_and_reach(reading: Client, busy_book) -> None:
    page = words(reading.get(JOURNEY).text)
    assert "27.3%" in page  # 3 of 11 are in Aware
    assert "66.7% of Aware" in page  # 6 came as far as Engaged, of 9
    assert "66.7% of Engaged" in page  # 4 came as far as Customer, of 6
    assert "0.0% of Customer" in page


def test_a_stage_says_what_it_means(reading: Client, aware: Stage) -> None:
    page = reading.get(JOURNEY).text
    assert "What Aware means" in page
    assert "Contact is aware of your product. Top of funnel." in page


def test_lost_is_red_an_icon_and_the_word(reading: Client, customer: Stage) -> None:
    lose(contact_in(customer, since=LONG_AGO))
    page = reading.get(JOURNEY).text
    (link,) = re.findall(rf'<a class="funnel-number lost" id="number-lost-{customer.pk}".*?</a>', page, re.DOTALL)
    assert "<svg" in link
    assert link.endswith("1 <span>lost</span></a>")


def test_a_retired_stage_is_shown_while_somebody_is_in_it(reading: Client, loyal: Stage, promoter: Stage) -> None:
    contact_in(loyal, since=LONG_AGO)
    Stage.objects.filter(pk__in=[loyal.pk, promoter.pk]).update(retired_at=timezone.now())
    page = reading.get(JOURNEY)
    assert [row.name for row in page.context["funnel"].stages] == ["Aware", "Engaged", "Customer", "Loyal Customer"]
    assert page.text.count('<span class="badge ">retired</span>') >= 1
    assert "Promoter" not in page.text


def test_an_empty_book(reading: Client, db: None) -> None:
    page = reading.get(JOURNEY)
    assert set(figures(reading).values()) == {(0, 0, 0, 0)}
    assert "Nobody is here now." in page.text


def test_where_nobody_is_nobody_is_looked_for(reading: Client, aware: Stage, customer: Stage) -> None:
    contact_in(aware, since=LONG_AGO)
    for asked in ({"stage": customer.pk}, {"left": aware.pk}, {"lost": "all", "at": "2025-03-03"}):
        with CaptureQueriesContext(connection) as captured:
            page = reading.get(JOURNEY, asked)
        assert "Nobody" in page.text
        read = " ".join(query["sql"] for query in captured)
        assert "journeys_funnelstatus" not in read
        assert "journeys_statuschange change" not in read


def test_the_figures_come_from_counted_movements(reading: Client, busy_book) -> None:
    today = timezone.localdate()
    with CaptureQueriesContext(connection) as captured:
        queries.customer_journey(FunnelDay(today, timezone.get_default_timezone(), is_today=True))
    assert len(captured) == 5
    read = " ".join(query["sql"] for query in captured)
    for counted in ("contacts_contact", "journeys_funnelstatus", "journeys_statuschange"):
        assert counted not in read


# Every number opens its contacts


@pytest.mark.parametrize("address", ["", "?at={yesterday}", "?at=2025-03-03", "?at=2025-03-02"])
def test_every_number_opens_exactly_so_many(reading: Client, busy_book, address: str) -> None:
    address = address.format(yesterday=timezone.localdate() - timedelta(days=1))
    found = numbers(reading, address)
    assert len(found) >= 21
    for link, number in found.items():
        assert len(listed(reading, link)) == number, link


def test_numbers_list_who_is_meant(reading: Client, busy_book, aware: Stage, engaged: Stage, customer: Stage) -> None:
    assert listed(reading, f"?stage={aware.pk}") == ["from none", "undone", "stays"]
    assert listed(reading, f"?lost={customer.pk}") == ["lost"]
    assert listed(reading, "?stage=none") == ["none"]
    assert listed(reading, "?lost=none") == ["none lost"]
    assert sorted(listed(reading, "?lost=all")) == ["inactive", "lost", "none lost"]
    assert len(listed(reading, "?stage=all")) == 11
    assert sorted(listed(reading, f"?entered={engaged.pk}")) == ["twice", "twice"]
    assert sorted(listed(reading, f"?left={engaged.pk}")) == ["erased", "inactive", "twice"]
    assert sorted(listed(reading, f"?entered={customer.pk}")) == ["forward", "recovered", "redone"]


def test_without_a_choice_the_first_stage_with_contacts_is_shown(reading: Client, engaged: Stage) -> None:
    contact_in(engaged, since=LONG_AGO, first_name="Only")
    response = reading.get(JOURNEY)
    assert str(response.context["chosen"]) == f"stage-{engaged.pk}"
    assert re.search(rf'id="number-stage-{engaged.pk}"[^>]* aria-current="true"', response.text)
    assert listed(reading, "?") == ["Only"]


def test_a_row_says_since_when_by_whom_and_why_lost(reading: Client, customer: Stage, operator: TeamMember) -> None:
    reason = LostReason.objects.get(name="Chose a competitor")
    contact_in(customer, since=LONG_AGO, lost=True, reason=reason, by=operator, first_name="Lola", company="Acme")
    page = reading.get(JOURNEY, {"lost": customer.pk}).text
    row = page.split('<tr id="contact-')[1]
    for text in ("Lola", "Acme", "Lost from", "Customer", "Chose a competitor", "Olga Petrova", "By hand", "just now"):
        assert text in row


def test_pages_of_thirty_and_back(reading: Client, aware: Stage) -> None:
    for number in range(31):
        contact_in(aware, since=LONG_AGO, first_name=f"n{number}")
    first = reading.get(JOURNEY)
    assert [status.contact.first_name for status in first.context["page"].statuses][:2] == ["n30", "n29"]
    assert first.context["previous"] is None
    second = reading.get(f"{JOURNEY}{first.context['next']}")
    assert [status.contact.first_name for status in second.context["page"].statuses] == ["n0"]
    assert second.context["next"] is None
    back = reading.get(f"{JOURNEY}{second.context['previous']}")
    assert len(back.context["page"].statuses) == 30
    assert (back.context["previous"], bool(back.context["next"])) == (None, True)


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [("?entered={stage}", "n30", "n0"), ("?stage={stage}&at={yesterday}", "n0", "n30")],
)
def test_pages_of_changes_and_of_the_past(reading: Client, aware: Stage, address: str, first: str, last: str) -> None:
    for number in range(31):
        contact_in(aware, since=timezone.now() - timedelta(days=2), first_name=f"n{number}")
    begin = address.format(stage=aware.pk, yesterday=timezone.localdate() - timedelta(days=1))
    assert len(set(listed(reading, begin))) == 31
    page = reading.get(f"{JOURNEY}{begin}")
    assert page.context["page"].moves[0].change.contact.first_name == first
    assert page.context["previous"] is None
    second = reading.get(f"{JOURNEY}{page.context['next']}")
    assert [move.change.contact.first_name for move in second.context["page"].moves] == [last]
    assert second.context["next"] is None
    back = reading.get(f"{JOURNEY}{second.context['previous']}")
    assert back.context["page"].moves[0].change.contact.first_name == first
    assert (back.context["previous"], len(back.context["page"].moves)) == (None, 30)


@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize(
    ("show", "of_then", "count"),
    [("stage", False, 12), ("entered", False, 16), ("stage", True, 18), ("entered", True, 17)],
)
def test_the_number_of_queries_does_not_grow(
    client_of, operator, aware: Stage, many: int, show: str, of_then: bool, count: int
) -> None:
    client = client_of(operator)
    for _ in range(many):
        contact_in(aware, since=timezone.now() - timedelta(days=3))
    asked = {show: aware.pk, **({"at": timezone.localdate() - timedelta(days=1)} if of_then else {})}
    with assertNumQueries(count):
        page = client.get(JOURNEY, asked)
    assert page.context["chosen"].count == many


# Any past day


def test_a_past_day_is_shown_as_it_ended_in_the_organisations_zone(reading: Client, aware, customer) -> None:
    Organisation.objects.update(time_zone="America/Sao_Paulo")
    carla = contact_in(aware, since=datetime(2025, 3, 1, 12, tzinfo=UTC), first_name="Carla")
    late_on_the_tenth = datetime(2025, 3, 11, 2, 30, tzinfo=UTC)
    change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, dates={carla.pk: late_on_the_tenth})

    assert figures(reading, at="2025-02-28")["Aware"] == (0, 0, 0, 0)
    assert figures(reading, at="2025-03-09")["Aware"] == (1, 0, 1, 0)
    assert figures(reading, at="2025-03-10")["Aware"] == (0, 0, 1, 1)
    assert figures(reading, at="2025-03-10")["Customer"] == (1, 0, 1, 0)
    assert figures(reading, at="2025-04-08")["Customer"] == (1, 0, 1, 0)
    assert figures(reading, at="2025-04-09")["Customer"] == (1, 0, 0, 0)  # the tenth was 30 days before
    page = reading.get(JOURNEY, {"at": "2025-03-09", "stage": aware.pk})
    assert "America/Sao_Paulo" in page.text
    assert "with changes of that time that were recorded later" in page.text
    ((move,),) = [page.context["page"].moves]
    assert (str(move.change.end), str(move.status.stage)) == ("Aware", "Customer")


def test_a_past_day_shows_the_names_of_then(reading: Client, customer: Stage, marketer: TeamMember) -> None:
    contact_in(customer, since=LONG_AGO)
    yesterday = timezone.localdate() - timedelta(days=1)
    change_stage(stage=customer, fields={"name": "Client"}, by=marketer)
    names = [row.name for row in reading.get(JOURNEY, {"at": str(yesterday)}).context["funnel"].stages]
    assert names == ["Aware", "Engaged", "Customer", "Loyal Customer", "Promoter"]
    assert "now Client" in reading.get(JOURNEY, {"at": str(yesterday)}).text
    assert "Client" in figures(reading)


def test_an_undone_change_is_left_out_of_the_past(reading: Client, aware: Stage, customer: Stage) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    carla = contact_in(aware, since=LONG_AGO)
    change_status(contacts=[carla.pk], to=customer, cause=Cause.MANUAL, by=None, dates={carla.pk: yesterday})
    day = timezone.localdate(yesterday)
    assert figures(reading, at=day)["Customer"] == (1, 0, 1, 0)
    undo(StatusChange.objects.filter(contact=carla).latest("id").pk)
    assert figures(reading, at=day)["Customer"] == (0, 0, 0, 0)
    assert figures(reading, at=day)["Aware"] == (1, 0, 0, 0)
    assert "without changes that were undone" in reading.get(JOURNEY, {"at": str(day)}).text


@pytest.mark.parametrize(
    ("at", "error"),
    [
        ("2999-01-01", "That day is still to come."),
        ("1066-10-14", "Give a day after 1970."),
        ("yesterday", "Give a day such as 2026-05-03."),
        ("0000-00-00", "Give a day such as 2026-05-03."),
    ],
)
def test_a_day_that_cannot_be_shown_says_so_and_shows_today(reading: Client, aware: Stage, at: str, error: str) -> None:
    contact_in(aware, since=LONG_AGO)
    page = reading.get(JOURNEY, {"at": at})
    assert page.status_code == 200
    assert error in page.text
    assert page.context["of"].is_today
    assert page.context["funnel"].total == 1


def test_today_is_now(reading: Client, aware: Stage) -> None:
    contact_in(aware)
    assert figures(reading, at=timezone.localdate())["Aware"] == (1, 0, 1, 0)


@pytest.mark.parametrize(
    "query",
    [
        "stage=99999999999999999999999",
        "stage=x",
        "lost=-1",
        "entered=all",
        "left=",
        "stage=all&after=9999999999999999999999999",
        "stage=all&after=-1",
        "stage=all&before=²",
        "entered=none&after=1.1",
        "entered=none&before=99999999999999999.999999999999999999",
        "at=1970-01-01",
        "at=1970-01-01&stage=all&before=7",
    ],
)
def test_an_address_that_means_nothing_breaks_nothing(reading: Client, aware: Stage, query: str) -> None:
    contact_in(aware, since=LONG_AGO)
    assert reading.get(f"{JOURNEY}?{query}").status_code == 200


# Parts


def htmx(client: Client, target: str, **asked: Any) -> str:
    headers = {"HX-Request": "true", "HX-Target": target}
    return client.get(JOURNEY, asked, headers=headers).text


def test_htmx_gets_the_board_alone(reading: Client, aware: Stage) -> None:
    part = htmx(reading, "customer-journey-board", stage=aware.pk)
    assert part.lstrip().startswith('<div id="customer-journey-board">')
    assert "<html" not in part
    assert 'id="customer-journey-contacts"' in part


def test_after_a_move_the_funnel_and_the_count_are_read_again(reading: Client, aware: Stage) -> None:
    contact_in(aware, since=LONG_AGO)
    part = htmx(reading, "customer-journey-funnel", stage=aware.pk)
    assert part.lstrip().startswith('<section id="customer-journey-funnel"')
    assert 'id="customer-journey-count" class="muted figures" hx-swap-oob="true">1<' in part
    assert 'id="customer-journey-contacts"' not in part
    assert "hx-swap-oob" not in reading.get(JOURNEY).text


# The reads themselves


@pytest.mark.parametrize("many", [1, 3])
def test_reads_cost_the_same_for_one_and_for_three(aware: Stage, many: int, django_assert_num_queries) -> None:
    for _ in range(many):
        contact_in(aware, since=timezone.now() - timedelta(days=2))
    today = FunnelDay(timezone.localdate(), timezone.get_default_timezone(), is_today=True)
    with django_assert_num_queries(1):
        assert len(queries.contacts_in(aware.pk, lost=False).statuses) == many
    with django_assert_num_queries(5):
        assert len(queries.changes_of_stage(aware.pk, way=Way.ENTERED, of=today).moves) == many
    with django_assert_num_queries(6):
        assert len(queries.contacts_then(aware.pk, lost=False, end=timezone.now()).moves) == many


# A segment


def test_the_funnel_of_a_segment_counts_its_contacts_alone(
    reading: Client, marketer: TeamMember, aware: Stage, customer: Stage
) -> None:
    segment = segment_about("Acme", marketer)
    for company in ("Acme", "Other"):
        standing(contact_in(aware, company=company, first_name=f"{company} moved"), customer)
        contact_in(aware, company=company, first_name=f"{company} stays")
        contact_in(customer, company=company, first_name=f"{company} lost", lost=True)
        contact_in(None, company=company, first_name=f"{company} new")
    everybody = reading.get("/").context["funnel"]
    funnel = reading.get(f"/?segment={segment.pk}").context["funnel"]
    assert (everybody.in_stages, everybody.lost, everybody.total) == (4, 2, 8)
    assert (funnel.in_stages, funnel.lost, funnel.none.counts.count, funnel.total) == (2, 1, 1, 4)
    rows = {row.name: (row.counts.count, row.counts.lost, row.counts.entered, row.counts.left) for row in funnel.stages}
    assert rows["Aware"] == (1, 0, 2, 1)
    assert rows["Customer"] == (1, 1, 2, 1)


@pytest.mark.parametrize(
    "show", ["stage={aware}", "lost=all", "stage=none", "stage=all", "entered={aware}", "left={aware}"]
)
@pytest.mark.parametrize("past", [False, True])
def test_every_number_of_a_segment_opens_exactly_so_many(
    reading: Client, marketer: TeamMember, aware: Stage, customer: Stage, show: str, past: bool
) -> None:
    segment = segment_about("Acme", marketer)
    two_days_ago = timezone.now() - timedelta(days=2)
    for company in ("Acme", "Acme", "Other"):
        standing(contact_in(aware, since=two_days_ago, company=company), customer)
        contact_in(aware, since=two_days_ago, company=company)
        contact_in(customer, since=two_days_ago, lost=True, lost_at=two_days_ago, company=company)
        contact_in(None, since=two_days_ago, company=company)
        undone = standing(contact_in(aware, since=two_days_ago, company=company), customer)
        put_back(changes=[last_change(undone).pk], cause=Cause.UNDO, by=marketer)
    day = f"at={(timezone.localdate() - timedelta(days=1)).isoformat()}&" if past else ""
    response = reading.get(f"/?{day}segment={segment.pk}&{show.format(aware=aware.pk)}")
    assert response.status_code == 200
    page = response.context["page"]
    listed = getattr(page, "statuses", None) or getattr(page, "moves", [])
    # Entered counts what came since; the undone move and its undo count for nobody.
    expected = {
        "stage={aware}": 6 if past else 4,
        "lost=all": 2,
        "stage=none": 2,
        "stage=all": 10,
        "entered={aware}": 6,
        "left={aware}": 0 if past else 2,
    }[show]
    assert (response.context["chosen"].count, len(listed)) == (expected, expected)


def test_the_day_and_the_segment_hold_together(reading: Client, marketer: TeamMember, aware: Stage) -> None:
    segment = segment_about("Acme", marketer)
    contact_in(aware, company="Acme")
    page = reading.get(f"/?at=2026-01-01&segment={segment.pk}").text
    assert f'<input type="hidden" name="segment" value="{segment.pk}">' in page
    assert f'href="?at=2026-01-01&amp;segment={segment.pk}&amp;stage=any#contacts-title"' in page
    assert f'href="/?segment={segment.pk}&amp;" aria-current' not in page
    assert f'href="/reports/compare?until=2026-01-01&amp;segment={segment.pk}&amp;"' in page
    assert 'href="/?at=2026-01-01&amp;">Everybody</a>' in page
    assert "Contacts that match Acme now, and where they were then." in page


def test_a_segment_that_nobody_sees_is_everybody(reading: Client, marketer: TeamMember, aware: Stage) -> None:
    own = segment_about("Acme", marketer, is_for_all=False)
    contact_in(aware)
    for segment in (str(own.pk), "99", "x"):
        response = reading.get(f"/?segment={segment}")
        assert "There is no such segment. This is everybody." in response.text
        assert response.context["funnel"].total == 1
    assert "There is no such segment" not in reading.get("/?segment=").text


def segment_about(company: str, by: TeamMember, **given: Any) -> Segment:
    asked = Conditions(((Condition("company", Operator.IS, text=company),),))
    return create_segment(**{"name": company, "conditions": asked, "is_for_all": True, "by": by} | given)
