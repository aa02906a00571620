"""What cells mean, and how columns are matched to fields: no database is asked."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Attribute
from journeys.imports.fields import FieldMap, match_fields
from journeys.imports.options import ImportOptions, Key
from journeys.imports.reading import CsvFile, ImportRefused, Record
from tests.journeys.importing import KEYS

STAGES = {1: "Aware", 2: "Engaged", 3: "Étape"}
BERLIN = ZoneInfo("Europe/Berlin")
ATTRIBUTES = [
    Attribute(name="Employees", key="employees", type="number"),
    Attribute(name="Birthday", key="birthday", type="date"),
    Attribute(name="Likes tea", key="likes-tea", type="yes_no"),
    Attribute(name="Plan", key="plan", type="choice", choices=["Free", "Pro"]),
    Attribute(name="Remark", key="remark", type="text"),
    Attribute(name="City", key="city", type="text"),
]


def fields_of(columns: str, **options: Any) -> FieldMap:
    file = CsvFile(Path("x.csv"), ",", tuple(columns.split(",")), 1, False)
    asked = ImportOptions(**{"mapping": KEYS, **options})
    return match_fields(file, asked, attributes=ATTRIBUTES, stages=STAGES, zone=BERLIN)


def one_field(name: str, cell: str) -> Any:
    """What a cell of this field is understood as, or the reason why not."""
    fields = fields_of("id,it", mapping={"id": "external_id", "it": name})
    row = fields.understand(Record(2, ["7", cell]))
    if row.refusal:
        return row.refusal
    if fields.has_attributes:
        assert row.attributes is not None
        return next(iter(row.attributes.values()), None)
    return row.values[fields.columns.index(name)]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("email", " Ana.Silva@Example.COM ", "Ana.Silva@Example.COM"),
        ("email", "o'brien+news@example.co.uk", "o'brien+news@example.co.uk"),
        ("email", "ana@MÜLLER.de", "ana@müller.de"),
        ("email", "ana@mu\u0308ller.de", "ana@müller.de"),
        ("email", "\u200eana@example.com\u200f", "ana@example.com"),
        ("first_name", "  Jose\u0301 ", "José"),
        ("first_name", "\u200b", None),
        ("first_name", "x" * 150, "x" * 150),
        ("first_name", "=1+1", "=1+1"),
        ("account_state", "Inactive", "inactive"),
        ("account_state", "ACTIVE", "active"),
        ("subscribed_at", "2024-07-01", datetime(2024, 6, 30, 22, tzinfo=UTC)),
        ("subscribed_at", "2024-01-01 10:00", datetime(2024, 1, 1, 9, tzinfo=UTC)),
        ("subscribed_at", "2024-01-01T10:00:00.5", datetime(2024, 1, 1, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("subscribed_at", "2024-01-01T10:00:00Z", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("subscribed_at", "2024-01-01T10:00:00-05:00", datetime(2024, 1, 1, 15, tzinfo=UTC)),
        # An hour that the clock skips, and the first of one that comes twice.
        ("subscribed_at", "2024-03-31 02:30", datetime(2024, 3, 31, 1, 30, tzinfo=UTC)),
        ("subscribed_at", "2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        ("employees", "1200", 1200),
        ("employees", "12.50", 12.5),
        ("employees", "-0.5", -0.5),
        ("employees", "1e3", 1000),
        ("employees", "999999999999999", 999_999_999_999_999),
        ("birthday", "2001-02-28", "2001-02-28"),
        ("likes tea", "Yes", True),
        ("likes-tea", "0", False),
        ("plan", "pro", "Pro"),
        ("Remark", "as it is", "as it is"),
        ("attributes.city", "Lyon", "Lyon"),
        ("city", "Lyon", "Lyon"),
    ],
)
def test_a_cell_is_understood(name: str, cell: str, value: Any) -> None:
    assert one_field(name, cell) == value


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [
        ("email", "ana.example.com", "it: “ana.example.com” is not an e-mail address."),
        ("email", "ana@@example.com", "it: “ana@@example.com” is not an e-mail address."),
        ("email", "ana..b@example.com", "it: “ana..b@example.com” is not an e-mail address."),
        ("email", "ana@example.com, bo@example.com", "it: “ana@example.com, bo@example.com” is not an e-mail address."),
        ("email", "josé@example.com", "it: “josé@example.com” is not an e-mail address."),
        ("email", "a\u200b@example.com", "it: “a\u200b@example.com” is not an e-mail address."),
        ("email", "a" * 250 + "@b.co", "it: An e-mail has at most 254 characters."),
        ("company", "x" * 201, "it: This has 201 characters; at most 200 fit."),
        ("account_state", "on", "it: “on” is neither active nor inactive."),
        ("last_open_at", "26.02.2018", "it: “26.02.2018” is not a date like 2018-02-26 or 2018-02-26 19:58:54."),
        ("last_open_at", "02/26/2018", "it: “02/26/2018” is not a date like 2018-02-26 or 2018-02-26 19:58:54."),
        ("last_open_at", "2018-02-30", "it: “2018-02-30” is not a date like 2018-02-26 or 2018-02-26 19:58:54."),
        ("last_open_at", "20180226", "it: “20180226” is not a date like 2018-02-26 or 2018-02-26 19:58:54."),
        ("last_open_at", "2018-W09-1", "it: “2018-W09-1” is not a date like 2018-02-26 or 2018-02-26 19:58:54."),
        ("last_open_at", "0001-01-01", "it: “0001-01-01”: the year has to be between 1900 and 2199."),
        ("last_open_at", "9999-12-31", "it: “9999-12-31”: the year has to be between 1900 and 2199."),
        ("employees", "12,50", "it: “12,50” is not a number like 1200 or 12.50."),
        ("employees", "NaN", "it: “NaN” is not a number like 1200 or 12.50."),
        ("employees", "1_000", "it: “1_000” is not a number like 1200 or 12.50."),
        ("employees", "٣", "it: “٣” is not a number like 1200 or 12.50."),
        ("employees", "1e999999999", "it: “1e999999999” is not a number like 1200 or 12.50."),
        (
            "employees",
            "0.1234567",
            "it: “0.1234567” has more digits than the book keeps: 15, six of them behind the point.",
        ),
        ("birthday", "2001-02-29", "it: “2001-02-29” is not a date like 2018-02-26."),
        ("birthday", "2001-02-28 10:00", "it: “2001-02-28 10:00” is not a date like 2018-02-26."),
        ("likes tea", "maybe", "it: “maybe” is neither yes nor no."),
        ("plan", "Gold", "it: “Gold” is not one of: Free, Pro."),
        ("remark", "x" * 2001, "it: This has 2,001 characters; at most 2000 fit."),
    ],
)
def test_a_cell_that_cannot_be_used_refuses_the_row(name: str, cell: str, reason: str) -> None:
    assert one_field(name, cell) == reason


def test_every_problem_of_a_row_is_named() -> None:
    fields = fields_of("email,id,at,stage", stage_column="stage", since_column="at")
    row = fields.understand(Record(9, ["nobody", "7", "yesterday", "Gold"]))
    assert row.refusal == (
        "email: “nobody” is not an e-mail address. stage: There is no stage “Gold”. "
        "at: “yesterday” is not a date like 2018-02-26 or 2018-02-26 19:58:54."
    )


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["a@b.co"], "The row has 1 cell, the header 2 columns."),
        (["a@b.co", "7", "x"], "The row has 3 cells, the header 2 columns."),
        (["", " "], "The row has no e-mail and no external id: nothing to know the contact by."),
    ],
)
def test_a_row_that_is_too_short_or_too_long_or_nobody(cells: list[str], reason: str) -> None:
    assert fields_of("email,id").understand(Record(2, cells)).refusal == reason


@pytest.mark.parametrize(
    ("key", "cells", "reason"),
    [
        (Key.EMAIL, ["", "7"], "The row has no e-mail, which contacts are known by."),
        (Key.EXTERNAL_ID, ["a@b.co", ""], "The row has no external id, which contacts are known by."),
    ],
)
def test_a_row_without_its_key(key: Key, cells: list[str], reason: str) -> None:
    assert fields_of("email,id", key=key).understand(Record(2, cells)).refusal == reason


def test_stages_and_labels_of_a_row() -> None:
    fields = fields_of("email,id,stage,label", stage_column="stage", labels=("All",), label_column="label")
    row = fields.understand(Record(2, ["a@b.co", "", "e\u0301TAPE", " spring "]))
    assert (row.stage, row.labels, row.refusal) == (3, ("All", "spring"), "")
    row = fields.understand(Record(3, ["a@b.co", "", "", ""]))
    assert (row.stage, row.labels, row.refusal) == (None, ("All",), "")
    assert fields_of("email,id", stage="aware").understand(Record(2, ["a@b.co", ""])).stage == 1


def test_columns_that_mean_nothing_here_are_named() -> None:
    assert fields_of("email,id,origin,x,at", label_column="origin", since_column="at").unused == ("x",)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mapping": {}}, "Match a column to email or external_id: contacts are known by one of them."),
        (
            {"mapping": {"x": "first_name"}},
            "Match a column to email or external_id: contacts are known by one of them.",
        ),
        (
            {"mapping": {"email": "email"}, "key": Key.EXTERNAL_ID},
            "Contacts are known by external_id: match a column to it.",
        ),
        (
            {"mapping": {"email": "e-mail address"}},
            "There is no field “e-mail address”. Fields: email, external_id, first_name, last_name, phone, company, "
            "city, country, account_state, subscribed_at, unsubscribed_at, last_open_at, last_click_at, "
            "last_reply_at, birthday, city, employees, likes-tea, plan, remark.",
        ),
        (
            {"mapping": {"email": "email", "x": "e-mail"}},
            "There is no field “e-mail”. Fields: email, external_id, first_name, last_name, phone, company, city, "
            "country, account_state, subscribed_at, unsubscribed_at, last_open_at, last_click_at, last_reply_at, "
            "birthday, city, employees, likes-tea, plan, remark.",
        ),
        ({"mapping": {"email": "email", "x": "email"}}, "Two columns are matched to email: “email” and “x”."),
        ({"mapping": {"mail": "email"}}, "The file has no column “mail”. Its columns: email, id, x."),
        ({"stage": "Gold"}, "There is no stage “Gold”."),
        ({"stage_column": "y"}, "The file has no column “y”. Its columns: email, id, x."),
        ({"labels": (" ",)}, "The label has no name."),
        ({"labels": ("x" * 101,)}, "The name of a label has at most 100 characters."),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        fields_of("email,id,x", **options)
    assert str(refused.value) == sentence


CELLS = st.one_of(
    st.text(max_size=30),
    st.text("0123456789-+.eE:TZ ", max_size=30),
    st.text("a@.-\u0131\u00df\ufb01xn", max_size=30),
)


@given(cells=st.lists(CELLS, min_size=12, max_size=12))
def test_whatever_cells_hold_the_row_is_understood_or_refused(cells: list[str]) -> None:
    names = ["email", "external_id", "first_name", "account_state", "last_open_at", "stage", "since", "label"]
    wanted = [*names[:5], "employees", "birthday", "likes-tea", "plan"]
    columns = [*names, *wanted[5:]]
    fields = fields_of(
        ",".join(columns),
        mapping={name: name for name in wanted},
        stage_column="stage",
        since_column="since",
        label_column="label",
    )
    row = fields.understand(Record(2, cells))
    assert row.refusal == "" or row.refusal.endswith(".")
    json.dumps(row.attributes, allow_nan=False)
