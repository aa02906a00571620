"""What a person asks of an import: which column is which field, and what becomes of labels, stages and dates."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Key(enum.StrEnum):
    """What a contact is known by in the file."""

    EMAIL = "email"
    EXTERNAL_ID = "external_id"


class OnEarlier(enum.StrEnum):
    """What becomes of a row dated before the contact's present status."""

    REFUSE = "refuse"
    NOW = "now"  # moved as of now; the stated date is kept beside it


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """One import, as it was asked for. Names of columns are those of the file.

    Attributes:
        mapping: the field of each column, by name; an attribute goes by its key or its name.
        key: what contacts are known by. Left out, both keys count: the external id first, then the e-mail.
        labels: put on every contact of the file that is not refused; made if there is none of that name.
        label_column: a column that names one more label for each row, made likewise.
        stage: where every contact of the file moves.
        stage_column: a column that names the stage for each row.
        since_column: a column that says since when; now where it is empty.
        on_earlier: what becomes of a row dated before the present status.
        backward: a lower weight and being lost refuse nobody.
    """

    mapping: Mapping[str, str]
    key: Key | None = None
    labels: tuple[str, ...] = ()
    label_column: str | None = None
    stage: str | None = None
    stage_column: str | None = None
    since_column: str | None = None
    on_earlier: OnEarlier = OnEarlier.REFUSE
    backward: bool = False

    def in_words(self, file_name: str) -> str:
        """What the import does, as a person would say it."""
        parts = []
        if self.stage:
            parts.append(f"to {self.stage}")
        if self.stage_column:
            parts.append(f"to the stage in “{self.stage_column}”")
        if self.since_column:
            parts.append(f"since “{self.since_column}”")
        if self.labels:
            parts.append("label " + ", ".join(self.labels))
        if self.label_column:
            parts.append(f"label from “{self.label_column}”")
        readable = file_name.encode(errors="replace").decode()
        return f"Import {readable}" + "".join(f", {part}" for part in parts)


@dataclass(slots=True)
class Counts:
    """What became of the rows so far; each counts once."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def records(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused

    def add(self, other: "Counts") -> None:
        """Add what became of more rows."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused

    def __str__(self) -> str:
        rows = "1 row" if self.records == 1 else f"{self.records:,} rows"
        return (
            f"{rows}: {self.created:,} created, {self.updated:,} updated, "
            f"{self.unchanged:,} unchanged, {self.refused:,} refused"
        )
