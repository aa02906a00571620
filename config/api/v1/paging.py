"""Pages of `/api/v1`, read on from the key of the last item."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from config.api.v1.problems import Problem
from config.api.v1.schemas import Page, Window, cursor_of, key_of

Row = TypeVar("Row")


def key_asked(asked: Window) -> int | None:
    """The key that the page begins after; None for the first page. Raises Problem for a cursor that is none."""
    try:
        return key_of(asked.cursor)
    except ValueError:
        raise Problem.of_field("cursor", "This is not `next` of any page.") from None


def page_of(
    shape: type[Page[Any]],
    found: Sequence[Row],
    asked: Window,
    show: Callable[[Sequence[Row]], list[Any]],
    *,
    key: Callable[[Row], int] = lambda row: row.pk,  # type: ignore[attr-defined]
) -> Any:
    """A page of what was found, one row more than it holds.

    Args:
        show: what is answered of rows, in their order.
        key: what the next page begins after.
    """
    shown = found[: asked.limit]
    return shape(items=show(shown), next=cursor_of(key(shown[-1])) if len(found) > asked.limit else None)
