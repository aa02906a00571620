"""What the database promises about statuses and their history, whoever writes and however (DESIGN.md, section 3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.reports.models import FunnelFlow
from journeys.rules.models import FunnelSettings
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import Direction, FunnelStatus, LostReason, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, contact_in
from tests.heart import (
    Signed,
    assert_explained,
    check_deferred_promises,
    database_clock,
    last_change,
    moves,
    rows_of_history,
    run_sql,
    status_of,
)

pytestmark = pytest.mark.django_db

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)
JUNE = datetime(2024, 6, 1, tzinfo=UTC)
DATA_FIX = Signed("data_fix")


@pytest.fixture
def carla(aware: Stage, operator: TeamMember) -> Contact:
    """A contact in Aware since 2 May, put there by an Operator."""
    return contact_in(aware, since=MAY, by=operator)


@pytest.fixture
def lost_carla(customer: Stage, operator: TeamMember) -> Contact:
    """A contact in Customer since 2 May, marked lost by an Operator on 1 June."""
    reason = LostReason.objects.get(name="Bounced")
    return contact_in(customer, since=MAY, lost=True, lost_at=JUNE, reason=reason, by=operator)


def copy(table: str, columns: str, *rows: tuple) -> None:
    """Put rows in by COPY."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as lines:
        for row in rows:
            lines.write_row(row)


def refuses(statement: str, *values: Any, because: str) -> None:
    """The statement is refused, and leaves nothing behind."""
    before = snapshot()
    with pytest.raises(DatabaseError, match=because), transaction.atomic():
        run_sql(statement, *values)
        check_deferred_promises()
    assert snapshot() == before


def snapshot() -> tuple:
    tables = (Contact, FunnelStatus, StatusChange, FunnelFlow)
    return tuple(list(table.objects.order_by("pk").values_list()) for table in tables)


# A contact gets a status, by whatever path it comes


def test_a_contact_by_sql_gets_the_default_status(aware: Stage) -> None:
    before = database_clock()
    run_sql("INSERT INTO contacts_contact (email) VALUES ('carla@example.com'), ('dora@example.com')")
    for contact in Contact.objects.all():
        assert moves(contact) == ["outside > Aware"]
        assert Signed.of(last_change(contact)) == Signed("default")
        now = status_of(contact)
        assert now.since == now.stage_since == last_change(contact).changed_at > before
        assert now.signature == 1
    assert FunnelFlow.objects.get().count == 2
    assert_explained()


def test_a_contact_by_copy_gets_the_default_status() -> None:
    copy("contacts_contact", "id, external_id", *[(10**6 + number, f"C-{number}") for number in range(3)])
    assert [moves(10**6 + number) for number in range(3)] == [["outside > Aware"]] * 3
    assert_explained()


def test_a_contact_by_the_orm_gets_the_default_status(customer: Stage) -> None:
    FunnelSettings.objects.update(default_stage=customer)
    one = ContactFactory()
    many = Contact.objects.bulk_create([Contact(), Contact()])
    assert [moves(contact) for contact in (one, *many)] == [["outside > Customer"]] * 3
    assert_explained()


@pytest.mark.parametrize(
    "fields",
    [
        {"is_published": False},
        {"publish_up": datetime(2999, 1, 1, tzinfo=UTC)},
        {"publish_down": datetime(2001, 1, 1, tzinfo=UTC)},
        {"retired_at": datetime(2001, 1, 1, tzinfo=UTC)},
    ],
)
def test_while_the_default_stage_is_closed_there_is_no_status_yet(aware: Stage, fields: dict) -> None:
    Stage.objects.filter(pk=aware.pk).update(**fields)
    run_sql("INSERT INTO contacts_contact DEFAULT VALUES")
    assert moves(Contact.objects.get()) == ["outside > none"]
    assert_explained()


def test_a_default_stage_within_its_window(aware: Stage) -> None:
    now = database_clock()
    Stage.objects.update(publish_up=now - timedelta(days=1), publish_down=now + timedelta(days=1))
    run_sql("INSERT INTO contacts_contact DEFAULT VALUES")
    assert moves(Contact.objects.get()) == ["outside > Aware"]


def test_without_a_default_stage_there_is_no_status_yet() -> None:
    FunnelSettings.objects.update(default_stage=None)
    run_sql("INSERT INTO contacts_contact DEFAULT VALUES")
    assert moves(Contact.objects.get()) == ["outside > none"]
    assert_explained()


def test_an_inactive_account_is_born_lost() -> None:
    run_sql("INSERT INTO contacts_contact (account_state) VALUES ('inactive')")
    contact = Contact.objects.get()
    assert moves(contact) == ["outside > lost from Aware"]
    assert Signed.of(last_change(contact)) == Signed("account_inactive")
    now = status_of(contact)
    assert (now.lost_at, now.stage_since, now.lost_reason_id) == (now.since, now.since, None)
    assert_explained()


def test_an_inactive_account_is_born_lost_also_where_the_status_was_written_first(customer: Stage) -> None:
    run_sql(
        "INSERT INTO journeys_funnelstatus (contact_id, stage_id, stage_since, since, cause) "
        "VALUES (1000000, %s, %s, %s, 'import')",
        customer.pk,
        MAY,
        MAY,
    )
    run_sql("INSERT INTO contacts_contact (id, account_state) VALUES (1000000, 'inactive')")
    assert moves(10**6) == ["outside > Customer", "Customer > lost from Customer"]
    assert Signed.of(last_change(10**6)) == Signed("account_inactive")
    assert status_of(10**6).stage_since == MAY
    assert_explained()


def test_a_status_of_its_own_fills_the_gap_and_the_default_the_others(customer: Stage) -> None:
    copy(
        "journeys_funnelstatus",
        "contact_id, stage_id, stage_since, since, cause, changed_by_id",
        (1000001, customer.pk, MAY, MAY, "import", 7),
    )
    copy("contacts_contact", "id", (1000000,), (1000001,), (1000002,))
    check_deferred_promises()
    found = [moves(10**6 + number) for number in range(3)]
    assert found == [["outside > Aware"], ["outside > Customer"], ["outside > Aware"]]
    assert Signed.of(last_change(1000001)) == Signed("import", by=7)
    assert_explained()


def test_nobody_is_born_in_the_future_twice_or_without_a_contact(carla: Contact) -> None:
    insert = "INSERT INTO journeys_funnelstatus (contact_id, stage_since, since, cause) VALUES (%s, %s, %s, %s)"
    later = database_clock() + timedelta(hours=1)
    refuses(insert, 10**6, later, later, "api", because="a_change_is_not_in_the_future")
    refuses(insert, carla.pk, MAY, MAY, "api", because="journeys_funnelstatus_pkey")
    refuses(insert, 10**6, MAY, MAY, "api", because="a_status_belongs_to_a_contact")
    refuses(insert, 10**6, MAY, MAY, "magic", because="status_cause_is_known")


def test_a_contact_written_over_by_its_key_is_not_born_again(carla: Contact, operator: TeamMember) -> None:
    run_sql(
        "INSERT INTO contacts_contact (id, city) VALUES (%s, 'Porto'), (1000000, 'Lisbon') "
        "ON CONFLICT (id) DO UPDATE SET city = excluded.city",
        carla.pk,
    )
    assert (moves(carla), moves(10**6)) == (["outside > Aware"], ["outside > Aware"])
    assert Signed.of(status_of(carla)) == Signed("manual", by=operator.pk)
    assert_explained()


# An inactive account is lost


def test_an_account_made_inactive_is_lost_from_its_stage(carla: Contact, lost_carla: Contact) -> None:
    before, other = database_clock(), status_of(lost_carla)
    run_sql("UPDATE contacts_contact SET account_state = 'inactive'")
    assert moves(carla) == ["outside > Aware", "Aware > lost from Aware"]
    change, now = last_change(carla), status_of(carla)
    assert Signed.of(change) == Signed("account_inactive")
    assert (now.lost_at, now.stage_since, now.lost_reason_id) == (change.changed_at, MAY, None)
    assert change.changed_at > before
    assert (status_of(lost_carla).signature, moves(lost_carla)[2:]) == (other.signature, [])
    assert_explained()


def test_an_account_made_active_stays_lost(carla: Contact) -> None:
    Contact.objects.filter(pk=carla.pk).update(account_state="inactive")
    history = rows_of_history()
    Contact.objects.filter(pk=carla.pk).update(account_state="active")
    assert (moves(carla)[-1], rows_of_history()) == ("Aware > lost from Aware", history)
    status.recover(contacts=[carla.pk], cause=Cause.API, by=None)
    assert moves(carla)[-1] == "lost from Aware > Aware"
    assert_explained()


def test_accounts_made_inactive_by_every_path(aware: Stage) -> None:
    people = [contact_in(aware) for _ in range(4)]
    people[0].account_state = "inactive"
    people[0].save()
    Contact.objects.bulk_update([Contact(pk=people[1].pk, account_state="inactive")], ["account_state"])
    run_sql(
        "INSERT INTO contacts_contact (id) VALUES (%s) ON CONFLICT (id) DO UPDATE SET account_state = 'inactive'",
        people[2].pk,
    )
    run_sql(
        "MERGE INTO contacts_contact USING (SELECT %s::bigint AS id) given USING (id) "
        "WHEN MATCHED THEN UPDATE SET account_state = 'inactive'".replace(
            "USING (id)", "ON given.id = contacts_contact.id"
        ),
        people[3].pk,
    )
    assert [moves(contact)[-1] for contact in people] == ["Aware > lost from Aware"] * 4
    assert_explained()


def test_5000_accounts_made_inactive_at_once(carla: Contact) -> None:
    run_sql("INSERT INTO contacts_contact (account_state) SELECT 'active' FROM generate_series(1, 5000)")
    run_sql("UPDATE contacts_contact SET account_state = 'inactive' WHERE id = %s", carla.pk)
    run_sql("UPDATE contacts_contact SET account_state = 'inactive'")
    assert FunnelStatus.objects.filter(lost_at=None).count() == 0
    assert StatusChange.objects.filter(cause="account_inactive").count() == 5001
    assert_explained()


@pytest.mark.parametrize("signature", ["signature", "signature + 1"])
def test_an_inactive_account_stays_lost_whoever_writes(lost_carla: Contact, signature: str) -> None:
    run_sql("UPDATE contacts_contact SET account_state = 'inactive'")
    statement = f"UPDATE journeys_funnelstatus SET lost_at = NULL, lost_reason_id = NULL, signature = {signature}"
    refuses(statement, because="stays lost: the account is inactive")


def test_nobody_else_can_have_contacts_lost_by_calling_a_function() -> None:
    with connection.cursor() as cursor:
        function = "statuses_of_inactive_accounts_are_lost(bigint[])"
        cursor.execute("SELECT has_function_privilege('pg_monitor', %s, 'execute')", [function])
        assert cursor.fetchone() == (False,)


# Unsigned is a data fix


def test_somebodys_sql_blames_nobody(carla: Contact, customer: Stage, operator: TeamMember) -> None:
    before = status_of(carla)
    assert Signed.of(before) == Signed("manual", by=operator.pk)
    clock = database_clock()
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s", customer.pk)
    assert moves(carla) == ["outside > Aware", "Aware > Customer"]
    now, change = status_of(carla), last_change(carla)
    assert Signed.of(now) == Signed.of(change) == DATA_FIX
    assert now.since == now.stage_since == change.changed_at > clock
    assert (now.signature, change.direction) == (before.signature + 1, Direction.FORWARD)
    assert_explained()


def test_sql_cannot_blame_somebody_either(carla: Contact, customer: Stage, marketer: TeamMember) -> None:
    run = Run.objects.create(kind=Run.Kind.BULK, words="Not this one")
    run_sql(
        "UPDATE journeys_funnelstatus SET stage_id = %s, cause = 'manual', changed_by_id = %s, run_id = %s, "
        "via_id = 1, note_id = 2, undoes_id = %s, stated_at = now(), review_needed = true, stage_since = '2001-01-01', "
        "lost_at = NULL",
        customer.pk,
        marketer.pk,
        run.pk,
        last_change(carla).pk,
    )
    now = status_of(carla)
    assert (Signed.of(now), now.note_id, now.stage_since) == (DATA_FIX, None, now.since)
    assert_explained()


def test_a_data_fix_leaves_nothing_of_who_was_there_before(
    carla: Contact, customer: Stage, promoter: Stage, marketer: TeamMember
) -> None:
    run = Run.objects.create(kind=Run.Kind.BULK, words="Move some")
    status.change_status(
        contacts=[carla.pk],
        to=customer,
        cause=Cause.API,
        by=marketer,
        run=run,
        via=7,
        note="Words",
        dates={carla.pk: MAY - timedelta(days=1)},
        earlier_is_now=True,
        review_needed=True,
    )
    assert status_of(carla).note_id
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s", promoter.pk)
    assert (Signed.of(status_of(carla)), status_of(carla).note_id) == (DATA_FIX, None)
    status.put_back(changes=[last_change(carla).pk], cause=Cause.UNDO, by=marketer)
    run_sql("UPDATE journeys_funnelstatus SET stage_id = NULL")
    assert Signed.of(status_of(carla)) == DATA_FIX
    assert moves(carla)[-3:] == ["Customer > Promoter", "Promoter > Customer", "Customer > none"]
    assert_explained()


def test_sql_of_the_orm_is_a_data_fix_too(carla: Contact, customer: Stage) -> None:
    now = status_of(carla)
    now.stage = customer
    now.save()
    assert (moves(carla)[-1], Signed.of(last_change(carla))) == ("Aware > Customer", DATA_FIX)
    assert_explained()


def test_sql_may_say_since_when(carla: Contact, customer: Stage) -> None:
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s, since = %s", customer.pk, JUNE)
    now = status_of(carla)
    assert (now.since, now.stage_since, last_change(carla).changed_at) == (JUNE, JUNE, JUNE)
    assert FunnelFlow.objects.get(cause="data_fix").quarter == JUNE
    assert_explained()


def test_sql_may_not_say_any_time(carla: Contact, customer: Stage) -> None:
    move = "UPDATE journeys_funnelstatus SET stage_id = %s, since = %s"
    later = database_clock() + timedelta(minutes=1)
    refuses(move, customer.pk, MAY - timedelta(days=1), because="a_change_is_not_before_the_status_it_replaces")
    refuses(move, customer.pk, later, because="a_change_is_not_in_the_future")


def test_sql_marks_lost_and_recovers(carla: Contact) -> None:
    reason = LostReason.objects.get(name="Duplicate")
    run_sql("UPDATE journeys_funnelstatus SET lost_at = '2001-01-01', lost_reason_id = %s", reason.pk)
    now = status_of(carla)
    assert (now.lost_at, now.stage_since, now.lost_reason) == (now.since, MAY, reason)
    run_sql("UPDATE journeys_funnelstatus SET lost_reason_id = NULL")
    assert (status_of(carla).lost_at, status_of(carla).lost_reason_id) == (now.lost_at, None)
    run_sql("UPDATE journeys_funnelstatus SET lost_at = NULL")
    assert moves(carla)[1:] == [
        "Aware > lost from Aware",
        "lost from Aware > lost from Aware",
        "lost from Aware > Aware",
    ]
    assert set(StatusChange.objects.filter(id__gt=1).exclude(cause="manual").values_list("changed_by")) == {(None,)}
    assert_explained()


def test_sql_recovers_whatever_it_forgets_to_say(lost_carla: Contact) -> None:
    run_sql("UPDATE journeys_funnelstatus SET lost_at = NULL")
    assert (moves(lost_carla)[-1], status_of(lost_carla).lost_reason_id) == ("lost from Customer > Customer", None)
    assert_explained()


@pytest.mark.parametrize(
    "assignment",
    [
        "since = '2024-07-01'",
        "since = '2999-07-01'",
        "stage_since = '2001-01-01'",
        "lost_at = '2024-05-20'",
        "cause = 'api'",
        "changed_by_id = 1000",
        "run_id = 1000",
        "via_id = 1000",
        "note_id = 1000",
        "stated_at = '2001-01-01'",
        "undoes_id = 1000",
        "review_needed = true",
        "signature = signature + 1",
        "signature = 1",
        "signature = signature + 1, cause = 'api', since = '2024-07-01', changed_by_id = 1000",
        "stage_id = stage_id",
    ],
)
def test_anything_else_changed_without_a_move_is_put_back(lost_carla: Contact, assignment: str) -> None:
    before = snapshot()
    assert run_sql(f"UPDATE journeys_funnelstatus SET {assignment}") == 1
    assert snapshot() == before


def test_a_reason_without_being_lost_is_put_back(carla: Contact) -> None:
    before = snapshot()
    run_sql("UPDATE journeys_funnelstatus SET lost_reason_id = 1")
    assert snapshot() == before


def test_sql_names_stages_in_use_and_reasons_that_exist(carla: Contact, lost_carla: Contact, promoter: Stage) -> None:
    Stage.objects.filter(pk=promoter.pk).update(retired_at=JUNE)
    move = "UPDATE journeys_funnelstatus SET stage_id = %s WHERE contact_id = %s"
    refuses(move, promoter.pk, carla.pk, because="there is no stage")
    refuses(move, 10**6, carla.pk, because="there is no stage 1000000")
    refuses(
        "UPDATE journeys_funnelstatus SET lost_at = now(), lost_reason_id = 999", because="there is no lost reason 999"
    )
    Stage.objects.update(retired_at=JUNE)
    recover = "UPDATE journeys_funnelstatus SET lost_at = NULL WHERE contact_id = %s"
    refuses(recover, lost_carla.pk, because="there is no stage")
    run_sql("UPDATE journeys_funnelstatus SET lost_at = now() WHERE contact_id = %s", carla.pk)
    run_sql("UPDATE journeys_funnelstatus SET stage_id = NULL")
    assert [moves(contact)[-1] for contact in (carla, lost_carla)] == [
        "lost from Aware > lost from none",
        "lost from Customer > lost from none",
    ]
    assert_explained()


def test_sql_may_use_a_closed_stage(carla: Contact, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s", customer.pk)
    assert moves(carla)[-1] == "Aware > Customer"


def test_a_status_does_not_change_hands(carla: Contact) -> None:
    refuses(
        "UPDATE journeys_funnelstatus SET contact_id = 1000000, signature = signature + 1",
        because="a status belongs to one contact for good",
    )
    refuses("UPDATE contacts_contact SET id = 1000000", because="a_status_belongs_to_a_contact")


def test_sql_over_5000_at_once(carla: Contact, aware: Stage, customer: Stage) -> None:
    run_sql("INSERT INTO contacts_contact (account_state) SELECT 'active' FROM generate_series(1, 5000)")
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s WHERE contact_id %% 2 = 0", customer.pk)
    run_sql("UPDATE journeys_funnelstatus SET stage_id = %s", customer.pk)
    assert FunnelStatus.objects.exclude(stage=customer).count() == 0
    assert StatusChange.objects.filter(cause="data_fix", from_stage=aware, to_stage=customer).count() == 5001
    assert_explained()


def test_signed_and_unsigned_in_one_statement(carla: Contact, lost_carla: Contact, promoter: Stage) -> None:
    run_sql(
        "UPDATE journeys_funnelstatus SET stage_id = %s, since = %s, stage_since = %s, cause = 'api', "
        "changed_by_id = NULL, signature = signature + CASE WHEN contact_id = %s THEN 1 ELSE 0 END",
        promoter.pk,
        JUNE,
        JUNE,
        carla.pk,
    )
    assert [Signed.of(last_change(contact)) for contact in (carla, lost_carla)] == [Signed("api"), DATA_FIX]
    assert_explained()


def test_sql_that_inserts_or_updates(carla: Contact, customer: Stage) -> None:
    run_sql(
        "INSERT INTO journeys_funnelstatus (contact_id, stage_since, since, cause) "
        "VALUES (1000000, %s, %s, 'import'), (%s, %s, %s, 'import') "
        "ON CONFLICT (contact_id) DO UPDATE SET stage_id = %s",
        MAY,
        MAY,
        carla.pk,
        MAY,
        MAY,
        customer.pk,
    )
    run_sql("INSERT INTO contacts_contact (id) VALUES (1000000)")
    check_deferred_promises()
    assert (moves(10**6), moves(carla)[-1]) == (["outside > none"], "Aware > Customer")
    assert Signed.of(last_change(carla)) == DATA_FIX
    assert_explained()


def test_sql_that_merges(carla: Contact, lost_carla: Contact, customer: Stage) -> None:
    run_sql(
        "MERGE INTO journeys_funnelstatus status USING contacts_contact contact ON contact.id = status.contact_id "
        "WHEN MATCHED AND lost_at IS NULL THEN UPDATE SET stage_id = %s "
        "WHEN MATCHED THEN UPDATE SET lost_at = NULL",
        customer.pk,
    )
    assert (moves(carla)[-1], moves(lost_carla)[-1]) == ("Aware > Customer", "lost from Customer > Customer")
    assert_explained()


# Leaving the book


def test_a_contact_deleted_by_sql_blames_nobody(carla: Contact, lost_carla: Contact, administrator: TeamMember) -> None:
    assert run_sql("DELETE FROM contacts_contact") == 2
    check_deferred_promises()
    assert FunnelStatus.objects.count() == 0
    assert (moves(carla)[-1], moves(lost_carla)[-1]) == ("Aware > outside", "lost from Customer > outside")
    assert Signed.of(last_change(carla)) == DATA_FIX
    assert_explained()


def test_5000_contacts_deleted_by_sql() -> None:
    run_sql("INSERT INTO contacts_contact (account_state) SELECT 'active' FROM generate_series(1, 5000)")
    run_sql("DELETE FROM contacts_contact WHERE id %% 5 <> 0")
    assert (FunnelStatus.objects.count(), StatusChange.objects.filter(to_outside=True).count()) == (1000, 4000)
    assert_explained()


def test_whoever_is_in_the_book_keeps_a_status(carla: Contact) -> None:
    refuses("DELETE FROM journeys_funnelstatus", because="is in the book and keeps its status")


def test_who_comes_again_under_the_same_number_is_born_again(carla: Contact) -> None:
    run_sql("DELETE FROM contacts_contact")
    run_sql("INSERT INTO contacts_contact (id) VALUES (%s)", carla.pk)
    assert moves(carla) == ["outside > Aware", "Aware > outside", "outside > Aware"]
    assert_explained()


def test_at_one_stroke_nobody_leaves(carla: Contact) -> None:
    check_deferred_promises()
    for statement, table in [
        ("TRUNCATE contacts_contact CASCADE", "contacts_contact"),
        ("TRUNCATE journeys_funnelstatus", "journeys_funnelstatus"),
        ("TRUNCATE contacts_carriedlabel", "contacts_carriedlabel"),
    ]:
        refuses(statement, because=f"TRUNCATE of {table} is refused")


# History is never rewritten


@pytest.mark.parametrize(
    "table", ["journeys_statuschange", "journeys_funnelflow", "contacts_labelchange", "stages_stagerevision"]
)
@pytest.mark.parametrize("condition", ["true", "id = 0", "false"])
def test_history_is_never_rewritten(carla: Contact, table: str, condition: str) -> None:
    refuses(f"UPDATE {table} SET id = id WHERE {condition}", because=f"UPDATE of {table} is refused")
    refuses(f"DELETE FROM {table} WHERE {condition}", because=f"DELETE of {table} is refused")
    refuses(f"TRUNCATE {table}", because="TRUNCATE of .* is refused: history is never rewritten")
    refuses(f"TRUNCATE {table} RESTART IDENTITY CASCADE", because="TRUNCATE of .* is refused")
    refuses(
        f"MERGE INTO {table} USING (SELECT 1) given (number) ON number = id AND {condition} WHEN MATCHED THEN DELETE",
        because=f"DELETE of {table} is refused",
    )
    refuses(
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id",
        because=f"UPDATE of {table} is refused",
    )


def test_stages_are_never_deleted(aware: Stage) -> None:
    refuses("DELETE FROM stages_stage WHERE false", because="a stage is retired, never deleted")
    refuses("TRUNCATE stages_stage CASCADE", because="is refused|never deleted")


def test_no_foreign_key_edits_history() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, confdeltype FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid IN ('journeys_statuschange'::regclass, 'journeys_funnelflow'::regclass, "
            "                                     'contacts_labelchange'::regclass, 'journeys_funnelstatus'::regclass)"
        )
        assert cursor.fetchall() == [("journeys_funnelstatus", "a_status_belongs_to_a_contact", "c")]


# Opens, clicks, replies and unsubscribes never move anyone

SIGNALS = ["last_open_at", "last_click_at", "last_reply_at", "last_active_at", "subscribed_at", "unsubscribed_at"]


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_of_one_moves_nobody(carla: Contact, lost_carla: Contact, signal: str) -> None:
    before = snapshot()[1:]
    for contact in (carla, lost_carla):
        setattr(contact, signal, MAY)
        contact.save()
        Contact.objects.filter(pk=contact.pk).update(**{signal: JUNE})
        run_sql(f"UPDATE contacts_contact SET {signal} = now() WHERE id = %s", contact.pk)
        run_sql(f"UPDATE contacts_contact SET {signal} = NULL WHERE id = %s", contact.pk)
    assert snapshot()[1:] == before


def test_signals_of_100_000_move_nobody(carla: Contact) -> None:
    run_sql("INSERT INTO contacts_contact (account_state) SELECT 'active' FROM generate_series(1, 100000)")
    tables = "journeys_funnelstatus", "journeys_statuschange", "journeys_funnelflow"
    sums = [f"SELECT count(*), sum(hashtextextended({table}::text, 0)) FROM {table}" for table in tables]

    def fingerprints() -> list[tuple]:
        with connection.cursor() as cursor:
            return [cursor.execute(query).fetchone() for query in sums]

    before = fingerprints()
    assert before[0][0] == 100_001
    assignments = ", ".join(f"{signal} = now()" for signal in SIGNALS)
    assert run_sql(f"UPDATE contacts_contact SET {assignments}") == 100_001
    assert fingerprints() == before
