"""An import by hand, step by step, as its actions do it: kept, read, checked, imported, gone on with, forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports import actions as importing
from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow
from journeys.imports.options import ImportOptions
from journeys.imports.reading import Encoding
from journeys.imports.wizard import actions
from journeys.imports.wizard.queries import imports_without_progress
from journeys.runs.models import Run, RunOutcome
from tests.factories import contact_in
from tests.heart import assert_explained
from tests.journeys.importing import KEYS
from tests.journeys.wizard import asked_for, checked, counts_of, imported, refused_of, taken

pytestmark = pytest.mark.django_db

THREE = "email,id,first\na@b.co,1,Ana\nb@b.co,2,Bo\nnobody,3,Cy\n"
NAMES = KEYS | {"first": "first_name"}


def never() -> bool:
    return False


def test_a_file_is_kept_and_read(marketer: TeamMember) -> None:
    asked = taken(THREE, marketer)
    assert (asked.state, asked.made_by, asked.name) == (Import.State.READ, marketer, "contacts.csv")
    assert (asked.columns, asked.records, asked.delimiter) == (["email", "id", "first"], 3, ",")
    assert asked.size == len(THREE) and len(asked.digest) == 64
    assert asked.notes["columns"][2]["samples"] == ["Ana", "Bo", "Cy"]
    assert bytes(ImportChunk.objects.get(of=asked).content) == THREE.encode()


def test_a_file_of_several_pieces_is_put_together(marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeys.imports.kept.PIECE", 7)
    asked = taken(THREE, marketer)
    assert (asked.state, asked.records) == (Import.State.READ, 3)
    assert ImportChunk.objects.filter(of=asked).count() == -(-len(THREE) // 7)


def test_a_file_that_cannot_be_read_is_not_kept(marketer: TeamMember) -> None:
    asked = taken('email\n"a@b.co\n', marketer)
    assert asked.state == Import.State.UNREADABLE
    assert asked.problem == "The row on line 2 has a quote that is not closed."
    assert not ImportChunk.objects.exists()


def test_a_file_in_windows_1252_is_shown_both_ways_and_read_once_somebody_says_so(marketer: TeamMember) -> None:
    asked = taken("email,id,first\na@b.co,1,José\nb@b.co,2,Zoë\n".encode("cp1252"), marketer)
    assert asked.state == Import.State.UNREADABLE
    assert asked.notes["both_ways"] == [["José", "Jos\ufffd"], ["Zoë", "Zo\ufffd"]]
    actions.read_in_other_encoding(asked=asked, encoding=Encoding.WINDOWS_1252, by=marketer)
    assert (asked.state, asked.problem, asked.records) == (Import.State.READ, "", 2)
    actions.ask_for(asked=asked, options=ImportOptions(mapping=NAMES), by=marketer)
    actions.start_check(asked=asked, by=marketer)
    actions.start_import(asked=asked, by=marketer)
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"José", "Zoë"}


def test_a_check_counts_and_writes_nothing(marketer: TeamMember) -> None:
    asked = checked(THREE, marketer, mapping=NAMES, labels=("spring",))
    assert asked.state == Import.State.CHECKED
    assert (counts_of(asked), asked.done) == ((2, 0, 0, 1), 3)
    assert refused_of(asked) == {4: "email: “nobody” is not an e-mail address."}
    assert (Contact.objects.count(), Run.objects.count()) == (0, 0)


def test_an_import_does_what_was_checked_and_forgets_its_file(marketer: TeamMember) -> None:
    asked = imported(THREE, marketer, mapping=NAMES)
    assert asked.run
    assert (asked.state, asked.run.state, asked.run.started_by) == (Import.State.STARTED, Run.State.FINISHED, marketer)
    assert counts_of(asked) == (2, 0, 0, 1)
    assert refused_of(asked) == {4: "email: “nobody” is not an e-mail address."}
    assert RefusedRow.objects.get().cells == ["nobody", "3", "Cy"]
    assert set(Contact.objects.values_list("email", flat=True)) == {"a@b.co", "b@b.co"}
    assert (ImportChunk.objects.count(), asked.notes) == (0, {})
    assert_explained()


def test_what_became_of_each_contact_is_kept(marketer: TeamMember) -> None:
    known = contact_in(None, email="a@b.co", first_name="Old")
    same = contact_in(None, email="b@b.co", external_id="2", first_name="Bo")
    asked = imported("email,id,first\na@b.co,1,Ana\nb@b.co,2,Bo\nc@b.co,3,Cy\n", marketer, mapping=NAMES)
    new = Contact.objects.get(email="c@b.co")
    outcomes = dict(RunOutcome.objects.filter(run=asked.run).values_list("code", "contacts"))
    assert outcomes == {"created": [new.pk], "updated": [known.pk], "unchanged": [same.pk]}
    kept = ImportedFields.objects.get()
    assert (kept.run, kept.contact_id) == (asked.run, known.pk)
    assert kept.before == {"external_id": None, "first_name": "Old"}
    assert kept.after == {"external_id": "1", "first_name": "Ana"}


def test_of_fields_changed_twice_the_first_value_is_kept(marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    contact_in(None, email="a@b.co", first_name="Old")
    imported("email,first\na@b.co,Ana\na@b.co,Anna\n", marketer, mapping={"email": "email", "first": "first_name"})
    kept = ImportedFields.objects.get()
    assert (kept.before, kept.after) == ({"first_name": "Old"}, {"first_name": "Anna"})
    assert kept.written_at == Contact.objects.get().updated_at


def test_other_options_make_a_check_void(marketer: TeamMember) -> None:
    asked = checked(THREE, marketer, mapping=NAMES)
    actions.ask_for(asked=asked, options=ImportOptions(mapping=KEYS), by=marketer)
    assert asked.state == Import.State.READ
    with pytest.raises(actions.NotNow):
        actions.start_import(asked=asked, by=marketer)
    assert (Run.objects.count(), RefusedRow.objects.count()) == (0, 0)


def test_an_import_is_started_once(marketer: TeamMember) -> None:
    asked = checked(THREE, marketer, mapping=NAMES)
    actions.start_import(asked=asked, by=marketer)
    with pytest.raises(actions.NotNow, match="at another step by now: started"):
        actions.start_import(asked=asked, by=marketer)
    assert Run.objects.count() == 1


def test_a_check_says_what_does_not_fit_any_more(marketer: TeamMember) -> None:
    asked = asked_for(THREE, marketer, mapping=NAMES | {"first": "attributes.gone"})
    actions.start_check(asked=asked, by=marketer)
    assert asked.state == Import.State.READ
    assert asked.problem.startswith("There is no field “attributes.gone”.")


# Large ones, and interruptions


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is left to a worker."""
    monkeypatch.setattr(actions, "SMALL_FILE", 0)
    monkeypatch.setattr(actions, "SMALL", 0)
    monkeypatch.setattr(importing, "BATCH", 1)


def test_a_large_file_is_left_to_a_worker(marketer: TeamMember, all_are_large: None) -> None:
    asked = taken(THREE, marketer)
    assert asked.state == Import.State.READING
    assert actions.work_on_import(asked=asked.pk, should_stop=never) is False
    asked.refresh_from_db()
    assert asked.state == Import.State.READ


def started(by: TeamMember) -> Import:
    """An import of three rows that waits for a worker."""
    asked = taken(THREE, by)
    for step in (
        lambda: actions.ask_for(asked=asked, options=ImportOptions(mapping=NAMES), by=by),
        lambda: actions.start_check(asked=asked, by=by),
        lambda: actions.start_import(asked=asked, by=by),
    ):
        actions.work_on_import(asked=asked.pk, should_stop=never)
        asked.refresh_from_db()
        step()
    return asked


def test_an_import_that_was_stopped_goes_on_where_it_was(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)
    assert actions.work_on_import(asked=asked.pk, should_stop=lambda: True) is True
    run = Run.objects.get()
    assert (run.state, run.records, run.created) == (Run.State.RUNNING, 1, 1)
    assert actions.work_on_import(asked=asked.pk, should_stop=never) is False
    run.refresh_from_db()
    assert (run.state, run.records, run.created, run.refused) == (Run.State.FINISHED, 3, 2, 1)
    assert (Contact.objects.count(), RefusedRow.objects.count()) == (2, 1)
    assert_explained()


def test_whoever_was_frozen_finds_that_another_went_on(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)

    def another_does_it_all() -> bool:
        actions.work_on_import(asked=asked.pk, should_stop=never)
        return False

    assert actions.work_on_import(asked=asked.pk, should_stop=another_does_it_all) is False
    run = Run.objects.get()
    assert (run.state, run.records, run.created, run.refused) == (Run.State.FINISHED, 3, 2, 1)
    assert (Contact.objects.count(), RefusedRow.objects.count()) == (2, 1)


def test_a_check_that_was_stopped_begins_anew(marketer: TeamMember, all_are_large: None) -> None:
    asked = taken(THREE, marketer)
    actions.work_on_import(asked=asked.pk, should_stop=never)
    asked.refresh_from_db()
    actions.ask_for(asked=asked, options=ImportOptions(mapping=NAMES), by=marketer)
    actions.start_check(asked=asked, by=marketer)
    assert actions.work_on_import(asked=asked.pk, should_stop=lambda: True) is True
    asked.refresh_from_db()
    assert (asked.state, asked.done) == (Import.State.CHECKING, 1)
    actions.work_on_import(asked=asked.pk, should_stop=never)
    asked.refresh_from_db()
    assert (asked.state, asked.done, counts_of(asked)) == (Import.State.CHECKED, 3, (2, 0, 0, 1))
    assert RefusedRow.objects.count() == 1


def test_a_cancelled_import_keeps_what_it_did(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)
    actions.work_on_import(asked=asked.pk, should_stop=lambda: True)
    actions.cancel_import(asked=asked, by=marketer)
    assert actions.work_on_import(asked=asked.pk, should_stop=never) is False
    run = Run.objects.get()
    assert (run.state, run.records, run.created, run.cancelled_by) == (Run.State.CANCELLED, 1, 1, marketer)
    assert (Contact.objects.count(), ImportChunk.objects.count()) == (1, 0)
    with pytest.raises(actions.NotNow):
        actions.cancel_import(asked=asked, by=marketer)


def test_a_batch_that_was_overtaken_by_the_cancelling_is_not_done(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)

    def somebody_cancels() -> bool:
        actions.cancel_import(asked=asked, by=marketer)
        return False

    actions.work_on_import(asked=asked.pk, should_stop=somebody_cancels)
    assert (Run.objects.get().records, Contact.objects.count()) == (1, 1)


def test_an_import_of_somebody_who_left_is_stopped(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)
    TeamMember.objects.filter(pk=marketer.pk).update(is_active=False)
    actions.work_on_import(asked=asked.pk, should_stop=never)
    asked.refresh_from_db()
    assert (Run.objects.get().state, Contact.objects.count()) == (Run.State.STOPPED, 0)
    assert asked.problem == "Whoever started it was deactivated before it came to the end."


def test_imports_on_which_nobody_works_are_found(marketer: TeamMember, all_are_large: None) -> None:
    asked = started(marketer)
    assert imports_without_progress() == []
    Import.objects.update(progressed_at=timezone.now() - actions.STALLED - timedelta(seconds=1))
    assert imports_without_progress() == [asked.pk]
    actions.work_on_import(asked=asked.pk, should_stop=never)
    Import.objects.update(progressed_at=timezone.now() - actions.STALLED - timedelta(seconds=1))
    assert imports_without_progress() == []


# Forgetting


def test_an_import_that_is_forgotten_leaves_nothing(marketer: TeamMember) -> None:
    asked = checked(THREE, marketer, mapping=NAMES)
    actions.forget_import(asked=asked, by=marketer)
    assert (asked.state, asked.notes) == (Import.State.FORGOTTEN, {})
    assert (ImportChunk.objects.count(), RefusedRow.objects.count()) == (0, 0)


def test_what_was_kept_long_enough_is_dropped(marketer: TeamMember, settings) -> None:
    left_lying = checked(THREE, marketer, mapping=NAMES)
    done = imported(THREE.replace("Ana", "Anna"), marketer, mapping=NAMES)
    imported(THREE, marketer, mapping=NAMES)
    actions.forget_old_imports(by=None)
    assert (ImportChunk.objects.count(), RefusedRow.objects.count(), ImportedFields.objects.count()) == (1, 3, 1)
    Import.objects.filter(pk=left_lying.pk).update(
        progressed_at=timezone.now() - settings.IMPORT_FILES_ARE_KEPT - timedelta(seconds=1)
    )
    Run.objects.update(finished_at=timezone.now() - settings.IMPORT_ROWS_ARE_KEPT - timedelta(seconds=1))
    actions.forget_old_imports(by=None)
    assert (ImportChunk.objects.count(), RefusedRow.objects.count(), ImportedFields.objects.count()) == (0, 0, 0)
    left_lying.refresh_from_db()
    done.refresh_from_db()
    assert (left_lying.state, done.state, counts_of(done)) == ("forgotten", "started", (2, 0, 0, 1))
