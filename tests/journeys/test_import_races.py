"""What others do while an import decides, on real connections: nobody's change is lost, no row is half done."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.book import actions as book
from journeys.imports import actions, writing
from journeys.imports.models import Import, ImportChunk, RefusedRow
from journeys.imports.options import ImportOptions
from journeys.imports.reading import inspect
from journeys.imports.wizard import actions as wizard
from journeys.runs.models import Run
from journeys.status import actions as status
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.heart import assert_explained, moves
from tests.journeys.importing import KEYS, write
from tests.journeys.wizard import checked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def max_weber(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Max Weber", role=Role.MARKETER)


def run_import(path: Path, by: TeamMember, **options: object) -> Run:
    asked = ImportOptions(mapping=KEYS | {"first": "first_name"}, **options)  # type: ignore[arg-type]
    run = actions.import_contacts(
        file=inspect(path), options=asked, by=by, refuse=lambda *_: None, progress=lambda _: None
    )
    run.refresh_from_db()
    return run


def counts(run: Run) -> tuple[int, int, int, int]:
    return run.created, run.updated, run.unchanged, run.refused


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[int]]:
    """`meanwhile(act)`: somebody acts, once, between the deciding and the writing. Returns what counts the attempts."""

    def arrange(act: Callable[[], object]) -> list[int]:
        attempts: list[int] = []
        write_plan = writing.Writer.write

        def write_later(self: writing.Writer, *given: object) -> None:
            attempts.append(1)
            if len(attempts) == 1:
                with elsewhere() as there:
                    there.do(act).result()
            write_plan(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(writing.Writer, "write", write_later)
        return attempts

    return arrange


def test_somebody_changed_the_contact(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    contact = contact_in(None, email="a@b.co", company="Old")
    attempts = meanwhile(lambda: book.change_contact(contact=Contact.objects.get(), fields={"company": "New"}, by=None))
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber)
    after = Contact.objects.get(pk=contact.pk)
    assert (counts(run), len(attempts)) == ((0, 1, 0, 0), 2)
    assert (after.first_name, after.company) == ("Anna", "New")


def test_somebody_moved_the_contact(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    stages = {stage.name: stage for stage in Stage.objects.all()}
    contact = contact_in(stages["Aware"], email="a@b.co")
    attempts = meanwhile(
        lambda: status.change_status(contacts=[contact.pk], to=stages["Promoter"], cause=Cause.MANUAL, by=max_weber)
    )
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber, stage="Customer")
    assert (counts(run), len(attempts)) == ((0, 0, 0, 1), 2)
    assert moves(contact) == ["outside > Aware", "Aware > Promoter"]
    assert Contact.objects.get().first_name == "Carla"
    assert_explained()


def test_somebody_added_the_contact(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    attempts = meanwhile(lambda: book.add_contact(fields={"email": "A@b.co"}, by=None, cause=Cause.MANUAL))
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\nb@b.co,,Bo\n"), max_weber)
    assert (counts(run), len(attempts)) == ((1, 1, 0, 0), 2)
    assert set(Contact.objects.values_list("email", "first_name")) == {("A@b.co", "Anna"), ("b@b.co", "Bo")}
    assert_explained()


def test_somebody_made_the_label_and_put_it_on(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    contact = contact_in(None, email="a@b.co", first_name="Anna")

    def act() -> None:
        put_on_label(contacts=[contact.pk], label=LabelFactory(name="SPRING"), by=None, cause=Cause.MANUAL)

    attempts = meanwhile(act)
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\nb@b.co,,Bo\n"), max_weber, labels=("spring",))
    assert (counts(run), len(attempts)) == ((1, 0, 1, 0), 2)
    assert Label.objects.get().name == "SPRING"
    assert set(CarriedLabel.objects.values_list("cause", flat=True)) == {"manual", "import"}


def test_somebody_removed_the_label(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    LabelFactory(name="spring")
    attempts = meanwhile(lambda: Label.objects.all().delete())
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber, labels=("spring",))
    assert (counts(run), Label.objects.get().name) == ((1, 0, 0, 0), "spring")
    assert CarriedLabel.objects.get().label == Label.objects.get()
    assert len(attempts) >= 1


def test_somebody_erased_the_contact(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    contact = contact_in(None, email="a@b.co")
    attempts = meanwhile(lambda: book.erase_contacts(contacts=[contact.pk], by=None))
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber)
    assert (counts(run), len(attempts)) == ((1, 0, 0, 0), 2)
    assert Contact.objects.get().pk != contact.pk
    assert_explained()


def test_somebody_closed_the_stage(max_weber: TeamMember, tmp_path: Path, meanwhile: Callable) -> None:
    attempts = meanwhile(lambda: Stage.objects.filter(name="Customer").update(is_published=False))
    run = run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber, stage="Customer")
    assert (counts(run), len(attempts)) == ((0, 0, 0, 1), 2)
    assert not Contact.objects.exists()


def test_what_stays_in_the_way_stops_the_run(
    max_weber: TeamMember, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(writing.Writer, "write", never)
    with pytest.raises(IntegrityError):
        run_import(write(tmp_path, "email,id,first\na@b.co,,Anna\n"), max_weber)
    run = Run.objects.get()
    assert (run.state, run.records, Contact.objects.count()) == (Run.State.STOPPED, 0, 0)


def test_two_imports_of_the_same_people_at_once(
    max_weber: TeamMember, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "BATCH", 50)
    lines = [f"p{n}@b.co,{n},P{n}\n" for n in range(400)]
    paths = [
        write(tmp_path, "email,id,first\n" + "".join(order), name)
        for name, order in (("one.csv", lines), ("two.csv", [*lines[200:], *lines[:200]]))
    ]
    runs = at_once(*(lambda path=path: run_import(path, max_weber, stage="Aware", labels=("x",)) for path in paths))
    assert Contact.objects.count() == CarriedLabel.objects.count() == 400
    assert sum(run.created for run in runs) == 400
    assert [sum(counts(run)) for run in runs] == [400, 400]
    assert_explained()


def test_two_workers_on_one_import_do_each_row_once(max_weber: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 20)
    rows = "".join(f"p{number}@b.co,{number}\n" if number % 10 else f"nobody,{number}\n" for number in range(1, 201))
    asked = checked(f"email,id\n{rows}", max_weber, stage="Aware", labels=("x",))
    monkeypatch.setattr(wizard, "SMALL", 0)
    run = wizard.start_import(asked=asked, by=max_weber)

    def work() -> None:
        wizard.work_on_import(asked=asked.pk, should_stop=lambda: False)

    at_once(work, work, work)
    work()  # whoever came last pushed the others away, and may have been pushed away in turn
    run.refresh_from_db()
    assert (run.state, run.records, counts(run)) == (Run.State.FINISHED, 200, (180, 0, 0, 20))
    assert (Contact.objects.count(), RefusedRow.objects.count()) == (180, 20)
    assert_explained()


def test_a_file_that_is_started_twice_at_once_is_imported_once(max_weber: TeamMember) -> None:
    asked = checked("email,id\na@b.co,1\n", max_weber)

    def start() -> Run | None:
        try:
            return wizard.start_import(asked=Import.objects.get(pk=asked.pk), by=max_weber)
        except wizard.NotNow:
            return None

    runs = at_once(start, start, start)
    assert [run is None for run in runs].count(False) == 1
    assert (Run.objects.count(), Contact.objects.count()) == (1, 1)


def test_an_import_that_is_cancelled_meanwhile_does_not_go_on(
    max_weber: TeamMember, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable
) -> None:
    asked = checked("email,id\na@b.co,1\n", max_weber)
    monkeypatch.setattr(wizard, "SMALL", 0)
    run = wizard.start_import(asked=asked, by=max_weber)
    attempts = meanwhile(lambda: wizard.cancel_import(asked=Import.objects.get(pk=asked.pk), by=max_weber))
    wizard.work_on_import(asked=asked.pk, should_stop=lambda: False)
    run.refresh_from_db()
    assert (run.state, run.records, len(attempts)) == (Run.State.CANCELLED, 0, 1)
    assert (Contact.objects.count(), ImportChunk.objects.count()) == (0, 0)
