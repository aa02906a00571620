"""What every schema of `/api/v1` is made of: strict where something is said, exact where something is shown."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

LARGEST_ID = 2**63 - 1
LARGEST_SIGNATURE = 2**31 - 1
LIMIT, MOST = 50, 200
"""So many items are on a page unless a limit is given, and at most."""

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Said(BaseModel):
    """What a caller says. Nothing is coerced, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _holds_no_nul(cls, said: Any) -> Any:
        if isinstance(said, dict) and any(_is_unkeepable(value) for pair in said.items() for value in pair):
            raise ValueError("PostgreSQL keeps neither NUL nor half a character.")
        return said


def _is_unkeepable(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)
        case dict():
            return any(_is_unkeepable(part) for pair in value.items() for part in pair)
        case list():
            return any(map(_is_unkeepable, value))
    return False


class Nothing(Said):
    """The body of a request that says it all in its path."""


class Asked(BaseModel):
    """A query string. Its numbers are written as digits."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid")


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("Give a date and time with its offset, such as 2026-05-03T14:05:00+02:00.")
    given = datetime.fromisoformat(value.upper())
    if not 1970 <= given.year <= 2200:
        raise ValueError("Give a date between 1970 and 2200.")
    return given.astimezone(UTC)


def _digits(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,19}", value, re.ASCII):
        raise ValueError("Give a whole number in digits.")
    return int(value)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-05-03T14:05:00Z"]})

MomentSaid = Annotated[datetime, BeforeValidator(_moment), _DATE_TIME]
MomentShown = Annotated[datetime, PlainSerializer(_written, return_type=str), _DATE_TIME]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
NumberAsked = Annotated[int, BeforeValidator(_digits), Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ByIdOrName = Annotated[Id | Name, Field(description="By its id, or by its name.")]
Reason = Annotated[str, StringConstraints(max_length=2000)]


class Window(Asked):
    """Which part of a list is asked for."""

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=MOST)] = Field(
        default=LIMIT, description="So many items at most."
    )
    cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")] | None = Field(
        default=None, description="`next` of the page before."
    )


Item = TypeVar("Item")


class Page(Shown, Generic[Item]):
    """Part of a list. `next` is the cursor of what follows; null at the end."""

    items: list[Item]
    next: str | None


def cursor_of(key: int) -> str:
    """Where a page ends, for whoever reads on."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def key_of(cursor: str | None) -> int | None:
    """What `cursor_of` was given; None for no cursor. Raises ValueError for anything else."""
    if cursor is None:
        return None
    try:
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(cursor) from error
    if not re.fullmatch("[0-9]{1,19}", said, re.ASCII) or int(said) > LARGEST_ID:
        raise ValueError(cursor)
    return int(said)
