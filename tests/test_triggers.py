"""The database holds the functions, triggers and foreign keys that the `triggers.py` modules say, and no others.

In a transaction, all of them are dropped and made again from the modules: afterwards they have to be what they were.
"""

import importlib.util
import re
from types import ModuleType

import pytest
from django.apps import apps
from django.db import connection

from tests.heart import as_owner

OTHERS = "procrastinate_%"
"""The job queue brings functions and triggers of its own."""

APPLIED = ("SQL", "SEALS_SQL", "CAMPAIGNS_SQL")
FOREIGN_KEYS = ("FOREIGN_KEYS_SQL", "WEB_FORMS_FOREIGN_KEYS_SQL", "CAMPAIGNS_FOREIGN_KEYS_SQL")
"""What a module says of tables that came at different times."""

FUNCTIONS = """
    SELECT proname, pg_get_functiondef(oid) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE %s
"""
TRIGGERS = """
    SELECT tgrelid::regclass::text || ': ' || tgname, tgenabled::text || ' ' || pg_get_triggerdef(pg_trigger.oid)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace AND relname NOT LIKE %s
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text || ': ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE %s
"""


def modules() -> list[ModuleType]:
    """The `triggers.py` of each app, in the order of the apps: each may use what those before it made."""
    names = [f"{app.name}.triggers" for app in apps.get_app_configs()]
    return [importlib.import_module(name) for name in names if _exists(name)]


def _exists(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def in_database() -> dict[str, str]:
    """Every function, trigger and constraint of ours by name, as PostgreSQL words it."""
    with connection.cursor() as cursor:
        found: dict[str, str] = {}
        for kind, query in {"function": FUNCTIONS, "trigger": TRIGGERS, "constraint": CONSTRAINTS}.items():
            cursor.execute(query, [OTHERS])
            found |= {f"{kind} {name}": definition for name, definition in cursor.fetchall()}
        return found


def make_again() -> None:
    """Drop what the database has and apply the modules."""
    with as_owner() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname NOT LIKE %s",
            [OTHERS],
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")
        for module in modules():
            cursor.execute("".join(getattr(module, name, "") for name in APPLIED))
            foreign_keys = "".join(getattr(module, name, "") for name in FOREIGN_KEYS)
            for table, name in re.findall(r"ALTER TABLE (\w+) ADD CONSTRAINT (\w+)", foreign_keys):
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
            if foreign_keys:
                cursor.execute(foreign_keys)


def test_the_database_is_what_the_modules_say(db: None) -> None:
    before = in_database()
    make_again()
    assert in_database() == before


def test_every_app_with_promises_is_looked_at(db: None) -> None:
    assert [module.__name__ for module in modules()] == ["stages.triggers", "contacts.triggers", "journeys.triggers"]
    names = in_database()
    assert "function status_changes_are_written_down" in names
    assert "trigger journeys_statuschange: status_changes_are_never_rewritten" in names
    assert "constraint journeys_funnelstatus: a_status_belongs_to_a_contact" in names


def test_functions_run_as_their_owner_and_look_only_where_they_should(db: None) -> None:
    functions = {name: text for name, text in in_database().items() if name.startswith("function")}
    loose = [
        name
        for name, text in functions.items()
        if "SECURITY DEFINER" not in text or "SET search_path TO 'public', 'pg_temp'" not in text
    ]
    assert loose == []


@pytest.mark.parametrize(
    "tampering",
    [
        "CREATE OR REPLACE FUNCTION history_is_never_rewritten() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = public, pg_temp AS $$ BEGIN RETURN NULL; END $$",
        "CREATE FUNCTION something_else() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TRIGGER status_changes_are_never_rewritten ON journeys_statuschange",
        "ALTER TABLE journeys_statuschange DISABLE TRIGGER status_changes_are_never_rewritten",
        "CREATE TRIGGER one_more BEFORE DELETE ON contacts_note FOR EACH STATEMENT "
        "EXECUTE FUNCTION history_is_never_rewritten()",
        "ALTER TABLE contacts_note DROP CONSTRAINT a_note_is_about_a_contact",
    ],
)
def test_what_differs_is_found(db: None, tampering: str) -> None:
    with as_owner() as cursor:
        cursor.execute(tampering)
    before = in_database()
    make_again()
    assert in_database() != before
