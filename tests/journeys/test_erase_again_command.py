"""The register of erased numbers, and `manage.py erase_again` after a restore."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.erasing import register
from journeys.runs.models import Run
from journeys.status.models import StatusChange
from tests.factories import ContactFactory, contact_in
from tests.heart import assert_explained, moves


@pytest.fixture(autouse=True)
def file(settings, tmp_path: Path) -> Path:
    settings.ERASED_NUMBERS = tmp_path / "kept" / "erased_numbers"
    return settings.ERASED_NUMBERS


def erase_again(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("erase_again", *map(str, arguments), stdout=out, no_color=True)
    return out.getvalue()


def restored(contact: Contact, **fields: object) -> None:
    """The contact as a backup gives it back."""
    Contact.objects.bulk_create([contact])
    Contact.objects.filter(pk=contact.pk).update(**fields)


def test_erasing_writes_numbers_and_times_and_no_word(file: Path, aware, administrator) -> None:
    people = [contact_in(aware, first_name="Ida", last_name="Berg") for _ in range(2)]
    before = timezone.now()
    erase_contacts(contacts=[people[0].pk], by=administrator)
    erase_contacts(contacts=[people[1].pk, 999_999], by=administrator)
    lines = file.read_text().splitlines()
    assert [line.split(" ")[0] for line in lines] == [str(person.pk) for person in people]
    assert all(re.fullmatch(r"[0-9]+ [0-9T:.+-]+", line) for line in lines)
    assert all(before <= at <= timezone.now() for at in register.read([file]).values())
    assert file.stat().st_mode & 0o777 == 0o600


def test_nobody_is_erased_where_the_register_cannot_be_written(client_of, file: Path, aware, administrator) -> None:
    contact = contact_in(aware)
    file.parent.mkdir()
    file.mkdir()
    with pytest.raises(IsADirectoryError):
        erase_contacts(contacts=[contact.pk], by=administrator)
    response = client_of(administrator).post(f"/contacts/{contact.pk}/erase", {"sure": "on"})
    assert response.status_code == 422
    assert "Nobody was erased: the register cannot be written (Is a directory)." in response.text
    assert Contact.objects.get() == contact
    assert StatusChange.objects.count() == 1
    assert_explained()


def test_who_comes_back_by_a_restore_is_erased_again(file: Path, aware, administrator) -> None:
    people = [contact_in(aware) for _ in range(3)]
    erase_contacts(contacts=[people[0].pk, people[1].pk], by=administrator)
    for person in people[:2]:
        restored(person)
    said = erase_again()
    run = Run.objects.get()
    assert said.splitlines() == [
        "2 numbers in the register, 2 contacts of them back in the book.",
        f"Run {run.pk}: 2 contacts erased again.",
    ]
    assert list(Contact.objects.all()) == [people[2]]
    assert (run.kind, run.words, run.started_by) == ("erase", "2 contacts erased", None)
    assert run.note == "Erased before, and back in the book by a restore."
    last = StatusChange.objects.filter(contact=people[0].pk).latest("pk")
    assert (last.to_outside, last.cause, last.changed_by, last.run_id) == (True, "erased", None, run.pk)
    assert moves(people[0])[-2:] == ["outside > Aware", "Aware > outside"]
    assert_explained()
    assert erase_again().startswith(
        "2 numbers in the register, 0 contacts of them back in the book. Nobody was erased."
    )


def test_a_number_given_to_somebody_new_is_left_alone(aware, administrator) -> None:
    gone, stays = contact_in(aware), contact_in(aware)
    erase_contacts(contacts=[gone.pk], by=administrator)
    new = ContactFactory.build(pk=gone.pk, created_at=timezone.now() + timedelta(seconds=1))
    restored(new)
    assert "Nobody was erased." in erase_again()
    assert set(Contact.objects.all()) == {new, stays}


def test_a_dry_run_erases_nobody(aware, administrator) -> None:
    contact = contact_in(aware)
    erase_contacts(contacts=[contact.pk], by=administrator)
    restored(contact)
    assert erase_again("--dry-run").startswith("1 numbers in the register, 1 contact of them back in the book. Nobody")
    assert Contact.objects.get() == contact
    assert not Run.objects.exists()


def test_the_registers_of_several_machines_count_together(file: Path, tmp_path: Path, aware, administrator) -> None:
    people = [contact_in(aware) for _ in range(2)]
    other = tmp_path / "of-another-machine"
    erase_contacts(contacts=[people[0].pk], by=administrator)
    other.write_text(f"{people[1].pk} {timezone.now().isoformat()}\n")
    restored(people[0])
    assert "Run" in erase_again(file, other)
    assert not Contact.objects.exists()


def test_a_line_that_broke_off_is_left_out(tmp_path: Path) -> None:
    register_file = tmp_path / "register"
    register_file.write_text("7 2026-05-03T10:00:00+00:00\n8 2026-05-\nx\n9\n7 2026-05-04T10:00:00+00:00\n10 2026")
    assert register.read([register_file]) == {7: datetime(2026, 5, 4, 10, tzinfo=UTC)}


def test_a_register_that_is_not_there_is_said(file: Path, db: None) -> None:
    with pytest.raises(CommandError, match=f"The register {file} cannot be read: No such file or directory."):
        erase_again()
