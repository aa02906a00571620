"""What is seen in the columns of a file on the way through it, and what each of them may therefore be."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from journeys.imports.dates import DateFormat, formats_that_fit
from journeys.imports.fields import FIELDS
from journeys.imports.reading import MAX_LABELS, tidy
from journeys.imports.refused import LINE, REASON

SAMPLES = 3
NAMES_KEPT = 100
"""A column of more different values names neither stages nor anything else that people would map by hand."""

_LONGEST_SAMPLE = 60
_MOST_CHARACTERS = 50_000
_LOOK_AGAIN = 500


@dataclass(slots=True)
class Seen:
    """What was seen in one column."""

    position: int
    samples: list[str] = field(default_factory=list)
    names: dict[str, None] = field(default_factory=dict)
    dates: frozenset[DateFormat] = frozenset(DateFormat)
    names_few: bool = True
    characters: int = 0

    def add(self, cell: str) -> None:
        if len(self.samples) < SAMPLES and (sample := cell[:_LONGEST_SAMPLE]) not in self.samples:
            self.samples.append(sample)
        if self.dates:
            self.dates = formats_that_fit(cell, self.dates)
        if self.names_few and cell not in self.names:
            self.names[cell] = None
            self.characters += len(cell)
            self.names_few = len(self.names) <= MAX_LABELS and self.characters <= _MOST_CHARACTERS

    @property
    def teaches_more(self) -> bool:
        return bool(self.names_few or self.dates or len(self.samples) < SAMPLES)

    def as_json(self) -> dict[str, Any]:
        is_list = self.names_few and len(self.names) <= NAMES_KEPT
        return {
            "samples": self.samples,
            "names": sorted(self.names, key=str.lower) if is_list else None,
            "may_be_labels": self.names_few,
            "dates": [written for written in DateFormat if written in self.dates] if self.samples else [],
        }


class Notes:
    """Is shown every row of a file, and notes what columns hold."""

    def __init__(self) -> None:
        self.columns: list[Seen] = []
        self._open: list[Seen] = []
        self._rows = -1

    def see(self, cells: list[str]) -> None:
        self._rows += 1
        if self._rows == 0:
            self.columns = [Seen(position) for position in range(len(cells))]
            self._open = self.columns
            return
        width = len(cells)
        for column in self._open:
            if column.position < width and (cell := tidy(cells[column.position])):
                column.add(cell)
        if self._rows % _LOOK_AGAIN == 0:
            self._open = [column for column in self._open if column.teaches_more]

    def as_json(self) -> dict[str, Any]:
        return {"columns": [column.as_json() for column in self.columns]}


STAGE, SINCE, LABEL = "stage", "since", "label"
"""What a column may be besides a field: where the contact moves, since when, and a label."""

_GO_BY = {
    "email": "mail emailaddress mailaddress emailadresse correo courriel",
    "external_id": "id contactid customerid userid crmid customernumber kundennummer",
    "first_name": "first firstname givenname forename vorname prenom nombre",
    "last_name": "last lastname surname familyname nachname nom apellido apellidos",
    "phone": "telephone phonenumber mobile mobilephone cell telefon tel telefono",
    "company": "organisation organization companyname account firma empresa societe",
    "city": "town stadt ort ciudad ville",
    "country": "land pais pays",
    "account_state": "accountstate accountstatus state active",
    "subscribed_at": "subscribed subscribedat subscribedon optin optintime signupdate",
    "unsubscribed_at": "unsubscribed unsubscribedat unsubscribedon optout optouttime",
    "last_open_at": "lastopen lastopened lastopenat",
    "last_click_at": "lastclick lastclicked lastclickat",
    "last_reply_at": "lastreply lastreplied lastreplyat",
    STAGE: "funnelstage lifecyclestage journeystage funnelstatus phase",
    SINCE: "stagesince statussince instagesince contactedon becameon date",
    LABEL: "labels tag tags",
}
_BY_HEADER = {name: target for target, names in _GO_BY.items() for name in (target.replace("_", ""), *names.split())}
_NOT_A_LETTER = re.compile(r"[\W_]+")
_LIKE_AN_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def guess(columns: Sequence[str], notes: Mapping[str, Any], attributes: Mapping[str, str]) -> list[str]:
    """What each column is taken for, by its name and, for an e-mail, by what it holds; nothing where nobody can tell.

    Args:
        notes: what `Notes.as_json` gave.
        attributes: keys by name, both in small letters.

    Returns: a field, `attributes.` and the key, `STAGE`, `SINCE`, `LABEL`, or nothing; each at most once.
    """
    targets: list[str] = []
    for column in columns:
        key = attributes.get(column.lower())
        target = f"attributes.{key}" if key else _BY_HEADER.get(_NOT_A_LETTER.sub("", column.lower()), "")
        is_ours = column in (LINE, REASON)
        targets.append("" if is_ours or target in targets else target)
    if "email" not in targets:
        for position, seen in enumerate(notes["columns"]):
            if seen["samples"] and not targets[position] and all(map(_LIKE_AN_EMAIL.fullmatch, seen["samples"])):
                targets[position] = "email"
                break
    return targets


def fingerprint_of(columns: Sequence[str]) -> str:
    """What is equal for files of the same columns, whatever the case of their names."""
    return hashlib.sha256("\0".join(column.casefold() for column in columns).encode()).hexdigest()


def is_date(target: str, date_attributes: Sequence[str]) -> bool:
    """Whether what a column is taken for is a date."""
    return target == SINCE or target in date_attributes or (target in FIELDS and target.endswith("_at"))
