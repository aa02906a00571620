"""Files and imports as tests write them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports.actions import check_import, import_contacts
from journeys.imports.options import Counts, ImportOptions
from journeys.imports.reading import Record, inspect
from journeys.runs.models import Run

KEYS = {"email": "email", "id": "external_id"}


@dataclass
class Imported:
    """What came of an import: counts as a tuple, and the refused rows' reasons by line."""

    counts: tuple[int, int, int, int]
    refused: dict[int, str]
    run: Run | None = None


def write(folder: Path, content: str | bytes, name: str = "contacts.csv") -> Path:
    """A file of this content; text is written as UTF-8, line ends as they are."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def do_import(path: Path, *, by: TeamMember, mapping: dict[str, str] | None = None, **options: Any) -> Imported:
    """Import a file, having checked it: the check says the same, and writes nothing."""
    asked = ImportOptions(mapping=KEYS if mapping is None else mapping, **options)
    runs, contacts = Run.objects.count(), Contact.objects.count()
    checked = check(path, asked)
    assert (Run.objects.count(), Contact.objects.count()) == (runs, contacts)
    refused: dict[int, str] = {}

    def refuse(record: Record, reason: str) -> None:
        refused[record.line] = reason

    file = inspect(path, label_column=asked.label_column)
    done: list[int] = []
    run = import_contacts(file=file, options=asked, by=by, refuse=refuse, progress=done.append)
    run.refresh_from_db()
    assert sum(done) == run.records == file.records
    assert run.state == Run.State.FINISHED
    imported = Imported(_tuple(Counts(run.created, run.updated, run.unchanged, run.refused)), refused, run)
    assert (checked.counts, checked.refused.keys()) == (imported.counts, imported.refused.keys())
    return imported


def check(path: Path, options: ImportOptions) -> Imported:
    """Check a file: its counts and refused rows."""
    refused: dict[int, str] = {}

    def refuse(record: Record, reason: str) -> None:
        refused[record.line] = reason

    file = inspect(path, label_column=options.label_column)
    counts = check_import(file=file, options=options, refuse=refuse, progress=lambda rows: None)
    return Imported(_tuple(counts), refused)


def _tuple(counts: Counts) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    return counts.created, counts.updated, counts.unchanged, counts.refused
