"""Which weights stages get when one of them is moved. Pure."""

from collections.abc import Sequence

APART = 10
LIGHTEST, HEAVIEST = -(2**31), 2**31 - 1


def between(lighter: int | None, heavier: int | None) -> int | None:
    """A weight between two others: halfway, on a round ten if one lies there; beside a single one, ten beyond it.

    Args:
        lighter, heavier: None where nothing is on that side.

    Returns: None where there is no room.
    """
    if lighter is None:
        found = APART if heavier is None else heavier - APART
    elif heavier is None:
        found = lighter + APART
    else:
        halfway = (lighter + heavier) // 2
        round_ten = (halfway + APART // 2) // APART * APART
        found = round_ten if lighter < round_ten < heavier else halfway
        if not lighter < found < heavier:
            return None
    return found if LIGHTEST <= found <= HEAVIEST else None


def weights_after_move(weights: Sequence[int], start: int, end: int) -> list[int]:
    """The weights of stages after the one at place `start` was moved to place `end`.

    It gets a weight between its new neighbours, and the others keep theirs. Where there is no room between them, all
    are spaced anew: 10, 20, 30 and so on.

    Args:
        weights: the lightest first.
        start, end: counted from 0.

    Returns: the weights in the new order.
    """
    if start == end:
        return list(weights)
    others = [*weights[:start], *weights[start + 1 :]]
    found = between(others[end - 1] if end else None, others[end] if end < len(others) else None)
    if found is None:
        return [APART * (place + 1) for place in range(len(weights))]
    return [*others[:end], found, *others[end:]]
