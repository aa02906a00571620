"""Restoring a backup into an empty book."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from config.backups.archive import DUMP, REGISTER, SECRET_KEY, Backup, open_backup
from config.backups.programs import Programs, programs_for, server_version
from config.data_folder import restoring_file, secret_key_file
from config.database import address_of_database
from config.database_roles import as_owner
from config.trouble import Trouble
from config.upgrades import unknown_migrations
from journeys.erasing import register
from journeys.erasing.actions import erase_again
from journeys.erasing.queries import back_in_the_book
from journeys.integrity.actions import verify
from journeys.integrity.models import Verification
from journeys.integrity.seals import count_missing
from journeys.runs.models import Run
from journeys.runs.queries import worker_is_alive
from journeys.runs.words import how_many

Tell = Callable[[str], None]

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"

_EMPTY = """
    DO $$
    DECLARE
        command text;
    BEGIN
        FOR command IN
            SELECT format('DROP %s IF EXISTS %s CASCADE', kind, thing)
            FROM (
                SELECT 1, CASE WHEN relkind IN ('r', 'p') THEN 'TABLE' ELSE 'SEQUENCE' END,
                       oid::regclass::text, 'pg_class'::regclass, oid
                FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
                UNION ALL
                SELECT 2, 'ROUTINE', oid::regprocedure::text, 'pg_proc'::regclass, oid
                FROM pg_proc WHERE pronamespace = 'public'::regnamespace
                UNION ALL
                SELECT 3, 'TYPE', pg_type.oid::regtype::text, 'pg_type'::regclass, pg_type.oid
                FROM pg_type LEFT JOIN pg_class ON pg_class.oid = typrelid
                WHERE typnamespace = 'public'::regnamespace AND (typtype IN ('e', 'd') OR relkind = 'c')
            ) AS things (turn, kind, thing, catalogue, id)
            WHERE NOT EXISTS (
                SELECT FROM pg_depend WHERE classid = catalogue AND objid = id AND deptype = 'e'  -- of an extension
            )
            ORDER BY turn
        LOOP
            EXECUTE command;
        END LOOP;
    END $$
"""


def restore(*, file: Path, tell: Tell) -> Verification:
    """Put a backup into an empty book, erase again whoever was erased since, and check the book.

    Broken off at any point, it can be begun again.

    Args:
        tell: is told what is being done, in sentences.

    Raises:
        Trouble: it cannot be restored here; a sentence says why.
    """
    with open_backup(file) as backup, as_owner():
        programs = programs_for(max(server_version(address_of_database()), backup.about.dumped_by))
        _refuse_unknown(backup)
        if not restoring_file().exists():
            _refuse_unless_empty()
        tell("Reading the backup.")
        backup.check()
        try:
            restoring_file().write_text(f"{file}\n")
            _take_over_files(backup, tell)
            tell("Loading the database.")
            _load(backup, programs)
        except OSError as error:
            raise Trouble(f"The backup could not be restored: {error.strerror}.") from None
    call_command("migrate", verbosity=0, interactive=False)
    _erase_again(tell)
    _set_seals_aside(tell)
    tell("Checking the book.")
    found = verify()
    restoring_file().unlink()
    return found


def _refuse_unknown(backup: Backup) -> None:
    if unknown_migrations(backup.about.migrations):
        raise Trouble(
            f"The backup was made by a newer Funnelbook, {backup.about.funnelbook}. Install that one, and restore "
            "the backup with it."
        )


def _refuse_unless_empty() -> None:
    """Nobody's work is replaced, and nobody works in the book meanwhile."""
    models = apps.get_models(include_auto_created=True, include_swapped=True)
    ours = {model._meta.db_table for model in models} | {"django_migrations"}
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        found = {row[0] for row in cursor.fetchall()}
        if strangers := sorted(found - ours):
            raise Trouble(f"The database holds what is not Funnelbook's: the table {strangers[0]}. Name an empty one.")
        for table in {"team_teammember", "contacts_contact", "journeys_statuschange"} & found:
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            if cursor.fetchone()[0]:
                raise Trouble(
                    "This book is not empty, and a backup is restored into an empty one alone. Name a new data folder "
                    "in FUNNELBOOK_DATA, or an empty database in DATABASE_URL."
                )
    if "procrastinate_workers" in found and worker_is_alive():
        raise Trouble("Funnelbook is running on this book. Stop it, wait half a minute, and restore then.")


def _take_over_files(backup: Backup, tell: Tell) -> None:
    """Before the database, so that a restore that is broken off lets nobody come back."""
    register.take_over(backup.read(REGISTER).decode("ascii", errors="replace"))
    key = backup.read(SECRET_KEY)
    if given := os.environ.get("SECRET_KEY"):
        if given.encode() != key:
            tell("SECRET_KEY is not that of the backup: people sign in again, and webhooks need new secrets.")
    elif key:
        file = secret_key_file()
        unfinished = file.with_name(".secret_key.unfinished")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as content:
            content.write(key)
        unfinished.rename(file)


def _load(backup: Backup, programs: Programs) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
    connection.close()
    with backup.part(DUMP) as dump:
        programs.load(dump, address_of_database())
    ContentType.objects.clear_cache()


def _erase_again(tell: Tell) -> None:
    """
    Raises:
        Trouble: not all of them could be erased.
    """
    if not settings.ERASED_NUMBERS.exists():
        return
    contacts = back_in_the_book(register.read([settings.ERASED_NUMBERS]))
    if not contacts:
        return
    run = erase_again(contacts=contacts, by=None)
    if run.state != Run.State.FINISHED:
        raise Trouble(f"Run {run.pk}, which erases people again, is not finished: {run.problem} Restore once more.")
    tell(f"{how_many(run.updated)} erased again, who came back with the backup (run {run.pk}).")


def _set_seals_aside(tell: Tell) -> None:
    """What was sealed after the backup is not in it. Those seals are kept, and seals begin anew beside them."""
    if missing := count_missing():
        kept = settings.SEALS.with_name(f"{settings.SEALS.name}-before-restore-{datetime.now(UTC):%Y-%m-%dT%H%M%S}")
        settings.SEALS.rename(kept)
        tell(f"{missing:,} seals of the status history are younger than the backup: kept in {kept}.")
