"""`docs/security.md` leaves out no requirement, and every test that it names exists."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from tests.conventions import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| ([0-9.–]+) \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)

LEVEL_1 = {
    "1.2": 5, "1.3": 2, "1.5": 1, "2.1": 1, "2.2": 2, "2.3": 1, "3.2": 2, "3.3": 1, "3.4": 2, "3.5": 3, "4.1": 1,
    "4.4": 1, "5.2": 2, "5.3": 2, "6.1": 1, "6.2": 8, "6.3": 2, "6.4": 2, "7.2": 4, "8.1": 1, "8.2": 2, "8.3": 1,
    "9.1": 3, "9.2": 1, "10.4": 5, "11.3": 2, "11.4": 1, "12.1": 1, "12.2": 2, "13.4": 1, "14.2": 1, "14.3": 1,
    "15.1": 1, "15.2": 1, "15.3": 1, "7.4": 2,
}  # fmt: skip
"""Of each section, so many from its first one on."""

LEVELS_1_AND_2 = {
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3,
    "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
}  # fmt: skip
"""The same, for the chapters that are looked at to level 2."""


def numbers(row: str) -> Iterator[str]:
    """`6.2.8–6.2.9` is two; `15.1.1–15.2.1` is those two as well."""
    first, _, last = row.partition("–")
    yield first
    if last and last.rpartition(".")[0] == first.rpartition(".")[0]:
        section, _, begin = first.rpartition(".")
        yield from (f"{section}.{number}" for number in range(int(begin) + 1, int(last.rpartition(".")[2]) + 1))
    elif last:
        yield last


def test_no_requirement_is_left_out_or_there_twice() -> None:
    wanted = {
        f"{section}.{number}"
        for sections in (LEVEL_1, LEVELS_1_AND_2)
        for section, count in sections.items()
        for number in range(1, count + 1)
    }
    found = Counter(number for row, _, _ in ROWS for number in numbers(row))
    assert {number: count for number, count in found.items() if count > 1} == {}
    assert set(found) == wanted
    assert sum(LEVEL_1.values()) == 70


def test_each_has_a_test_a_reason_or_says_that_it_is_not_met() -> None:
    assert [row for row, _, how in ROWS if not re.search(r"`tests/|not applicable|above, “|not met", how)] == []


NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


@cache
def functions_of(file: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in functions_of(file)
