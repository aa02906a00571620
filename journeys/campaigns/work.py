"""The engine of campaigns: whoever arrives comes in, and whatever is due is done, slice by slice.

A slice is one transaction: contacts come in, go through everything that is due for them, and each turn is written
down. Whoever is killed did nothing; whoever works on the same campaign meanwhile takes another slice.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import InternalError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from config.team.queries import organisation
from journeys.campaigns import looks
from journeys.campaigns.models import Campaign, CampaignArrival, CampaignMember, CampaignStep, CampaignWatch
from journeys.campaigns.plan import Before, Plan, enters
from journeys.campaigns.sql import array, numbers
from journeys.campaigns.turns import Agenda, Due, Pass, TakenTwice
from journeys.runs import failures
from journeys.runs.patience import ATTEMPTS, limit_time, may_pass
from journeys.status.actions import SLICE

logger = logging.getLogger(__name__)

How, Left = CampaignMember.How, CampaignMember.Left

WORK = "journeys.campaigns.tasks.work_on_campaign"


def going(now: datetime) -> QuerySet[Campaign]:
    """The campaigns that move contacts at this moment: active, within their window."""
    return Campaign.objects.filter(
        Q(publish_up=None) | Q(publish_up__lte=now),
        Q(publish_down=None) | Q(publish_down__gt=now),
        state=Campaign.State.ACTIVE,
    )


# What there is to do

_DUE = """
    SELECT DISTINCT campaign_id FROM journeys_campaignarrival WHERE campaign_id = ANY (%(campaigns)s)
    UNION
    SELECT campaign_id FROM journeys_campaignstep step
    WHERE campaign_id = ANY (%(campaigns)s)
      AND EXISTS (SELECT FROM journeys_turn WHERE step_id = step.id AND done_at IS NULL AND due_at <= %(now)s)
"""


def with_work(now: datetime | None = None) -> list[int]:
    """Campaigns for which something is to be done now, and that no failure has left alone. Six queries at most."""
    now = now or timezone.now()
    campaigns = list(going(now).exclude(failures.left_alone(now, of="watch__")).select_related("watch").order_by("pk"))
    if not campaigns:
        return []
    due = set(numbers(_DUE, {"campaigns": [campaign.pk for campaign in campaigns], "now": now}))
    segments, book = looks.segments_of(campaigns), looks.Book.now(now)
    return [campaign.pk for campaign in campaigns if campaign.pk in due or _look_is_due(campaign, segments, book)]


def _look_is_due(campaign: Campaign, segments: dict[int, list], book: looks.Book) -> bool:
    return looks.is_due(campaign, segments[campaign.pk], getattr(campaign, "watch", None), book)


def queue_campaign(campaign: int) -> None:
    """Have a worker go on with a campaign, unless a job for that is waiting already."""
    try:
        with transaction.atomic():
            limit_time()  # whoever is frozen here holds up all that queue the same campaign
            app.configure_task(WORK, queueing_lock=f"campaign-{campaign}").defer(campaign=campaign)
    except AlreadyEnqueued:
        pass


# Doing it


def work_on_campaign(*, campaign: int, seconds: float, lanes: int = 1, now: datetime | None = None) -> bool:
    """Look at the segments of a campaign if that is due, and do slices for so many seconds.

    Args:
        lanes: so many slices at a time, each on a connection of its own; with one, on the caller's.
        now: what time it is, for all of it; the clock's if left out.

    Returns: whether there is more that nobody is working on.

    Raises:
        OperationalError: the database went away. The campaign goes on when it is back.
    """
    until = time.monotonic() + seconds
    try:
        _look(campaign, now or timezone.now())
        if lanes == 1:
            return _do_slices(campaign, until, now)
        with ThreadPoolExecutor(lanes) as pool:
            at_work = [pool.submit(_do_slices_apart, campaign, until, now) for _ in range(lanes)]
            return any(lane.result() for lane in at_work)
    except Exception as error:
        if failures.has_lost_the_database(error):
            raise
        _note_failure(campaign, error)
        return False


def _look(pk: int, now: datetime) -> None:
    campaign = going(now).select_related("watch").filter(pk=pk).first()
    if campaign is None:
        return
    segments, book = looks.segments_of([campaign]), looks.Book.now(now)
    if _look_is_due(campaign, segments, book):
        looks.look(campaign, segments[pk], book)


def _do_slices_apart(campaign: int, until: float, now: datetime | None) -> bool:
    try:
        return _do_slices(campaign, until, now)
    finally:
        connection.close()


def _do_slices(campaign: int, until: float, now: datetime | None) -> bool:
    goes_on = True
    while goes_on and time.monotonic() < until:
        goes_on = _do_next_slice(campaign, now)
    return goes_on


def _note_failure(pk: int, error: Exception) -> None:
    """It is tried again after a pause, longer each time up to some minutes, and the page says why."""
    watch, _ = CampaignWatch.objects.get_or_create(campaign_id=pk)
    tries = min(watch.tries + 1, failures.TRIES)
    CampaignWatch.objects.filter(pk=pk).update(
        tries=tries, problem=failures.in_words(error), next_try_at=timezone.now() + failures.pause_after(tries)
    )
    logger.error("A slice of campaign %s failed", pk, exc_info=error)


class _HasStopped(Exception):
    """The campaign was paused or edited before this slice was written: nothing of it stays."""


def _do_next_slice(campaign: int, now: datetime | None) -> bool:
    """Do one slice. Returns whether there are more."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _do_slice_alone(campaign, now or timezone.now())
        except _HasStopped:
            return False
        except TakenTwice:
            if attempt == ATTEMPTS:
                raise
        except (OperationalError, InternalError) as error:
            if attempt == ATTEMPTS or not may_pass(error):
                raise
            logger.warning("A slice of campaign %s is tried again: %s", campaign, str(error).strip())
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.1 * attempt)
    raise AssertionError("the last attempt returns or raises")


def _do_slice_alone(pk: int, now: datetime) -> bool:
    """Within a transaction: take contacts that nobody is working on, through everything that is due for them."""
    limit_time()
    campaign = going(now).filter(pk=pk).first()
    if campaign is None:
        return False
    plan, zone = plan_of(campaign), ZoneInfo(organisation().time_zone)
    did = _let_in(campaign, plan, now, zone) or _go_on(campaign, plan, now, zone)
    if did:
        _say_it_is_done(campaign)
    return did


def plan_of(campaign: Campaign) -> Plan:
    """The steps of a campaign as they are now. One query."""
    return Plan(CampaignStep.objects.filter(campaign=campaign, removed_at=None))


def _say_it_is_done(campaign: Campaign) -> None:
    """At the end of a slice: the plan it went by is still the plan, and nobody has paused the campaign or is about to.

    Whoever edits the campaign may wait for contacts of this slice, so the slice does not wait for them.
    """
    CampaignWatch.objects.filter(campaign=campaign, tries__gt=0).update(tries=0, next_try_at=None, problem="")
    still = "SELECT 1 FROM journeys_campaign WHERE id = %s AND state = 'active' AND revision = %s FOR SHARE SKIP LOCKED"
    with connection.cursor() as cursor:
        cursor.execute(still, [campaign.pk, campaign.revision])
        if cursor.fetchone() is None:
            raise _HasStopped


# Coming in


def _let_in(campaign: Campaign, plan: Plan, now: datetime, zone: ZoneInfo) -> bool:
    """Let contacts of one arrival in. Returns whether there was one."""
    waiting = CampaignArrival.objects.filter(campaign=campaign).order_by("pk")
    arrival = waiting.select_for_update(skip_locked=True).first()
    if arrival is None:
        return False
    contacts = _lock_contacts(arrival.contacts)
    before = _before(campaign, contacts)
    come_in = [
        contact for contact in contacts if enters(arrival.how, before.get(contact), may_restart=campaign.may_restart)
    ]
    _end_rounds(campaign, [contact for contact in come_in if contact in before and before[contact].is_in], now)
    if arrival.how != How.SEGMENT:
        CampaignMember.objects.filter(campaign=campaign, contact__in=contacts, left_at=None).update(is_held=True)
    rounds = {contact: before[contact].round + 1 if contact in before else 1 for contact in come_in}
    _add_members(campaign, rounds, arrival.how, now)
    one_pass = Pass(plan, rounds, now, zone)
    one_pass.enter(come_in)
    one_pass.write()
    arrival.delete()
    return True


def _lock_contacts(contacts: Sequence[int]) -> list[int]:
    """Those of the contacts that are in the book, kept there until their labels and statuses are written."""
    return numbers(
        "SELECT id FROM contacts_contact WHERE id = ANY (%(contacts)s::bigint[]) ORDER BY id FOR KEY SHARE",
        {"contacts": array(contacts)},
    )


_BEFORE = """
    SELECT DISTINCT ON (contact_id) contact_id, round, left_at IS NULL, left_because,
           left_at IS NULL AND EXISTS (
               SELECT FROM journeys_turn turn JOIN journeys_campaignstep step ON step.id = step_id
               WHERE step.campaign_id = %(campaign)s AND turn.contact_id = member.contact_id
                 AND turn.round = member.round AND done_at IS NULL)
    FROM journeys_campaignmember member
    WHERE campaign_id = %(campaign)s AND contact_id = ANY (%(contacts)s::bigint[])
    ORDER BY contact_id, round DESC
"""


def _before(campaign: Campaign, contacts: Sequence[int]) -> dict[int, Before]:
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"campaign": campaign.pk, "contacts": array(contacts)})
        return {contact: Before(*rest) for contact, *rest in cursor.fetchall()}


def _end_rounds(campaign: Campaign, contacts: Sequence[int], now: datetime) -> None:
    if contacts:
        looks.leave(campaign, contacts, because=Left.AGAIN, by=None, at=now)


def _add_members(campaign: Campaign, rounds: dict[int, int], how: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO journeys_campaignmember (campaign_id, contact_id, round, entered_at, how, is_held)
            SELECT %s, contact_id, round, %s, %s, %s
            FROM unnest(%s::bigint[], %s::smallint[]) AS come (contact_id, round)
            """,
            [campaign.pk, now, how, how != How.SEGMENT, array([*rounds]), array([*rounds.values()])],
        )


# Going on

_MEMBERS = """
    SELECT member.contact_id, member.round
    FROM journeys_campaignmember member JOIN contacts_contact contact ON contact.id = member.contact_id
    WHERE member.campaign_id = %(campaign)s AND left_at IS NULL AND (member.contact_id, member.round) IN (
        SELECT contact_id, round FROM journeys_turn
        WHERE step_id = ANY (%(steps)s) AND done_at IS NULL AND due_at <= %(now)s LIMIT {looked_at})
    ORDER BY 1 LIMIT {size}
    FOR NO KEY UPDATE OF member SKIP LOCKED FOR KEY SHARE OF contact SKIP LOCKED
"""

_TURNS = """
    SELECT contact_id, step_id, due_at FROM journeys_turn
    JOIN unnest(%(contacts)s::bigint[], %(rounds)s::smallint[]) AS taken (contact_id, round) USING (contact_id, round)
    WHERE step_id = ANY (%(steps)s) AND done_at IS NULL AND due_at <= %(now)s
"""


def _go_on(campaign: Campaign, plan: Plan, now: datetime, zone: ZoneInfo) -> bool:
    """Take contacts for whom something is due through it. Returns whether there was anybody."""
    values: dict[str, Any] = {"campaign": campaign.pk, "steps": [step.pk for step in plan.steps], "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS.format(size=SLICE, looked_at=4 * SLICE), values)
        rounds = dict(cursor.fetchall())
        if not rounds:
            return False
        given = {"contacts": array([*rounds]), "rounds": array([*rounds.values()])}
        cursor.execute(_TURNS, {**values, **given})
        due: dict[int, list[Due]] = defaultdict(list)
        for contact, step, due_at in cursor.fetchall():
            due[contact].append(Due(due_at, plan.position(step), is_waiting=True))
    agendas: dict[Agenda, list[int]] = defaultdict(list)
    for contact, steps in due.items():
        agendas[tuple(sorted(steps))].append(contact)
    one_pass = Pass(plan, rounds, now, zone)
    one_pass.go_through(dict(agendas))
    one_pass.write()
    return True
