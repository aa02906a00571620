"""Which column is which field, and what a cell says: the value of its field, or a sentence why not."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Model

from contacts.models import Attribute, Contact, Label
from journeys.cells import undefused
from journeys.imports.dates import YEARS, DateFormat, read_date
from journeys.imports.options import ImportOptions, Key, Whom
from journeys.imports.reading import CsvFile, ImportRefused, Record, tidy

TEXT_FIELDS = ("external_id", "first_name", "last_name", "phone", "company", "city", "country")
DATE_FIELDS = ("subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at")
FIELDS = ("email", *TEXT_FIELDS, "account_state", *DATE_FIELDS)
"""The fields that every organisation has; attributes come beside them."""

EMAIL, EXTERNAL_ID, ACCOUNT_STATE = range(3)
ALWAYS_READ = ("email", "external_id", "account_state")
"""The first columns of `FieldMap.columns`, at these positions, whether the file has them or not."""

YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0"})

Parse = Callable[[str], Any]


class CellRefused(ValueError):
    """What a cell says cannot be used; the message is the reason, without the column's name."""


@dataclass(slots=True)
class Row:
    """A row as it is understood. What it says nothing about is None: empty cells wipe nothing."""

    record: Record
    values: list[Any]
    email_key: str | None = None
    attributes: dict[str, Any] | None = None
    stage: int | None = None
    since: datetime | None = None
    labels: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def external_id(self) -> str | None:
        return self.values[EXTERNAL_ID]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that is used: where it stands, what its cells mean."""

    position: int
    name: str
    parse: Parse


@dataclass(frozen=True)
class FieldMap:
    """How rows of one file are understood.

    Attributes:
        columns: the columns of the table of contacts that are read, `ALWAYS_READ` first.
        written: the positions of those among them that the file has.
        filling: the positions of those that only fill what is empty; and the keys of such attributes.
        has_attributes: whether attributes are among the fields.
        unused: names of the file's columns that mean nothing here.
    """

    columns: tuple[str, ...]
    written: tuple[int, ...]
    filling: tuple[int, ...]
    filling_attributes: frozenset[str]
    has_attributes: bool
    unused: tuple[str, ...]
    _width: int
    _key: Key | None
    _fields: Sequence[tuple[int, int, _Column]]
    _attributes: Sequence[tuple[str, _Column]]
    _labels: tuple[str, ...]
    _label: _Column | None
    _stage: _Column | None
    _fixed_stage: int | None
    _since: _Column | None
    _nothing: list[None] = field(default_factory=list)

    def understand(self, record: Record) -> Row:
        """Say what a row means. All that is wrong with it is named in `refusal`."""
        cells = record.cells
        row = Row(record, self._nothing[:], labels=self._labels, stage=self._fixed_stage)
        if len(cells) != self._width:
            row.refusal = f"The row has {_counted(len(cells), 'cell')}, the header {_counted(self._width, 'column')}."
            return row
        reasons: list[str] = []
        values = row.values
        for index, position, column in self._fields:
            if (cell := cells[position]) and (cell := tidy(undefused(cell))):
                try:
                    values[index] = column.parse(cell)
                except CellRefused as error:
                    reasons.append(_reason(column, error))
        if self.has_attributes:
            row.attributes = {
                key: value for key, column in self._attributes if (value := _said(column, cells, reasons)) is not None
            }
        if self._stage:
            row.stage = _said(self._stage, cells, reasons)
        if self._since:
            row.since = _said(self._since, cells, reasons)
        if self._label and (label := _said(self._label, cells, reasons)):
            row.labels = (*self._labels, label)
        email = values[EMAIL]
        row.email_key = email.lower() if email else None
        if not reasons and (missing := self._missing_key(row)):
            reasons.append(missing)
        row.refusal = " ".join(reasons)
        return row

    def _missing_key(self, row: Row) -> str:
        if self._key is Key.EMAIL and not row.email_key:
            return "The row has no e-mail, which contacts are known by."
        if self._key is Key.EXTERNAL_ID and not row.external_id:
            return "The row has no external id, which contacts are known by."
        if not row.email_key and not row.external_id:
            return "The row has no e-mail and no external id: nothing to know the contact by."
        return ""


def _said(column: _Column, cells: list[str], reasons: list[str]) -> Any:
    cell = tidy(undefused(cells[column.position]))
    if not cell:
        return None
    try:
        return column.parse(cell)
    except CellRefused as error:
        reasons.append(_reason(column, error))
        return None


def _reason(column: _Column, error: CellRefused) -> str:
    return f"{column.name}: {error}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def match_fields(
    file: CsvFile,
    options: ImportOptions,
    *,
    attributes: Iterable[Attribute],
    stages: Mapping[int, str],
    zone: tzinfo,
) -> FieldMap:
    """Match the columns of a file to fields, as the options say.

    Args:
        attributes: those that the organisation defined.
        stages: names of the stages in use, by id.
        zone: dates and times without a zone are read in it.

    Raises:
        ImportRefused: a column, field or stage is unknown, a field is named twice, or nothing tells contacts apart.
    """
    by_name = _attributes_by_name(attributes)
    parse_stage = _stage_parser(stages, options.stage_names)
    fields: dict[str, _Column] = {}
    of_attributes: dict[str, _Column] = {}
    for column_name, wanted in options.mapping.items():
        position = file.find(column_name)
        name = wanted.strip().lower().replace("-", "_")
        written = options.date_formats.get(column_name, DateFormat.ISO)
        if name in FIELDS:
            target, key, parse = fields, name, _parser(name, zone, written)
        elif attribute := by_name.get(wanted.strip().lower()):
            target, key, parse = of_attributes, attribute.key, _attribute_parser(attribute, written)
        else:
            known = ", ".join([*FIELDS, *sorted({attribute.key for attribute in by_name.values()})])
            raise ImportRefused(f"There is no field “{wanted}”. Fields: {known}.")
        if key in target:
            raise ImportRefused(f"Two columns are matched to {wanted}: “{target[key].name}” and “{column_name}”.")
        target[key] = _Column(position, file.columns[position], parse)
    _refuse_without_key(options, fields)
    columns = (*ALWAYS_READ, *(name for name in FIELDS if name in fields and name not in ALWAYS_READ))
    label = _option_column(file, options.label_column, parse_label)
    stage_moves = options.stage_for is not Whom.NONE
    stage = _option_column(file, options.stage_column, parse_stage) if stage_moves else None
    written = options.date_formats.get(options.since_column or "", DateFormat.ISO)
    since = _option_column(file, options.since_column, _date_time_parser(zone, written))
    fixed_stage = _checked_stage(options.stage, parse_stage) if options.stage is not None and stage_moves else None
    filling = {file.find(column) for column in options.only_where_empty}
    used = {column.position for column in (*fields.values(), *of_attributes.values(), label, stage, since) if column}
    return FieldMap(
        columns=columns,
        written=tuple(index for index, name in enumerate(columns) if name in fields),
        filling=tuple(columns.index(name) for name, column in fields.items() if column.position in filling),
        filling_attributes=frozenset(key for key, column in of_attributes.items() if column.position in filling),
        has_attributes=bool(of_attributes),
        unused=tuple(name for position, name in enumerate(file.columns) if position not in used),
        _width=len(file.columns),
        _key=options.key,
        _fields=[(columns.index(name), column.position, column) for name, column in fields.items()],
        _attributes=list(of_attributes.items()),
        _labels=tuple(_checked_label(name) for name in options.labels),
        _label=label,
        _stage=stage,
        _fixed_stage=fixed_stage,
        _since=since,
        _nothing=[None] * len(columns),
    )


def _refuse_without_key(options: ImportOptions, fields: Mapping[str, _Column]) -> None:
    if options.key and options.key not in fields:
        raise ImportRefused(f"Contacts are known by {options.key}: match a column to it.")
    if "email" not in fields and "external_id" not in fields:
        raise ImportRefused("Match a column to email or external_id: contacts are known by one of them.")


def _option_column(file: CsvFile, name: str | None, parse: Parse) -> _Column | None:
    if name is None:
        return None
    position = file.find(name)
    return _Column(position, file.columns[position], parse)


def _attributes_by_name(attributes: Iterable[Attribute]) -> dict[str, Attribute]:
    """An attribute goes by its key, its name, or, where a field has that name, by `attributes.` and its key."""
    by_name: dict[str, Attribute] = {}
    for attribute in attributes:
        for name in (attribute.name.lower(), attribute.key.lower(), f"attributes.{attribute.key.lower()}"):
            by_name[name] = attribute
    return by_name


def _parser(name: str, zone: tzinfo, written: DateFormat) -> Parse:
    if name == "email":
        return parse_email
    if name == "account_state":
        return _parse_account_state
    if name in DATE_FIELDS:
        return _date_time_parser(zone, written)
    return _text_parser(_longest(Contact, name))


# What Django's validator accepts too, for most addresses in a tenth of its time.
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\Z"
)


def parse_email(cell: str) -> str:
    """An e-mail address. Its domain is written in small letters where it is not plain ASCII."""
    if len(cell) > 254:
        raise CellRefused("An e-mail has at most 254 characters.")
    if not _PLAIN_EMAIL.match(cell):
        try:
            validate_email(cell)
        except ValidationError:
            raise CellRefused(f"{_quoted(cell)} is not an e-mail address.") from None
    return cell if cell.isascii() else cell.lower()


def _text_parser(longest: int) -> Parse:
    def parse(cell: str) -> str:
        if len(cell) > longest:
            raise CellRefused(f"This has {len(cell):,} characters; at most {longest} fit.")
        return cell

    return parse


def _longest(model: type[Model], name: str) -> int:
    """How many characters a field of a model takes."""
    return getattr(model._meta.get_field(name), "max_length", None) or 0


def _parse_account_state(cell: str) -> str:
    state = cell.lower()
    if state not in Contact.AccountState.values:
        raise CellRefused(f"{_quoted(cell)} is neither active nor inactive.")
    return state


def _date_time_parser(zone: tzinfo, written: DateFormat) -> Parse:
    example = "2018-02-26 or 2018-02-26 19:58:54" if written is DateFormat.ISO else written.example

    def parse(cell: str) -> datetime:
        try:
            said = read_date(cell, written)
        except ValueError:
            raise CellRefused(f"{_quoted(cell)} is not a date like {example}.") from None
        if said.year not in YEARS:
            raise CellRefused(f"{_quoted(cell)}: the year has to be between {YEARS[0]} and {YEARS[-1]}.")
        return (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)

    return parse


def _stage_parser(stages: Mapping[int, str], meant: Mapping[str, int | None]) -> Parse:
    """Stages by their names, and by the names that somebody said the meaning of: a stage, or none."""
    by_name: dict[str, int | None] = {tidy(name).lower(): stage for name, stage in meant.items()}
    by_name |= {tidy(name).lower(): stage for stage, name in stages.items()}

    def parse(cell: str) -> int | None:
        try:
            return by_name[cell.lower()]
        except KeyError:
            raise CellRefused(f"There is no stage {_quoted(cell)}.") from None

    return parse


def _checked_stage(name: str, parse: Parse) -> int:
    try:
        return parse(tidy(name))
    except CellRefused as error:
        raise ImportRefused(str(error)) from None


def parse_label(cell: str) -> str:
    """The name of a label."""
    longest = _longest(Label, "name")
    if len(cell) > longest:
        raise CellRefused(f"The name of a label has at most {longest} characters.")
    return cell


def _checked_label(name: str) -> str:
    try:
        label = parse_label(tidy(name))
    except CellRefused as error:
        raise ImportRefused(str(error)) from None
    if not label:
        raise ImportRefused("The label has no name.")
    return label


def _attribute_parser(attribute: Attribute, written: DateFormat) -> Parse:
    """Values as they are kept with a contact: text, number, true or false, and dates as 2018-02-26."""
    match attribute.type:
        case Attribute.Type.NUMBER:
            return _parse_number
        case Attribute.Type.DATE:
            return _date_parser(written)
        case Attribute.Type.YES_NO:
            return _parse_yes_no
        case Attribute.Type.CHOICE:
            return _choice_parser(attribute.choices)
        case _:
            return _text_parser(2000)


def _parse_number(cell: str) -> int | float:
    """A number that JSON keeps exactly: up to fifteen digits, six of them behind the point, as on the contact form."""
    try:
        number = Decimal(cell) if cell.isascii() and "_" not in cell and len(cell) <= 30 else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or abs(number.adjusted()) >= 15:
        raise CellRefused(f"{_quoted(cell)} is not a number like 1200 or 12.50.")
    number = number.normalize()
    _, digits, exponent = number.as_tuple()
    if len(digits) > 15 or int(exponent) < -6:
        raise CellRefused(f"{_quoted(cell)} has more digits than the book keeps: 15, six of them behind the point.")
    return int(number) if number == number.to_integral_value() else float(number)


def _date_parser(written: DateFormat) -> Parse:
    def parse(cell: str) -> str:
        try:
            said = read_date(cell, written) if len(cell) <= 10 else None
        except ValueError:
            said = None
        if said is None or said.year not in YEARS:
            raise CellRefused(f"{_quoted(cell)} is not a date like {written.example}.")
        return said.date().isoformat()

    return parse


def _parse_yes_no(cell: str) -> bool:
    said = cell.lower()
    if said not in YES and said not in NO:
        raise CellRefused(f"{_quoted(cell)} is neither yes nor no.")
    return said in YES


def _choice_parser(choices: Sequence[str]) -> Parse:
    by_name = {choice.lower(): choice for choice in choices}

    def parse(cell: str) -> str:
        if (choice := by_name.get(cell.lower())) is None:
            raise CellRefused(f"{_quoted(cell)} is not one of: {', '.join(choices)}.")
        return choice

    return parse


def _quoted(cell: str) -> str:
    """A cell as a sentence shows it: not longer than a line."""
    return f"“{cell}”" if len(cell) <= 60 else f"“{cell[:60]}…”"
