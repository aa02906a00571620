"""Figures of campaigns: a fifth of the book comes into one while people work, and fifty in which nothing happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from django.db import connection

from contacts.models import Label
from journeys.campaigns import actions
from journeys.campaigns.models import Campaign, CampaignMember, CampaignStep, Turn
from journeys.campaigns.work import with_work, work_on_campaign
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.models import Segment
from stages.models import Stage
from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure
from tests.bench.people import Waits, people, through_the_action
from tests.bench.runs import work_apart

SHARE = 5
"""One of so many contacts comes in."""

IDLE = 50
PASSES_A_MINUTE = 6

_INVITED = """
    INSERT INTO contacts_carriedlabel (contact_id, label_id, since, cause)
    SELECT id, %(label)s, now(), 'import' FROM contacts_contact WHERE mod(id, %(share)s) = 0
"""

_BARE_TABLES = """
    CREATE TABLE bare_status (LIKE journeys_funnelstatus INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO bare_status SELECT * FROM journeys_funnelstatus ORDER BY contact_id;
    CREATE TABLE bare_history (LIKE journeys_statuschange INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO bare_history OVERRIDING SYSTEM VALUE SELECT * FROM journeys_statuschange ORDER BY id;
    SELECT setval(pg_get_serial_sequence('bare_history', 'id'), max(id)) FROM bare_history;
    CREATE TABLE bare_carried (LIKE contacts_carriedlabel INCLUDING DEFAULTS INCLUDING INDEXES);
    INSERT INTO bare_carried SELECT * FROM contacts_carriedlabel ORDER BY contact_id;
    CREATE TABLE bare_labelchange (LIKE contacts_labelchange INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    INSERT INTO bare_labelchange OVERRIDING SYSTEM VALUE SELECT * FROM contacts_labelchange ORDER BY id;
    SELECT setval(pg_get_serial_sequence('bare_labelchange', 'id'), max(id)) FROM bare_labelchange;
    CREATE TABLE bare_member (LIKE journeys_campaignmember INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);
    CREATE TABLE bare_turn (LIKE journeys_turn INCLUDING DEFAULTS INCLUDING INDEXES);
"""

_BARE_SLICES = """
    CREATE TABLE bare_slice AS
    SELECT number, array_agg(contact_id ORDER BY contact_id) AS contacts,
           coalesce(array_agg(contact_id ORDER BY contact_id) FILTER (WHERE moved), '{{}}') AS moved,
           coalesce(array_agg(contact_id ORDER BY contact_id) FILTER (WHERE labelled), '{{}}') AS labelled
    FROM (
        SELECT contact_id, (row_number() OVER (ORDER BY contact_id) - 1) / 2000 AS number,
               EXISTS (SELECT FROM journeys_turn WHERE contact_id = member.contact_id AND step_id = {moves}
                                                       AND outcome = 'changed') AS moved,
               EXISTS (SELECT FROM journeys_turn WHERE contact_id = member.contact_id AND step_id = {marks}
                                                       AND outcome = 'changed') AS labelled
        FROM journeys_campaignmember member WHERE campaign_id = {campaign}
    ) AS entered GROUP BY number
"""


class _Entered(NamedTuple):
    seconds: float
    floor: float
    waits: Waits
    waits_of_floor: Waits


@figure("campaign", unit="×", limit=2)
def campaign(bench: Bench) -> Measured:
    """A fifth of the book comes in, is asked a condition, moves and gets a label: its time divided by bare SQL's."""
    entered = _campaign(bench)
    return Measured(entered.seconds / entered.floor, floor=1)


@figure("campaign_seconds", unit="s", limit=60)
def campaign_seconds(bench: Bench) -> Measured:
    entered = _campaign(bench)
    return Measured(entered.seconds, floor=entered.floor)


@figure("people_during_campaign", limit=25)
def people_during_campaign(bench: Bench) -> Measured:
    """Single changes through the action: 95 of 100 take so long at most."""
    entered = _campaign(bench)
    return Measured(entered.waits.p95, floor=entered.waits_of_floor.p95)


@figure("idle_campaigns", limit=1000)
def idle_campaigns(bench: Bench) -> Measured:
    """What fifty active campaigns in which nothing happens cost in a minute."""
    bench.big.use()
    few = Label.objects.create(name="few")
    with connection.cursor() as cursor:
        cursor.execute(_INVITED, {"label": few.pk, "share": bench.big.size // 100})
    segment = _segment(bench, few)
    stage = Stage.objects.get(name="Customer")
    begun = [_begun(bench, segment, stage, f"Idle {number}") for number in range(IDLE)]
    for one in begun:
        while work_on_campaign(campaign=one.pk, seconds=60):
            pass
    one_pass = bench.median(lambda: with_work())
    for one in begun:
        actions.end_campaign(campaign=one, by=bench.member())
    return Measured(one_pass * PASSES_A_MINUTE)


def _begun(bench: Bench, segment: Segment, stage: Stage, name: str) -> Campaign:
    """An active campaign that waits for years."""
    member = bench.member()
    made = actions.create_campaign(values={"name": name}, by=member)
    actions.set_sources(campaign=made, seen=1, segments=[segment], web_forms=[], by=member)
    values = {"kind": CampaignStep.Kind.CHANGE_STAGE, "name": "On", "stage": stage}
    later = {"when": CampaignStep.When.AFTER, "amount": 5, "unit": CampaignStep.Unit.YEARS}
    actions.add_step(campaign=made, seen=2, parent=None, branch="", values={**values, **later}, by=member)
    actions.activate_campaign(campaign=made, by=member)
    return made


def _segment(bench: Bench, label: Label) -> Segment:
    conditions = Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),))
    return create_segment(name=f"carry {label}", conditions=conditions, is_for_all=True, by=bench.member())


@cache
def _campaign(bench: Bench) -> _Entered:
    """A campaign over a fifth of the book, and the bare minimum of it, each while twenty people work."""
    bench.big.use()
    member, change = bench.member(), through_the_action(bench.member())
    invited, thanked = Label.objects.create(name="invited"), Label.objects.create(name="thanked")
    with connection.cursor() as cursor:
        cursor.execute(_INVITED, {"label": invited.pk, "share": SHARE})
        come = cursor.rowcount
        cursor.execute("ANALYZE contacts_carriedlabel")
    made = actions.create_campaign(values={"name": "Win-back"}, by=member)
    sources = [_segment(bench, invited)]
    actions.set_sources(campaign=made, seen=1, segments=sources, web_forms=[], by=member)
    promoter = Stage.objects.get(name="Promoter")
    stages = list(Stage.objects.in_use().values_list("pk", flat=True))
    kinds = CampaignStep.Kind
    asks = _step(made, 2, None, {"kind": kinds.IN_STAGES, "name": "In a stage?", "stages": stages}, bench)
    moves = _step(made, 3, asks, {"kind": kinds.CHANGE_STAGE, "name": "On", "stage": promoter}, bench)
    marks = _step(made, 4, asks, {"kind": kinds.PUT_ON_LABEL, "name": "Thank", "label": thanked}, bench)
    with _bare_tables():
        actions.activate_campaign(campaign=made, by=member)
        with people(bench, change) as waits:
            seconds = work_apart(bench, "campaign", made.pk)
        assert CampaignMember.objects.filter(campaign=made).count() == come
        assert Turn.objects.filter(step=asks).count() == come
        with connection.cursor() as cursor:
            cursor.execute(_BARE_SLICES.format(moves=moves.pk, marks=marks.pk, campaign=made.pk))
        with people(bench, change) as waits_of_floor:
            floor = work_apart(bench, "campaign_floor", promoter.pk)
    actions.end_campaign(campaign=made, by=member)
    return _Entered(seconds, floor, waits, waits_of_floor)


def _step(campaign: Campaign, seen: int, parent: CampaignStep | None, values: dict, bench: Bench) -> CampaignStep:
    return actions.add_step(
        campaign=campaign,
        seen=seen,
        parent=parent,
        branch="yes" if parent else "",
        values=values,
        by=bench.member(),
    )


@contextmanager
def _bare_tables() -> Iterator[None]:
    """Copies of the tables with their indexes; no triggers, no checks."""
    tables = "bare_status, bare_history, bare_carried, bare_labelchange, bare_member, bare_turn"
    with connection.cursor() as cursor:
        cursor.execute(_BARE_TABLES)
        cursor.execute(f"VACUUM (ANALYZE) {tables}")
        try:
            yield
        finally:
            cursor.execute(f"DROP TABLE {tables}; DROP TABLE IF EXISTS bare_slice")
