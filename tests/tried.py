"""The table in the README of what was tried, how often, and what was lost. Each command writes the lines of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


@dataclass(frozen=True, slots=True)
class Tried:
    """What was done, how often, and what came of it."""

    what: str
    times: int
    outcome: str


def write_table(command: str, rows: Sequence[Tried], *, lost: str, on: date, readme: Path = README) -> None:
    """Put these lines in place of those that the command wrote before.

    Raises:
        LookupError: the README has no place for them.
    """
    beginning, end = f"<!-- {command} -->\n", f"<!-- end of {command} -->"
    lines = [
        f"`{command}`, {on:%-d %B %Y}. Lost: {lost}.",
        "",
        "| tried | times | what came of it |",
        "| --- | --: | --- |",
    ]
    lines += [f"| {row.what} | {row.times:,} | {row.outcome} |" for row in rows]
    text = readme.read_text()
    place = re.compile(f"{re.escape(beginning)}.*?{re.escape(end)}", re.DOTALL)
    if not place.search(text):
        raise LookupError(f"{readme} has no place for {command}")
    table = beginning + "\n".join(lines) + f"\n{end}"
    readme.write_text(place.sub(lambda _: table, text))
