"""Cells that a spreadsheet would take for formulas: defused in every file, and given back by an import."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.cells import defused, undefused

DANGEROUS = ["=1+1", "+351", "-1", "@SUM(A1)", "\tx", "\rx", "＝1+1", "＋351", "－1", "＠SUM(A1)"]


@pytest.mark.parametrize("cell", DANGEROUS)
def test_a_formula_gets_an_apostrophe_and_loses_it_again(cell: str) -> None:
    assert defused(cell) == f"'{cell}"
    assert undefused(f"'{cell}") == cell


@pytest.mark.parametrize("cell", ["", "Ana = Bo + Cy", "'s-Hertogenbosch", "'", "''", " =1", "ana@example.com", "0"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert defused(cell) == cell
    assert undefused(cell) == cell


def test_what_has_an_apostrophe_of_its_own_keeps_it() -> None:
    assert defused("'=1") == "''=1"
    assert undefused("''=1") == "'=1"


awkward = st.text(st.sampled_from("'=+-@\t\r＝＋－＠ a1")) | st.text()


@pytest.mark.hypothesis
@given(awkward)
def test_every_cell_comes_back(cell: str) -> None:
    assert undefused(defused(cell)) == cell


@pytest.mark.hypothesis
@given(awkward)
def test_no_cell_begins_a_formula(cell: str) -> None:
    assert defused(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"}
