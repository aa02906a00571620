"""What an import reads of the book: the contacts that its rows may match, and labels by name."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from journeys.book.actions import default_stage
from journeys.imports.fields import ACCOUNT_STATE, FieldMap, Row
from journeys.imports.options import ImportOptions, OnEarlier
from journeys.imports.plan import Known, LabelKey, Rules
from journeys.rules.queries import movement_policy
from journeys.status.transitions import StageFacts
from stages.models import Stage

# A date costs ten times as much to read as a number of microseconds does.
_CONTACTS = """
    SELECT contact.id, contact.xmin::text, stage_id, lost_at IS NOT NULL, lost_reason_id,
           (extract(epoch FROM since) * 1000000)::bigint, signature, {columns}
    FROM contacts_contact contact JOIN journeys_funnelstatus ON contact_id = contact.id
    WHERE {key} = ANY (%s)
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_alone() -> None:
    """Have the database read without helpers until the transaction ends: calling them takes longer than reading."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")


def matching_contacts(rows: Sequence[Row], fields: FieldMap) -> list[Known]:
    """The contacts that have an e-mail or external id of these rows, as they are now. One query for each key."""
    found = _contacts("external_id", [row.external_id for row in rows if row.external_id], fields)
    seen = {contact.email_key for contact in found}
    unseen = [row.email_key for row in rows if row.email_key and row.email_key not in seen]
    ids = {contact.id for contact in found}
    return [*found, *(contact for contact in _contacts("lower(email)", unseen, fields) if contact.id not in ids)]


def _contacts(key: str, values: list[str], fields: FieldMap) -> list[Known]:
    if not values:
        return []
    columns = ", ".join(f"contact.{name}" for name in fields.columns)
    if fields.has_attributes:
        columns += ", contact.attributes"
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS.format(columns=columns, key=key), [values])
        return [_known(row, fields) for row in cursor.fetchall()]


def _known(row: tuple, fields: FieldMap) -> Known:
    pk, version, stage, lost, lost_reason, since, signature, *values = row
    attributes = _attributes(values.pop()) if fields.has_attributes else {}
    return Known(
        id=pk,
        version=version,
        values=values,
        attributes=attributes,
        began_inactive=values[ACCOUNT_STATE] == "inactive",
        stage=stage,
        lost=lost,
        lost_reason=lost_reason,
        since=_EPOCH + timedelta(microseconds=since),
        signature=signature,
        values_before=values,
        attributes_before=attributes,
    )


def _attributes(value: str | dict) -> dict:
    return json.loads(value) if isinstance(value, str) else value


def labels_by_name(names: Iterable[str]) -> dict[str, int]:
    """Ids of labels by the names given, whatever their case; names of no label are left out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT given, id FROM unnest(%s::text[]) AS asked (given)
            JOIN contacts_label ON lower(name) = lower(given)
            """,
            [list(names)],
        )
        return dict(cursor.fetchall())


_CARRIED = """
    SELECT carried.contact_id, carried.label_id
    FROM unnest(%s::bigint[]) AS asked (contact) CROSS JOIN LATERAL (
        SELECT contact_id, label_id FROM contacts_carriedlabel WHERE contact_id = contact OFFSET 0
    ) AS carried
    WHERE label_id = ANY (%s)
"""
"""OFFSET 0 keeps the label out of the search for what a contact carries: of a label that is new, PostgreSQL believes
that hardly anybody carries it, and would read all who do instead, anew for each contact or batch."""


def read_carried_labels(contacts: Iterable[Known], labels: Iterable[LabelKey]) -> None:
    """Tell each contact which of these labels it carries. One query, none without labels."""
    by_id = {contact.id: contact for contact in contacts}
    ids = [label for label in labels if isinstance(label, int)]
    if not by_id or not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CARRIED, [list(by_id), ids])
        for contact, label in cursor.fetchall():
            by_id[contact].labels.add(label)


def rules_now(options: ImportOptions, fields: FieldMap, stages: Sequence[Stage]) -> Rules:
    """What holds for rows decided now, after the contacts they match were read. Three queries.

    Args:
        fields: how the rows were understood.
        stages: every stage that ever was.
    """
    now = timezone.now()
    default = default_stage()
    return Rules(
        does=options.does,
        key=options.key,
        earlier_is_now=options.on_earlier is OnEarlier.NOW,
        backward=options.backward,
        labels_for=options.labels_for,
        makes_labels=options.makes_labels,
        stage_for=options.stage_for,
        filling=fields.filling,
        filling_attributes=fields.filling_attributes,
        stages={
            stage.pk: StageFacts(stage.pk, stage.weight, stage.is_open(now), stage.retired_at is not None)
            for stage in stages
        },
        stage_names={stage.pk: stage.name for stage in stages},
        policy=movement_policy(),
        default_stage=default.pk if default else None,
        now=_database_clock(),
    )


def _database_clock() -> datetime:
    """What time it is for the database, which refuses dates in its future."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
