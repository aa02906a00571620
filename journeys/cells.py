"""Cells of CSV files that a spreadsheet would take for formulas: pure."""

import re

_AT_THE_BEGINNING = "=+-@\t\r＝＋－＠"
FIRST = frozenset(_AT_THE_BEGINNING + "'")
"""What begins with anything else is no formula: to be asked first where there are millions of cells."""

_FORMULA = re.compile(f"'*[{re.escape(_AT_THE_BEGINNING)}]")


def defused(cell: str) -> str:
    """The cell with an apostrophe before what a spreadsheet would take for a formula, full-width signs included.

    What begins with apostrophes before such a sign gets one more, so that `undefused` gives every cell back.
    """
    return f"'{cell}" if cell[:1] in FIRST and _FORMULA.match(cell) else cell


def undefused(cell: str) -> str:
    """The cell that `defused` was given."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
