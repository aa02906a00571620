"""manage.py import_contacts FILE --by EMAIL --map COLUMN=FIELD …"""

import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from config.disk import DiskNearlyFull
from config.team.models import TeamMember
from config.team.roles import Role
from journeys.imports.actions import check_import, import_contacts, matched_fields
from journeys.imports.options import Counts, ImportOptions, Key, OnEarlier
from journeys.imports.reading import CsvFile, ImportRefused, Record, inspect
from journeys.imports.refused import RefusedFile
from journeys.imports.writing import BookChanged
from journeys.runs.models import Run

SHOWN = 5
"""So many refused rows are shown; all of them are in the file."""


class Command(BaseCommand):
    help = "Import contacts from a CSV file: fields, labels, and where they stand in the funnel. See docs/import.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8; comma, semicolon or tab")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the team member who imports")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            dest="mapping",
            metavar="COLUMN=FIELD",
            help="what a column is: email, external_id, first_name …, or an attribute; once for each column",
        )
        parser.add_argument("--key", choices=list(Key), help="what contacts are known by; both if left out")
        parser.add_argument(
            "--label", action="append", default=[], metavar="NAME", help="put on every contact of the file; made if new"
        )
        parser.add_argument("--label-from", metavar="COLUMN", help="a column that names a label; made if new")
        stage = parser.add_mutually_exclusive_group()
        stage.add_argument("--stage", metavar="NAME", help="where the contacts of the file move")
        stage.add_argument("--stage-from", metavar="COLUMN", help="a column that names the stage")
        parser.add_argument("--since", metavar="COLUMN", help="a column that says since when they are in that stage")
        parser.add_argument(
            "--on-earlier",
            choices=list(OnEarlier),
            default=OnEarlier.REFUSE,
            help="a row dated before the contact's present status: refuse it, or move as of now and keep the date",
        )
        parser.add_argument(
            "--backward", action="store_true", help="also move to a lower weight, and recover lost contacts"
        )
        parser.add_argument("--dry-run", action="store_true", help="check the whole file and write nothing")
        parser.add_argument("--refused", type=Path, metavar="FILE", help="where refused rows go, with line and reason")

    def handle(self, *, file: Path, by: str, dry_run: bool, refused: Path | None, **given) -> None:
        member = _importing_member(by)
        began = timezone.now()
        try:
            options = _options(given)
            source = inspect(file, label_column=options.label_column)
            self._say_unused(matched_fields(file=source, options=options).unused)
            with RefusedFile(refused or Path(f"{file.stem}-refused.csv"), source) as refused_file:
                summary = self._go(source, options, None if dry_run else member, refused_file)
        except (ImportRefused, DiskNearlyFull, OSError, DatabaseError, BookChanged, KeyboardInterrupt) as error:
            raise CommandError(_what_was_done(error, member, since=began)) from error
        self.stdout.write(self.style.SUCCESS(summary))
        if refused_file.rows:
            self.stdout.write(f"The refused rows are in {refused_file.path}.")

    def _go(self, source: CsvFile, options: ImportOptions, by: TeamMember | None, refused: RefusedFile) -> str:
        """Import the file, or with nobody to import it, check it. Returns what came of it."""

        def refuse(record: Record, reason: str) -> None:
            refused.add(record, reason)
            if refused.rows <= SHOWN:
                with bar.external_write_mode(file=sys.stderr):
                    self.stdout.write(f"Line {record.line}: {reason}")

        with tqdm(total=source.records, unit=" rows", disable=None) as bar:
            if by is None:
                counts = check_import(file=source, options=options, refuse=refuse, progress=bar.update)
                return f"Nothing was written. An import now: {counts}."
            run = import_contacts(file=source, options=options, by=by, refuse=refuse, progress=bar.update)
        return f"Run {run.pk}: {Counts(run.created, run.updated, run.unchanged, run.refused)}."

    def _say_unused(self, columns: tuple[str, ...]) -> None:
        if columns:
            self.stdout.write(f"Columns not imported: {', '.join(columns)}.")


def _what_was_done(error: BaseException, by: TeamMember, *, since: datetime) -> str:
    """What an import or check begun at `since` did before it broke off, and how to go on."""
    reason = (str(error).split("\n", 1)[0] or "interrupted").removesuffix(".")
    stopped = Run.objects.filter(kind=Run.Kind.IMPORT, state=Run.State.STOPPED)
    run = stopped.filter(started_by=by, started_at__gte=since).first()
    if run is None:
        says_all = isinstance(error, ImportRefused | DiskNearlyFull)
        return str(error) if says_all else f"Stopped: {reason}. Nothing was written."
    done = Counts(run.created, run.updated, run.unchanged, run.refused)
    return (
        f"Run {run.pk} stopped: {reason}. Done: {done}. To go on, import the file again: what is done stays unchanged."
    )


def _importing_member(email: str) -> TeamMember:
    member = TeamMember.objects.filter(email__iexact=email).first()
    if member is None:
        raise CommandError(f"There is no team member {email}.")
    if member.role < Role.MARKETER:
        raise CommandError(f"{member} may not import contacts: this needs the role {Role.MARKETER.label}.")
    return member


def _options(given: dict) -> ImportOptions:
    return ImportOptions(
        mapping=_mapping(given["mapping"]),
        key=Key(given["key"]) if given["key"] else None,
        labels=tuple(given["label"]),
        label_column=given["label_from"],
        stage=given["stage"],
        stage_column=given["stage_from"],
        since_column=given["since"],
        on_earlier=OnEarlier(given["on_earlier"]),
        backward=given["backward"],
    )


def _mapping(pairs: list[str]) -> dict[str, str]:
    """Fields by column. A column's name may contain “=”, a field's does not."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not (equals and column and field):
            raise ImportRefused(f"“{pair}” is not of the form COLUMN=FIELD.")
        if column in mapping:
            raise ImportRefused(f"The column “{column}” is matched twice.")
        mapping[column] = field
    return mapping
