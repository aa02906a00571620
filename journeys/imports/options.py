"""What a person asks of an import: which column is which field, and what becomes of labels, stages and dates."""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from journeys.imports.dates import DateFormat


class Key(enum.StrEnum):
    """What a contact is known by in the file."""

    EMAIL = "email"
    EXTERNAL_ID = "external_id"


class OnEarlier(enum.StrEnum):
    """What becomes of a row dated before the contact's present status."""

    REFUSE = "refuse"
    NOW = "now"  # moved as of now; the stated date is kept beside it


class Does(enum.StrEnum):
    """Whether contacts are added, changed, or both."""

    BOTH = "both"
    CREATE = "create"
    UPDATE = "update"


class Whom(enum.StrEnum):
    """Which contacts of the file something is for."""

    ALL = "all"
    NEW = "new"  # those that the import adds
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """One import, as it was asked for. Names of columns are those of the file.

    Attributes:
        mapping: the field of each column, by name; an attribute goes by its key or its name.
        only_where_empty: columns that overwrite nothing: they fill what the book does not know.
        date_formats: how the dates of a column are written, where it is not ISO.
        does: whether contacts are added, changed, or both; a row that asks for the other is refused.
        key: what contacts are known by. Left out, both keys count: the external id first, then the e-mail.
        labels: put on every contact of the file that is not refused; made if there is none of that name.
        label_column: a column that names one more label for each row, made likewise.
        labels_for: whom labels are put on.
        makes_labels: without it, a row that names an unknown label is refused.
        stage: where every contact of the file moves.
        stage_column: a column that names the stage for each row.
        stage_for: who moves. Of a contact that is new, the row that adds it decides.
        stage_names: what a name in the column of stages means, where it is no stage's: the id of one, or nobody moves.
        since_column: a column that says since when; now where it is empty.
        on_earlier: what becomes of a row dated before the present status.
        backward: a lower weight and being lost refuse nobody.
    """

    mapping: Mapping[str, str]
    only_where_empty: tuple[str, ...] = ()
    date_formats: Mapping[str, DateFormat] = field(default_factory=dict)
    does: Does = Does.BOTH
    key: Key | None = None
    labels: tuple[str, ...] = ()
    label_column: str | None = None
    labels_for: Whom = Whom.ALL
    makes_labels: bool = True
    stage: str | None = None
    stage_column: str | None = None
    stage_for: Whom = Whom.ALL
    stage_names: Mapping[str, int | None] = field(default_factory=dict)
    since_column: str | None = None
    on_earlier: OnEarlier = OnEarlier.REFUSE
    backward: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The options that `as_json` wrote."""
        return cls(
            **{
                **data,
                "only_where_empty": tuple(data["only_where_empty"]),
                "date_formats": {column: DateFormat(written) for column, written in data["date_formats"].items()},
                "does": Does(data["does"]),
                "key": Key(data["key"]) if data["key"] else None,
                "labels": tuple(data["labels"]),
                "labels_for": Whom(data["labels_for"]),
                "stage_for": Whom(data["stage_for"]),
                "on_earlier": OnEarlier(data["on_earlier"]),
            }
        )

    def in_words(self, file_name: str) -> str:
        """What the import does, as a person would say it."""
        parts = []
        if self.does is not Does.BOTH:
            parts.append("only new contacts" if self.does is Does.CREATE else "only known contacts")
        who = "new ones " if self.stage_for is Whom.NEW else ""
        if self.stage and self.stage_for is not Whom.NONE:
            parts.append(f"{who}to {self.stage}")
        if self.stage_column and self.stage_for is not Whom.NONE:
            parts.append(f"{who}to the stage in “{self.stage_column}”")
        if self.since_column:
            parts.append(f"since “{self.since_column}”")
        on_whom = " on new ones" if self.labels_for is Whom.NEW else ""
        if self.labels:
            parts.append(f"label {', '.join(self.labels)}{on_whom}")
        if self.label_column:
            parts.append(f"label from “{self.label_column}”{on_whom}")
        return f"Import {kept_name(file_name)}" + "".join(f", {part}" for part in parts)


def kept_name(name: str) -> str:
    """The name of a file as it can be kept."""
    return name.encode(errors="replace").decode().replace("\0", "")[-255:]


@dataclass(slots=True)
class Counts:
    """What became of the rows so far; each counts once.

    `back` are those among them that ask for a lower weight, refused for it or not.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    back: int = 0

    @property
    def records(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused

    def add(self, other: "Counts") -> None:
        """Add what became of more rows."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.refused += other.refused
        self.back += other.back

    def __str__(self) -> str:
        rows = "1 row" if self.records == 1 else f"{self.records:,} rows"
        return (
            f"{rows}: {self.created:,} created, {self.updated:,} updated, "
            f"{self.unchanged:,} unchanged, {self.refused:,} refused"
        )
