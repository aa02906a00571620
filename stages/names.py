"""What a copy is called. Pure."""

from collections.abc import Collection
from itertools import count

LONGEST = 100


def copied_name(name: str, taken: Collection[str]) -> str:
    """The name of a clone: "Customer (copy)", then "Customer (copy 2)".

    Args:
        taken: names in use, in small letters.
    """
    for number in count(1):
        mark = " (copy)" if number == 1 else f" (copy {number})"
        copied = name[: LONGEST - len(mark)].rstrip() + mark
        if copied.lower() not in taken:
            return copied
    raise AssertionError("there is always another number")
