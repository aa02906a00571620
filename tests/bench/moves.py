"""Figures of moves and of what is counted from them."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import cycle

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from contacts.causes import Cause
from journeys.reports.queries import funnel_at
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import WARM_UP, Measured, figure


@figure("status_change", limit=30)
def status_change(bench: Bench) -> Measured:
    """One contact to another stage and committed, through the action; each time another contact."""
    bench.big.use()
    member, aware, engaged, *_ = bench.member(), *Stage.objects.in_use()
    contacts = iter(_contacts_in(aware, bench))

    def move() -> None:
        outcome = change_status(contacts=[next(contacts)], to=engaged, cause=Cause.MANUAL, by=member)
        assert len(outcome.changed) == 1

    return Measured(bench.median(move), floor=_bare_update_and_insert(bench))


@figure("status_change_in_browser")
def status_change_in_browser(bench: Bench) -> Measured:
    """The same through the dialog's form."""
    bench.big.use()
    client, (_, engaged, customer, *_) = bench.client(), Stage.objects.in_use()
    statuses = iter(FunnelStatus.objects.filter(pk__in=_contacts_in(engaged, bench)).values_list("pk", "signature"))

    def move() -> None:
        contact, signature = next(statuses)
        form = {"to": customer.pk, "signature": signature, "note": ""}
        response = client.post(reverse("journeys:change_status", args=[contact]), form)
        assert response.status_code == 302, response.status_code

    return Measured(bench.median(move), floor=_bare_update_and_insert(bench))


def _contacts_in(stage: Stage, bench: Bench) -> list[int]:
    """Enough contacts of a stage, from all over the book."""
    contacts = FunnelStatus.objects.filter(stage=stage, lost_at=None)
    every = max(1, contacts.count() // (bench.times + WARM_UP))
    return list(contacts.order_by("pk").values_list("pk", flat=True)[::every])


def _bare_update_and_insert(bench: Bench) -> float:
    """A status and a line of history in tables without triggers, indexes or checks but the key."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TABLE bare_status AS SELECT contact_id, stage_id, since FROM journeys_funnelstatus;
            ALTER TABLE bare_status ADD PRIMARY KEY (contact_id);
            CREATE TABLE bare_history (contact_id bigint, stage_id bigint, changed_at timestamptz)
        """)
        try:
            return bench.median(_bare_move(cursor, bench.times))
        finally:
            cursor.execute("DROP TABLE bare_status, bare_history")


def _bare_move(cursor, times: int) -> Callable[[], None]:
    cursor.execute("SELECT contact_id FROM bare_status ORDER BY hashint8(contact_id) LIMIT %s", [times])
    contacts = cycle(cursor.fetchall())

    def move() -> None:
        with transaction.atomic():
            contact = next(contacts)
            cursor.execute(
                "UPDATE bare_status SET stage_id = stage_id + 1, since = now() WHERE contact_id = %s", contact
            )
            cursor.execute("INSERT INTO bare_history VALUES (%s, 1, now())", contact)

    return move


@figure("funnel_now", limit=10)
def funnel_now(bench: Bench) -> Measured:
    bench.big.use()
    return Measured(bench.median(funnel_at), floor=_select_1(bench))


@figure("funnel_at_past_moments", limit=10)
def funnel_at_past_moments(bench: Bench) -> Measured:
    """At moments of all three years, at any time of day."""
    bench.big.use()
    moments = [timezone.now() - timedelta(days=21 * number, minutes=37 * number) for number in range(1, 51)]
    return Measured(bench.median(*(partial(funnel_at, at) for at in moments)), floor=_select_1(bench))


def _select_1(bench: Bench) -> float:
    with connection.cursor() as cursor:
        return bench.median(lambda: cursor.execute("SELECT 1"))
