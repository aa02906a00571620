"""A book to measure: contacts and three changes of each over three years, written through the database's triggers."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Label
from journeys.reports.actions import fold_flows
from journeys.runs.models import Run
from journeys.sample import people
from journeys.status.models import LostReason
from stages.models import Stage

SLICE = 50_000
LABELS = 20
WIDE_LABEL = "carried-by-most"
"""A label that three of five contacts carry, beside the twenty that a twentieth each does."""
MEMBER = "bench@example.com"
YEARS = timedelta(days=3 * 365)

_DICE = """
    CREATE OR REPLACE FUNCTION pg_temp.dice(contact bigint, about text, sides int) RETURNS int LANGUAGE sql IMMUTABLE
    AS 'SELECT (abs(hashint8extended(contact, hashtext(about))) % sides)::int';
    CREATE OR REPLACE FUNCTION pg_temp.pick(words text[], contact bigint, about text) RETURNS text
    LANGUAGE sql IMMUTABLE AS 'SELECT words[1 + pg_temp.dice(contact, about, cardinality(words))]'
"""

_BORN = "%(now)s::timestamptz - %(years)s::interval * (1 - id::float / %(size)s)"

_STATUSES = f"""
    INSERT INTO journeys_funnelstatus (contact_id, stage_id, stage_since, since, cause)
    SELECT id, CASE WHEN pg_temp.dice(id, 'first', 10) > 0 THEN %(aware)s END, {_BORN}, {_BORN}, 'default'
    FROM generate_series(%(first)s, %(last)s) AS id
"""

_CONTACTS = f"""
    INSERT INTO contacts_contact (
        id, email, external_id, first_name, last_name, phone, company, city, country, subscribed_at, last_open_at,
        last_click_at, attributes, created_at, updated_at)
    SELECT id, 'person.' || id || '@example.com', 'X-' || id,
           pg_temp.pick(%(first_names)s, id, 'first name'),
           pg_temp.pick(%(last_names)s, id, 'last name'),
           '+44 20 7946 ' || lpad(pg_temp.dice(id, 'phone', 1000)::text, 4, '0'),
           pg_temp.pick(%(companies)s, id, 'company') || ' ' ||
           pg_temp.pick(%(trades)s, id, 'trade'),
           pg_temp.pick(%(cities)s, id, 'city'), 'Germany', {_BORN},
           %(now)s::timestamptz - interval '1 hour' * pg_temp.dice(id, 'open', 9000),
           CASE WHEN pg_temp.dice(id, 'clicks', 4) = 0
                THEN %(now)s::timestamptz - interval '1 hour' * pg_temp.dice(id, 'click', 9000) END,
           jsonb_build_object('employees', pg_temp.dice(id, 'employees', 500)), {_BORN}, {_BORN}
    FROM generate_series(%(first)s, %(last)s) AS id
"""

_CARRIED = f"""
    INSERT INTO contacts_carriedlabel (contact_id, label_id, since, by_id, cause)
    SELECT id, (%(labels)s::bigint[])[1 + pg_temp.dice(id, 'label', 20)], {_BORN}, %(by)s, 'import'
    FROM generate_series(%(first)s, %(last)s) AS id
"""

_CARRIED_WIDELY = f"""
    INSERT INTO contacts_carriedlabel (contact_id, label_id, since, by_id, cause)
    SELECT id, %(wide_label)s, {_BORN}, %(by)s, 'import'
    FROM generate_series(%(first)s, %(last)s) AS id WHERE mod(id, 5) < 3
"""

_MOVES = """
    UPDATE journeys_funnelstatus SET
        stage_id = moved.stage, stage_since = at, lost_at = CASE WHEN lost THEN at END,
        lost_reason_id = CASE WHEN lost THEN (%(reasons)s::bigint[])[1 + mod(id, 7)] END,
        since = at, cause = moved.cause, changed_by_id = CASE WHEN moved.cause <> 'api' THEN %(by)s END,
        run_id = CASE WHEN moved.cause = 'label_rule' THEN %(run)s END, signature = signature + 1
    FROM (
        SELECT contact_id AS id,
               since + (%(now)s::timestamptz - since) * (pg_temp.dice(contact_id, %(round)s, 1000) / 1000.0) AS at,
               coalesce(nullif((%(stages)s::bigint[])[1 + pg_temp.dice(contact_id, %(round)s || 'to', 20)], stage_id),
                        nullif((%(stages)s::bigint[])[1 + pg_temp.dice(contact_id, %(round)s || 'or', 20)], stage_id),
                        nullif(%(engaged)s, stage_id), %(aware)s) AS stage,
               pg_temp.dice(contact_id, %(round)s || 'lost', 10) = 0 AS lost,
               pg_temp.pick(%(causes)s, contact_id, %(round)s || 'cause') AS cause
        FROM journeys_funnelstatus WHERE contact_id BETWEEN %(first)s AND %(last)s
    ) AS moved
    WHERE contact_id = id
"""

_SHARES = {"second": (1, 11, 6, 1, 1), "third": (7, 6, 4, 2, 1)}
"""Of twenty contacts moved in a round, so many go to each of the five stages."""


def load(size: int) -> None:
    """Fill the database that Django uses with `size` contacts, and three changes of each."""
    values = _values(size)
    with connection.cursor() as cursor:
        cursor.execute(_DICE)
        for slice_ in _slices(size):
            with transaction.atomic():
                for statement in (_STATUSES, _CONTACTS, _CARRIED, _CARRIED_WIDELY):
                    cursor.execute(statement, values | slice_)
        for round_, shares in _SHARES.items():
            for slice_ in _slices(size):
                cursor.execute(_MOVES, values | slice_ | _round(round_, shares, values, slice_))
        cursor.execute("SELECT setval(pg_get_serial_sequence('contacts_contact', 'id'), %s)", [size])
    fold_flows()  # takes a mark
    fold_flows()  # folds up to it
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")  # as PostgreSQL does by itself, a little later


def _slices(size: int) -> Iterator[dict[str, int]]:
    for first in range(1, size + 1, SLICE):
        yield {"first": first, "last": min(size, first + SLICE - 1)}


def _values(size: int) -> dict[str, Any]:
    labels = Label.objects.bulk_create(Label(name=f"label-{number}") for number in range(LABELS))
    member = TeamMember.objects.create_user(MEMBER, name="Bench")
    member.groups.add(Group.objects.get(name=Role.ADMINISTRATOR.label))
    stages = [stage.pk for stage in Stage.objects.in_use()]
    return {
        "size": size,
        "now": timezone.now(),
        "years": YEARS,
        "by": member.pk,
        "in_order": stages,
        "aware": stages[0],
        "engaged": stages[1],
        "labels": [label.pk for label in labels],
        "wide_label": Label.objects.create(name=WIDE_LABEL).pk,
        "reasons": [reason.pk for reason in LostReason.objects.all()],
        "causes": [Cause.MANUAL, Cause.API, Cause.LABEL_RULE],
        "first_names": people.FIRST_NAMES,
        "last_names": people.LAST_NAMES,
        "companies": people.COMPANY_NAMES,
        "trades": people.COMPANY_TRADES,
        "cities": people.COUNTRIES[2].cities,
    }


def _round(name: str, shares: Sequence[int], values: dict[str, Any], slice_: dict[str, int]) -> dict[str, Any]:
    """What one slice of a round of moves needs: the stages to choose from, each as often as it is likely; a run."""
    count = slice_["last"] - slice_["first"] + 1
    run = Run.objects.create(
        kind=Run.Kind.LABEL_RULE,
        words=f"The {name} round",
        started_by_id=values["by"],
        finished_at=values["now"],
        state=Run.State.FINISHED,
        records=count,
        updated=count,
    )
    stages = [stage for stage, share in zip(values["in_order"], shares, strict=True) for _ in range(share)]
    return {"round": name, "stages": stages, "run": run.pk}
