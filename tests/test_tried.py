"""The table in the README of what was tried."""

from datetime import date
from pathlib import Path

import pytest

from tests.tried import README, Tried, write_table

ON = date(2026, 3, 4)


def test_lines_take_the_place_of_those_before_and_of_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(
        "# Tried\n\n<!-- make a -->\nold\n<!-- end of make a -->\n\n<!-- make b -->\n<!-- end of make b -->\n"
    )
    for _ in range(2):
        write_table("make a", [Tried("pulled the plug", 1_000, "back after 2 s")], lost="nothing", on=ON, readme=readme)
    assert readme.read_text() == (
        "# Tried\n\n<!-- make a -->\n"
        "`make a`, 4 March 2026. Lost: nothing.\n\n"
        "| tried | times | what came of it |\n| --- | --: | --- |\n"
        "| pulled the plug | 1,000 | back after 2 s |\n"
        "<!-- end of make a -->\n\n<!-- make b -->\n<!-- end of make b -->\n"
    )


def test_a_readme_without_a_place_for_them_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Tried\n")
    with pytest.raises(LookupError):
        write_table("make a", [], lost="nothing", on=ON, readme=readme)
    assert readme.read_text() == "# Tried\n"


def test_the_readme_has_a_place_for_each_command() -> None:
    assert "<!-- make faults -->" in README.read_text()
