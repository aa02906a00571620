"""The role that Funnelbook runs as: what it may not do, and that the owner of the database may."""

from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg.conninfo import make_conninfo

from config.database_roles import can_get_round_the_triggers, current_role, give_rights, make_role
from config.embedded import APP_ROLE
from config.trouble import Trouble
from contacts.causes import Cause
from journeys.status.actions import change_status
from stages.models import Stage
from tests.factories import contact_in
from tests.heart import as_owner, check_deferred_promises, run_sql

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)

HISTORY = [
    "contacts_labelchange",
    "journeys_funnelflow",
    "journeys_seal",
    "journeys_statuschange",
    "stages_stagerevision",
]

_COLUMNS = "contact_id, from_outside, from_lost, to_outside, to_lost, changed_at, recorded_at, cause, review_needed"
_COLUMNS += ", signature, database_user, transaction_id"
_FORGED = "1, true, false, false, false, now(), now(), 'manual', false, 1, 'somebody', '7'"

OWNER, SUPERUSER = "owner", "superuser"

ATTACKS: dict[str, tuple[str, str]] = {
    # history, written by hand
    "a change that never was": (
        OWNER,
        f"INSERT INTO journeys_statuschange ({_COLUMNS}) VALUES ({_FORGED})",
    ),
    "a change altered": (OWNER, "UPDATE journeys_statuschange SET cause = 'manual'"),
    "a change removed": (OWNER, "DELETE FROM journeys_statuschange"),
    "all changes removed": (OWNER, "TRUNCATE journeys_statuschange"),
    "a change merged away": (
        OWNER,
        "MERGE INTO journeys_statuschange USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    ),
    "a movement counted that never was": (
        OWNER,
        "INSERT INTO journeys_funnelflow (quarter, from_outside, from_lost, to_outside, to_lost, cause, kind, count) "
        "VALUES ('2026-01-01', true, false, false, false, 'manual', 'change', 1)",
    ),
    "a movement altered": (OWNER, "UPDATE journeys_funnelflow SET count = count + 1"),
    "a seal of one's own": (
        OWNER,
        "INSERT INTO journeys_seal (number, up_to, rows, digest, sealed_at) VALUES (7, 7, 7, '\\x00', now())",
    ),
    "a seal altered": (OWNER, "UPDATE journeys_seal SET rows = rows + 1"),
    "a seal removed": (OWNER, "DELETE FROM journeys_seal"),
    "a label put on that never was": (
        OWNER,
        "INSERT INTO contacts_labelchange (contact_id, label_id, put_on, changed_at, cause) "
        "VALUES (1, 1, true, now(), 'manual')",
    ),
    "a stage's old name altered": (OWNER, "UPDATE stages_stagerevision SET name = 'Somebody'"),
    "the numbers of history set back": (OWNER, "SELECT setval('journeys_statuschange_id_seq', 1)"),
    "numbers of history used up": (OWNER, "SELECT nextval('journeys_statuschange_id_seq')"),
    "a migration that was never applied": (
        OWNER,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('journeys', '9999', now())",
    ),
    # around the triggers
    "the triggers of history switched off": (OWNER, "ALTER TABLE journeys_statuschange DISABLE TRIGGER USER"),
    "the triggers of statuses switched off": (OWNER, "ALTER TABLE journeys_funnelstatus DISABLE TRIGGER USER"),
    "a trigger dropped": (OWNER, "DROP TRIGGER unsigned_is_a_data_fix ON journeys_funnelstatus"),
    "a trigger added": (
        OWNER,
        "CREATE TRIGGER mine BEFORE UPDATE ON journeys_funnelstatus "
        "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ),
    "the triggers' function hung on a table of one's own": (
        OWNER,
        "CREATE TEMPORARY TABLE mine (LIKE journeys_funnelstatus); "
        "CREATE TRIGGER mine AFTER INSERT ON mine REFERENCING NEW TABLE AS statuses_after "
        "FOR EACH STATEMENT EXECUTE FUNCTION status_changes_are_written_down(); "
        "INSERT INTO mine SELECT * FROM journeys_funnelstatus",
    ),
    "a function of the triggers called": (
        OWNER,
        "SELECT statuses_of_inactive_accounts_are_lost(ARRAY[1]::bigint[])",
    ),
    "a function of the triggers replaced": (
        OWNER,
        "CREATE OR REPLACE FUNCTION history_is_never_rewritten() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN RETURN NULL; END'",
    ),
    "a function of the triggers made to look elsewhere": (
        OWNER,
        "ALTER FUNCTION status_changes_are_written_down() SET search_path = pg_temp, public",
    ),
    "a function where the triggers look": (
        OWNER,
        "CREATE FUNCTION public.date_bin(text, timestamptz, text) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    ),
    "a table where the triggers look": (OWNER, "CREATE TABLE public.mine (id bigint)"),
    "a rule that swallows writes": (
        OWNER,
        "CREATE RULE mine AS ON UPDATE TO journeys_funnelstatus DO INSTEAD NOTHING",
    ),
    "rows hidden by a policy": (
        OWNER,
        "ALTER TABLE journeys_statuschange ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    ),
    "a check dropped": (OWNER, "ALTER TABLE journeys_statuschange DROP CONSTRAINT a_change_is_not_in_the_future"),
    "a column altered": (OWNER, "ALTER TABLE journeys_statuschange ALTER cause TYPE text"),
    "the history dropped": (OWNER, "DROP TABLE journeys_statuschange CASCADE"),
    "the book held up": (OWNER, "LOCK TABLE journeys_statuschange IN ACCESS EXCLUSIVE MODE"),
    "contacts emptied": (OWNER, "TRUNCATE contacts_note"),
    "a schema of one's own": (OWNER, "CREATE SCHEMA mine"),
    # more rights
    "the right to write history given to oneself": (
        OWNER,
        f"GRANT INSERT ON journeys_statuschange TO {APP_ROLE}; "
        f"INSERT INTO journeys_statuschange ({_COLUMNS}) VALUES ({_FORGED})",
    ),
    "the owner's rights by default": (OWNER, "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO PUBLIC"),
    "becoming the owner": (OWNER, "SET ROLE {owner}"),
    "being taken for the owner": (SUPERUSER, "SET SESSION AUTHORIZATION {owner}"),
    "the right to write every table": (SUPERUSER, f"GRANT pg_write_all_data TO {APP_ROLE}"),
    "the owner's password": (SUPERUSER, "ALTER ROLE {owner} PASSWORD 'mine'"),
    "a role made": (SUPERUSER, "CREATE ROLE mine SUPERUSER"),
    "triggers switched off for oneself": (SUPERUSER, "SET session_replication_role = replica"),
    "triggers switched off for every session": (
        SUPERUSER,
        f"ALTER ROLE {APP_ROLE} SET session_replication_role = replica",
    ),
    "a trigger switched off in the catalogue": (SUPERUSER, "UPDATE pg_trigger SET tgenabled = 'D'"),
    "files of the server read": (SUPERUSER, "SELECT pg_read_file('PG_VERSION')"),
    "programs run by the server": (SUPERUSER, "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'"),
}


@pytest.fixture
def book(aware: Stage, customer: Stage) -> None:
    """One contact that moved, so that every attack has something to hit."""
    contact = contact_in(aware)
    change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=None)
    check_deferred_promises()


@pytest.fixture
def superuser(superuser_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_conninfo(superuser_url, dbname=connection.settings_dict["NAME"])) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def app() -> Iterator[psycopg.Connection]:
    """Signed in as the role that Funnelbook runs as, and as nobody else."""
    given = {name: connection.settings_dict[word] for name, word in (("host", "HOST"), ("port", "PORT"))}
    name = connection.settings_dict["NAME"]
    with psycopg.connect(**given, dbname=name, user=APP_ROLE, password="for tests only") as opened:
        assert opened.execute("SELECT session_user, current_user").fetchone() == (APP_ROLE, APP_ROLE)
        yield opened
        opened.rollback()


def sql_of(attack: str) -> str:
    return ATTACKS[attack][1].replace("{owner}", connection.settings_dict["USER"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_role_that_funnelbook_runs_as_is_refused(app: psycopg.Connection, attack: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(sql_of(attack))  # type: ignore[call-overload]


@pytest.mark.parametrize("attack", [attack for attack, (whose, _) in ATTACKS.items() if whose == OWNER])
def test_the_owner_is_not_refused_once_the_triggers_are_off(book: None, attack: str) -> None:
    with as_owner() as cursor:
        for table in HISTORY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql_of(attack))


@pytest.mark.parametrize("attack", [attack for attack, (whose, _) in ATTACKS.items() if whose == SUPERUSER])
def test_a_superuser_is_not_refused(superuser: psycopg.Connection, attack: str) -> None:
    superuser.execute(sql_of(attack))  # type: ignore[call-overload]


def rights(of: str, kinds: str) -> dict[str, list[str]]:
    """The tables on which a role lacks each of these rights."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, array_agg(relname::text ORDER BY relname) FROM pg_class, unnest(%s::text[]) AS kind "
            "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND NOT has_table_privilege(%s, pg_class.oid, kind) GROUP BY kind",
            [kinds.split(), of],
        )
        return dict(cursor.fetchall())


def test_it_may_write_every_table_but_those_that_triggers_write() -> None:
    read_only = sorted([*HISTORY, "django_migrations"])
    assert rights(APP_ROLE, "SELECT INSERT UPDATE DELETE") == dict.fromkeys(("INSERT", "UPDATE", "DELETE"), read_only)


def test_it_may_do_nothing_else_with_any_table() -> None:
    lacking = rights(APP_ROLE, "TRUNCATE REFERENCES TRIGGER")
    assert {kind: len(tables) for kind, tables in lacking.items()} == dict.fromkeys(
        ("TRUNCATE", "REFERENCES", "TRIGGER"), len(connection.introspection.table_names())
    )


def test_nobody_else_may_read_the_book() -> None:
    with as_owner() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class, aclexplode(relacl) AS given "
            "WHERE relnamespace = 'public'::regnamespace AND grantee NOT IN (relowner, %s::regrole)",
            [APP_ROLE],
        )
        assert cursor.fetchall() == []


def test_whether_it_can_get_round_the_triggers_is_known() -> None:
    assert not can_get_round_the_triggers()
    with as_owner():
        assert can_get_round_the_triggers()
    for right in ("INSERT", "TRUNCATE", "TRIGGER"):
        run_sql(f"GRANT {right} ON journeys_statuschange TO {APP_ROLE}")
        assert can_get_round_the_triggers()
        run_sql(f"REVOKE {right} ON journeys_statuschange FROM {APP_ROLE}")
    run_sql(f"GRANT CREATE ON SCHEMA public TO {APP_ROLE}")
    assert can_get_round_the_triggers()


@committed
def test_rights_that_were_loosened_are_taken_back() -> None:
    run_sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
    run_sql(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}")
    run_sql("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC")
    run_sql("GRANT CREATE ON SCHEMA public TO PUBLIC")
    with as_owner():
        give_rights(APP_ROLE)
    assert not can_get_round_the_triggers()
    test_it_may_write_every_table_but_those_that_triggers_write()
    test_it_may_do_nothing_else_with_any_table()
    test_nobody_else_may_read_the_book()


@committed
def test_what_is_somebody_elses_in_the_database_is_left_alone(superuser: psycopg.Connection) -> None:
    superuser.execute("CREATE TABLE theirs (id int)")
    superuser.commit()
    with as_owner():
        give_rights(APP_ROLE)
    assert rights(APP_ROLE, "SELECT") == {"SELECT": ["theirs"]}


# The command


@committed
def test_the_command_makes_a_role_once_and_sees_to_its_rights(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        with as_owner():
            call_command("database_roles", "--role", "funnelbook_second")
            said = capsys.readouterr().out.splitlines()
            call_command("database_roles", "--role", "funnelbook_second")
            said_again = capsys.readouterr().out.splitlines()
        assert said[0] == "funnelbook_second has the rights that Funnelbook needs to run, and no others."
        assert said_again == said[:1]
        password = said[1].removeprefix("Its password is ")
        settings = connection.settings_dict
        with psycopg.connect(
            host=settings["HOST"], dbname=settings["NAME"], user="funnelbook_second", password=password
        ) as second:
            assert second.execute("SELECT count(*) FROM stages_stage").fetchone() == (5,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                second.execute("DELETE FROM journeys_seal")
    finally:
        run_sql("GRANT funnelbook_second TO CURRENT_USER")
        run_sql("DROP OWNED BY funnelbook_second")
        run_sql("DROP ROLE funnelbook_second")


def test_who_owns_the_tables_is_not_whom_funnelbook_runs_as() -> None:
    with as_owner():
        owner = current_role()
        with pytest.raises(Trouble, match="Funnelbook has to run as another role"):
            call_command("database_roles", "--role", owner)


def test_who_may_not_make_roles_is_told_what_to_do() -> None:
    with pytest.raises(Trouble, match=f"{APP_ROLE} may not make roles.*\n  CREATE ROLE {APP_ROLE}_app LOGIN PASSWORD"):
        call_command("database_roles")


def test_a_role_is_made_once() -> None:
    assert not make_role(APP_ROLE, password="another")


@committed
def test_who_may_not_change_tables_does_not_migrate() -> None:
    with pytest.raises(Trouble, match=rf"The role {APP_ROLE} may not change tables\. Name the owner"):
        call_command("migrate", "journeys", "0015", verbosity=0)
    call_command("migrate", verbosity=0)  # where there is nothing to change, nobody is asked to
