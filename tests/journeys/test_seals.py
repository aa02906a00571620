"""Seals over the status history: they fit as long as nobody touched it, whatever a superuser can do."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db.utils import IntegrityError

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.integrity import seals
from journeys.integrity.canonical import COLUMNS
from journeys.integrity.models import Seal
from journeys.integrity.queries import count_offences
from journeys.integrity.seals import seal_history
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import contact_in
from tests.heart import as_owner, run_sql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def outside(settings, tmp_path: Path) -> Path:
    settings.SEALS = tmp_path / "kept" / "seals"
    return settings.SEALS


@pytest.fixture
def book(transactional_db, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Six contacts moved twice, sealed in stretches of four ids: sixteen or so changes."""
    monkeypatch.setattr(seals, "AT_MOST", 4)
    contacts = [contact_in(Stage.objects.get(name="Aware")).pk for _ in range(6)]
    for stage in ("Engaged", "Customer"):
        change_status(contacts=contacts, to=Stage.objects.get(name=stage), cause=Cause.MANUAL, by=marketer)
    seal_history()
    return contacts


def broken() -> dict[str, int]:
    found = count_offences()
    return {name: found[name] for name in ("seals_fit", "seals_outside") if found[name]}


def behind_everybodys_back(sql: str) -> None:
    with as_owner() as cursor:
        for table in ("journeys_statuschange", "journeys_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in ("journeys_statuschange", "journeys_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_each_change_is_in_one_seal(book) -> None:
    changes = list(StatusChange.objects.order_by("pk").values_list("pk", flat=True))
    made = list(Seal.objects.order_by("number"))
    assert [seal.number for seal in made] == list(range(1, len(made) + 1))
    assert sum(seal.rows for seal in made) == len(changes) == 18
    assert made[-1].up_to == changes[-1]
    assert broken() == {}


def test_nothing_new_makes_no_seal(book, outside: Path) -> None:
    before, lines = Seal.objects.count(), outside.read_text()
    seal_history()
    assert (Seal.objects.count(), outside.read_text()) == (before, lines)


def test_a_seal_is_what_the_decision_record_says(book) -> None:
    first, second = Seal.objects.order_by("number")[:2]
    assert bytes(first.digest) == hashlib.sha256(written(0, first.up_to)).digest()
    assert bytes(second.digest) == hashlib.sha256(bytes(first.digest) + written(first.up_to, second.up_to)).digest()


def written(after: int, up_to: int) -> bytes:
    """The rows as the record describes them, in plain Python."""
    rows = StatusChange.objects.filter(pk__gt=after, pk__lte=up_to).order_by("pk").values()
    return "\n".join("|".join(form(row[column]) for column in COLUMNS) for row in rows).encode()


def form(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "t" if value else "f"
        case datetime():
            since = value - datetime(1970, 1, 1, tzinfo=UTC)
            return str((since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds)
        case str() if not value.isdecimal():
            return value.encode().hex()
    return str(value)


def test_every_column_of_the_history_is_sealed() -> None:
    assert sorted(COLUMNS) == sorted(field.column for field in StatusChange._meta.concrete_fields)


def test_what_may_still_commit_is_not_sealed(book, marketer: TeamMember) -> None:
    sealed = Seal.objects.count()
    with elsewhere() as there:
        there.begin()
        there.do(run_sql, "UPDATE journeys_funnelstatus SET stage_id = NULL WHERE contact_id = %s", book[0]).result()
        change_status(contacts=book[1:2], to=None, cause=Cause.MANUAL, by=marketer)
        seal_history()
        assert Seal.objects.count() == sealed
        there.commit()
    seal_history()
    seal_history()
    assert sum(Seal.objects.values_list("rows", flat=True)) == 20
    assert broken() == {}


MEDDLING = {
    "edited": "UPDATE journeys_statuschange SET changed_by_id = NULL WHERE id = (SELECT min(id) + 9 FROM {0})",
    "a text edited": "UPDATE journeys_statuschange SET cause = 'api' WHERE id = (SELECT min(id) + 9 FROM {0})",
    "a second moved": "UPDATE journeys_statuschange SET recorded_at = recorded_at + interval '1 second' "
    "WHERE id = (SELECT min(id) + 9 FROM {0})",
    "removed": "DELETE FROM journeys_statuschange WHERE id = (SELECT min(id) + 9 FROM {0})",
    "put in late": """
        DELETE FROM journeys_statuschange WHERE id = (SELECT min(id) + 9 FROM {0});
        INSERT INTO journeys_statuschange OVERRIDING SYSTEM VALUE
        SELECT (jsonb_populate_record(change, jsonb_build_object('id', change.id - 1))).*
        FROM journeys_statuschange change WHERE id = (SELECT min(id) + 10 FROM {0})
    """,
    "exchanged": """
        UPDATE journeys_statuschange SET contact_id = CASE id % 2 WHEN 0 THEN 1 ELSE 2 END
        WHERE id IN (SELECT min(id) + 8 FROM {0} UNION SELECT min(id) + 9 FROM {0})
    """,
    "the tail cut": "DELETE FROM journeys_statuschange WHERE id > (SELECT max(id) - 3 FROM {0})",
    "a seal edited": "UPDATE journeys_seal SET digest = sha256('') WHERE number = 2",
    "a seal removed": "DELETE FROM journeys_seal WHERE number = 2",
}


@pytest.mark.parametrize("what", MEDDLING)
def test_what_was_done_behind_everybodys_back_is_found(book, what: str) -> None:
    behind_everybodys_back(MEDDLING[what].format("journeys_statuschange"))
    assert broken()["seals_fit"] >= 1


def test_a_tail_that_was_cut_with_its_seals_is_found_by_those_outside(book) -> None:
    last, before = Seal.objects.order_by("-number")[:2]
    cut = f"DELETE FROM journeys_statuschange WHERE id > {before.up_to};"
    behind_everybodys_back(f"{cut} DELETE FROM journeys_seal WHERE number = {last.number}")
    assert broken() == {"seals_outside": 1}


def test_a_history_that_was_sealed_anew_is_found_by_those_outside(book, outside: Path) -> None:
    kept = outside.read_text()
    behind_everybodys_back("UPDATE journeys_statuschange SET changed_by_id = NULL; DELETE FROM journeys_seal")
    run_sql("UPDATE journeys_bookmark SET position = 0 WHERE reader = 'seals'")
    seal_history()
    assert broken() == {"seals_outside": kept.count("\n")}


def test_a_file_of_seals_from_elsewhere(book, tmp_path: Path) -> None:
    other = tmp_path / "other"
    first = Seal.objects.get(number=1)
    other.write_text(f"{first.line}\n99 {first.up_to} 1 {'0' * 64} 2026-01-01T00:00:00+00:00\n")
    assert count_offences(other)["seals_outside"] == 1
    with pytest.raises(FileNotFoundError):
        count_offences(tmp_path / "none")


def test_a_line_that_broke_off_outside_is_written_again(book, marketer: TeamMember, outside: Path) -> None:
    lines = outside.read_text()
    outside.write_text(lines[:-30])
    change_status(contacts=book, to=None, cause=Cause.MANUAL, by=marketer)
    seal_history()
    fragment, once_more, *new = outside.read_text().removeprefix(lines[: lines.rindex("\n", 0, -30) + 1]).splitlines()
    assert lines.splitlines()[-1].startswith(fragment)
    assert [once_more, *new] == [seal.line for seal in Seal.objects.order_by("number")][-len(new) - 1 :]
    assert once_more == lines.splitlines()[-1]
    assert broken() == {}


def test_nobody_else_may_read_the_seals_outside(book, outside: Path) -> None:
    assert outside.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("sql", ["UPDATE journeys_seal SET rows = 0", "DELETE FROM journeys_seal"])
def test_seals_are_never_rewritten(book, sql: str) -> None:
    before = list(Seal.objects.values())
    with pytest.raises(IntegrityError, match="history is never rewritten"):
        run_sql(sql)
    assert list(Seal.objects.values()) == before
