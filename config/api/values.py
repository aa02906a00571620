"""Values as Mautic's clients write them: numbers as text, times in several ways, yes and no in many."""

import math
import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

TRUE = frozenset({"true", "1", "on", "yes"})
LARGEST = 2**31 - 1
LARGEST_ID = 2**63 - 1

INVALID = "This value is not valid."


def yes_or_no(value: Any) -> bool:
    """true, 1, "1", "true", "on" and "yes" are true, the rest is false."""
    return value is True or (not isinstance(value, bool) and str(value).strip().lower() in TRUE)


def text(value: Any) -> str:
    """Text; a number is written out, nothing is empty. Raises ValueError for what is neither."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(INVALID)
    return str(value).strip()


def number(value: Any) -> int:
    """A whole number, rounded; nothing is 0. Raises ValueError for text, and for what PostgreSQL cannot keep."""
    said = text(value)
    if not said:
        return 0
    try:
        given = Decimal(said)
    except InvalidOperation:
        raise ValueError("Please enter a number.") from None
    if not given.is_finite() or abs(given) > LARGEST:
        raise ValueError("This number is too large.")
    return int(given.to_integral_value(ROUND_HALF_UP))


def identifier(value: Any) -> int | None:
    """An id, or None for nothing. Raises ValueError for anything else."""
    said = text(value)
    if not said or said == "0":
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 20 and int(said) <= LARGEST_ID):
        raise ValueError(INVALID)
    return int(said)


def identifiers(said: str) -> list[int]:
    """Ids with commas between them; what is none is left out."""
    found = []
    for one in said.split(","):
        try:
            found.append(identifier(one))
        except ValueError:
            continue
    return [number for number in found if number]


def moment(value: Any) -> datetime | None:
    """A moment: ISO 8601 with any offset, or `2026-05-03 14:05`, which is UTC. None for nothing.

    Raises:
        ValueError: it is neither, or before 1970 or after 2200.
    """
    said = text(value)
    if not said:
        return None
    try:
        given = datetime.fromisoformat(said)
    except ValueError:
        raise ValueError("Please enter a valid date and time.") from None
    if not 1970 <= given.year <= 2200:
        raise ValueError("Give a date between 1970 and 2200.")
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)


def colour(value: Any) -> str:
    """Six hexadecimal digits, with or without a #. Raises ValueError for anything else."""
    digits = text(value).removeprefix("#").lower()
    if not re.fullmatch("[0-9a-f]{6}", digits):
        raise ValueError("Give a colour as # and six hexadecimal digits.")
    return f"#{digits}"


def written(at: datetime | None) -> str | None:
    """A moment as it is sent: `2026-02-13T16:11:07+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def count(value: Any, otherwise: int) -> int:
    """A number of rows to skip or to return; what is none is `otherwise`."""
    try:
        given = float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return int(min(given, LARGEST)) if math.isfinite(given) and given >= 0 else otherwise
