"""The book as a check of a file sees it: what the rows would have done is kept beside it, and nothing is written."""

import pickle
from collections.abc import Iterable, Sequence
from types import TracebackType

from django.db import connection

from journeys.imports.fields import EXTERNAL_ID, FieldMap, Row
from journeys.imports.plan import Known
from journeys.imports.queries import matching_contacts


class Shadow:
    """Contacts as the rows so far would have left them, in a temporary table of this session.

    A file may be larger than memory, and its last row may be about the contact of its first.
    """

    def __enter__(self) -> "Shadow":
        with connection.cursor() as cursor:
            cursor.execute(
                """
                CREATE TEMPORARY TABLE import_shadow (
                    id bigint PRIMARY KEY, email_key text UNIQUE, external_id text UNIQUE, contact bytea NOT NULL)
                """
            )
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE import_shadow")

    def matching_contacts(self, rows: Sequence[Row], fields: FieldMap) -> list[Known]:
        """The contacts that these rows may match, as the rows before them would have left them. Two queries."""
        found = {contact.id: contact for contact in matching_contacts(rows, fields)}
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT contact FROM import_shadow
                WHERE id = ANY (%s) OR email_key = ANY (%s) OR external_id = ANY (%s)
                """,
                [
                    list(found),
                    [row.email_key for row in rows if row.email_key],
                    [row.external_id for row in rows if row.external_id],
                ],
            )
            for (pickled,) in cursor.fetchall():
                contact = pickle.loads(pickled)
                found[contact.id] = contact
        return list(found.values())

    def remember(self, contacts: Iterable[Known]) -> None:
        """Keep contacts as they are now; those that are new get a number below zero, from their line."""
        kept = list(contacts)
        for contact in kept:
            contact.steps = []
            if contact.id is None and contact.line:
                contact.id = -contact.line
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO import_shadow
                SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[])
                ON CONFLICT (id) DO UPDATE SET
                    email_key = excluded.email_key, external_id = excluded.external_id, contact = excluded.contact
                """,
                [
                    [contact.id for contact in kept],
                    [contact.email_key for contact in kept],
                    [contact.values[EXTERNAL_ID] for contact in kept],
                    [pickle.dumps(contact) for contact in kept],
                ],
            )
