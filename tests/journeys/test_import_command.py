"""manage.py import_contacts: what it says, what it writes beside the book, and whom it lets."""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.team.models import TeamMember
from contacts.models import Contact, Label
from journeys.imports import actions, writing
from journeys.imports.reading import CsvFile, ImportRefused, Record
from journeys.runs.models import Run
from tests.heart import moves
from tests.journeys.importing import write

pytestmark = pytest.mark.django_db

Command = Callable[..., str]


@pytest.fixture
def command(tmp_path: Path, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`command("email\\n…", "--map", "email=email")`: what the command says about a file of this content."""
    monkeypatch.chdir(tmp_path)

    def run(content: str | bytes, *options: str, by: str = "max.weber@example.com") -> str:
        said = StringIO()
        path = write(tmp_path, content)
        call_command("import_contacts", str(path), "--by", by, *options, stdout=said, no_color=True)
        return said.getvalue()

    return run


EMAIL = ("--map", "mail=email")


def test_it_says_what_came_of_it(command: Command, tmp_path: Path) -> None:
    said = command("mail,city\na@b.co,Lyon\nnobody,Lyon\n\nb@b.co\n", *EMAIL)
    run = Run.objects.get()
    assert said == (
        "Columns not imported: city.\n"
        "Line 3: mail: “nobody” is not an e-mail address.\n"
        "Line 5: The row has 1 cell, the header 2 columns.\n"
        f"Run {run.pk}: 3 rows: 1 created, 0 updated, 0 unchanged, 2 refused.\n"
        "The refused rows are in contacts-refused.csv.\n"
    )
    assert (tmp_path / "contacts-refused.csv").read_bytes().decode() == (
        "refused_line,refused_reason,mail,city\r\n"
        "3,mail: “nobody” is not an e-mail address.,nobody,Lyon\r\n"
        '5,"The row has 1 cell, the header 2 columns.",b@b.co\r\n'
    )


def test_a_dry_run_says_the_same_and_writes_nothing(command: Command, tmp_path: Path) -> None:
    said = command("mail\na@b.co\nnobody\n", *EMAIL, "--label", "x", "--dry-run")
    assert said == (
        "Line 3: mail: “nobody” is not an e-mail address.\n"
        "Nothing was written. An import now: 2 rows: 1 created, 0 updated, 0 unchanged, 1 refused.\n"
        "The refused rows are in contacts-refused.csv.\n"
    )
    assert (Contact.objects.count(), Label.objects.count(), Run.objects.count()) == (0, 0, 0)


def test_five_refused_rows_are_shown_and_all_are_in_the_file(command: Command, tmp_path: Path) -> None:
    rows = "".join(f"nobody{n}\n" for n in range(9))
    said = command(f"mail\n{rows}", *EMAIL, "--refused", "bad.csv")
    assert said.count("is not an e-mail address") == 5
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 10
    assert not (tmp_path / "contacts-refused.csv").exists()


def test_without_refused_rows_there_is_no_file(command: Command, tmp_path: Path) -> None:
    command("mail\na@b.co\n", *EMAIL, "--refused", "bad.csv")
    assert not (tmp_path / "bad.csv").exists()


def test_refused_rows_are_corrected_and_imported_again(command: Command, tmp_path: Path) -> None:
    command(b"\xef\xbb\xbfmail;note\nnobody;x\nstill;y\n", *EMAIL, "--refused", "bad.csv")
    once = (tmp_path / "bad.csv").read_bytes().decode()
    assert once.startswith("\ufeffrefused_line;refused_reason;mail;note\r\n2;mail: “nobody” is not an e-mail address.;")
    said = command(once.replace("nobody;x", "a@b.co;x"), *EMAIL, "--refused", "bad2.csv")
    assert "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused" in said
    assert (tmp_path / "bad2.csv").read_bytes().decode() == (
        "\ufeffrefused_line;refused_reason;mail;note\r\n3;mail: “still” is not an e-mail address.;still;y\r\n"
    )


def test_every_option_reaches_the_import(command: Command) -> None:
    said = command(
        "mail,id,origin,stage,at\na@b.co,1,web,Engaged,2024-02-01\n",
        *EMAIL, "--map", "id=external-id", "--key", "external_id", "--label", "spring", "--label", "2024",
        "--label-from", "origin", "--stage-from", "stage", "--since", "at",
    )  # fmt: skip
    assert "1 created" in said
    contact = Contact.objects.get(external_id="1")
    assert moves(contact) == ["outside > Engaged"]
    assert set(Label.objects.filter(carried_by__contact=contact).values_list("name", flat=True)) == {
        "spring",
        "2024",
        "web",
    }
    refused = command("mail,id,at\na@b.co,1,2024-01-01\n", *EMAIL, "--stage", "Customer", "--since", "at")
    assert "1 refused" in refused
    moved = command(
        "mail,id,at\na@b.co,1,2024-01-01\n", *EMAIL, "--stage", "Customer", "--since", "at", "--on-earlier", "now"
    )
    assert "1 updated" in moved
    assert "1 refused" in command("mail,id\na@b.co,1\n", *EMAIL, "--stage", "Aware")
    assert "1 updated" in command("mail,id\na@b.co,1\n", *EMAIL, "--stage", "Aware", "--backward")
    assert moves(contact) == ["outside > Engaged", "Engaged > Customer", "Customer > Aware"]


def test_a_column_may_have_an_equals_sign_in_its_name(command: Command) -> None:
    assert "1 created" in command("e=mail\na@b.co\n", "--map", "e=mail=email")


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b"PK\x03\x04", EMAIL, "This is a broken zip file, not a CSV file."),
        (
            f"mail\n{'x' * 200_000}\n",
            EMAIL,
            "The row on line 2 has a cell of more than 131,072 characters: is a quote not closed?",
        ),
        ("mail\na@b.co\n", ("--map", "mail"), "“mail” is not of the form COLUMN=FIELD."),
        ("mail\na@b.co\n", ("--map", "=email"), "“=email” is not of the form COLUMN=FIELD."),
        ("mail\na@b.co\n", (*EMAIL, "--map", "mail=city"), "The column “mail” is matched twice."),
        ("mail\na@b.co\n", (), "Match a column to email or external_id: contacts are known by one of them."),
        ("mail\na@b.co\n", (*EMAIL, "--stage", "Gold"), "There is no stage “Gold”."),
        ("mail\na@b.co\n", (*EMAIL, "--label-from", "x"), "The file has no column “x”. Its columns: mail."),
        ("mail\na@b.co\n", (*EMAIL, "--since", "x"), "The file has no column “x”. Its columns: mail."),
        (
            "mail\na@b.co\n",
            (*EMAIL, "--refused", "contacts.csv"),
            "The refused rows cannot go into the file that is imported.",
        ),
        (
            "mail\na@b.co\n",
            (*EMAIL, "--refused", "no/x.csv"),
            "The refused rows cannot go to no/x.csv: there is no such folder.",
        ),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    command: Command, content: str | bytes, options: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError) as refused:
        command(content, *options)
    assert str(refused.value) == sentence
    assert (Contact.objects.count(), Run.objects.count()) == (0, 0)


def test_two_ways_to_choose_a_stage_exclude_each_other(command: Command) -> None:
    with pytest.raises(CommandError, match="not allowed with argument"):
        command("mail\na@b.co\n", *EMAIL, "--stage", "Aware", "--stage-from", "mail")


def test_an_import_that_breaks_off_says_what_was_done(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plan, written = writing.Writer.write, []

    def write_once(self: writing.Writer, *given: object) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(write_plan(self, *given))  # type: ignore[arg-type, func-returns-value]

    monkeypatch.setattr(writing.Writer, "write", write_once)
    monkeypatch.setattr(actions, "BATCH", 2)
    with pytest.raises(CommandError) as broken:
        command("mail\na@b.co\nb@b.co\nc@b.co\n", *EMAIL)
    run = Run.objects.get()
    assert str(broken.value) == (
        f"Run {run.pk} stopped: interrupted. Done: 2 rows: 2 created, 0 updated, 0 unchanged, 0 refused. "
        "To go on, import the file again: what is done stays unchanged."
    )
    assert (run.state, Contact.objects.count()) == (Run.State.STOPPED, 2)


def test_a_file_changed_meanwhile_stops_the_run(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    read = actions.records

    def records_then_none(file: CsvFile) -> Iterator[Record]:
        yield from list(read(file))[:2]
        raise ImportRefused("The file was changed while it was read.")

    monkeypatch.setattr(actions, "records", records_then_none)
    monkeypatch.setattr(actions, "BATCH", 2)
    with pytest.raises(CommandError) as broken:
        command("mail\na@b.co\nb@b.co\nc@b.co\n", *EMAIL)
    assert str(broken.value).startswith(f"Run {Run.objects.get().pk} stopped: The file was changed while it was read. ")
    assert Contact.objects.count() == Run.objects.get().records == 2


def test_marketers_import(command: Command, operator: TeamMember) -> None:
    with pytest.raises(CommandError, match=r"^There is no team member x@example\.com\.$"):
        command("mail\na@b.co\n", *EMAIL, by="x@example.com")
    sentence = "Olga Petrova may not import contacts: this needs the role Marketer."
    with pytest.raises(CommandError) as refused:
        command("mail\na@b.co\n", *EMAIL, by=operator.email.upper())
    assert str(refused.value) == sentence
    TeamMember.objects.filter(name="Max Weber").update(is_active=False)
    with pytest.raises(CommandError, match="may not import"):
        command("mail\na@b.co\n", *EMAIL)
    assert Run.objects.count() == 0
