"""The two roles of the database: its owner, who migrates, and the one that Funnelbook runs as.

What each may, and why: `docs/decisions/0011-two-database-roles.md`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

_RIGHTS = """
    REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role};
    GRANT USAGE ON SCHEMA public TO {role};
    DO $do$
    DECLARE
        statement text;
    BEGIN
        FOR statement IN
            WITH ours AS (
                SELECT oid::regclass AS name, relkind, EXISTS (
                    SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
                    WHERE proname = 'history_is_never_rewritten'
                      AND tgrelid IN (pg_class.oid, (SELECT refobjid FROM pg_depend
                                                     WHERE objid = pg_class.oid AND deptype IN ('a', 'i')
                                                       AND refclassid = 'pg_class'::regclass))
                ) OR relname = 'django_migrations' AS is_read_only
                FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
                  AND pg_has_role(relowner, 'USAGE')
            )
            SELECT format('REVOKE ALL ON %s %s FROM PUBLIC, {role}; GRANT %s ON %1$s %2$s TO {role}',
                          CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, name,
                          CASE WHEN is_read_only THEN 'SELECT' WHEN relkind = 'S' THEN 'SELECT, USAGE'
                               ELSE 'SELECT, INSERT, UPDATE, DELETE' END)
            FROM ours
            UNION ALL
            SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC, {role}', oid::regprocedure)
            FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
              AND pg_has_role(proowner, 'USAGE')
        LOOP
            EXECUTE statement;
        END LOOP;
    END $do$
"""
"""What triggers write is read only. Their functions work as their owner: nobody hangs them on a table of their own."""

_CAN_GET_ROUND = """
    SELECT bool_or(pg_has_role(current_user, relowner, 'MEMBER')
                   OR has_table_privilege(pg_class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER'))
           OR has_schema_privilege('public', 'CREATE')
    FROM pg_class
    WHERE oid IN (SELECT tgrelid FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
                  WHERE proname = 'history_is_never_rewritten')
"""


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner of the database meanwhile, where one is named beside the role that Funnelbook runs as."""
    if not settings.OWNER_DATABASE:
        yield
        return
    before = dict(connection.settings_dict)
    nobody = dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT"), "")
    _connect_by(nobody | settings.OWNER_DATABASE)
    try:
        yield
    finally:
        _connect_by(before)


def _connect_by(how: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict.update(how)


def current_role() -> str:
    """The role that Django connects as."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


def make_role(name: str, *, password: str) -> bool:
    """Make a role that may sign in and nothing else, unless it is there. Returns whether it was made.

    Raises:
        ProgrammingError: the owner may not make roles.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone():
            return False
        cursor.execute(SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(name), password))
        return True


def give_rights(role: str) -> None:
    """Give a role the rights that Funnelbook needs to run, and take all others from it. As the owner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RIGHTS.replace("{role}", Identifier(role).as_string()))


def can_get_round_the_triggers() -> bool:
    """Whether the role that Django connects as may write history by itself, or switch off what keeps it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_CAN_GET_ROUND)
        return cursor.fetchone()[0]
