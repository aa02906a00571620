"""Which files are read, which are refused, and in which words: no database is asked."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.imports.reading import MAX_CELL, ImportRefused, inspect, records, tidy
from tests.journeys.corpus import UNREADABLE
from tests.journeys.importing import write

READ = {
    "comma": ("email,name\na@b.co,Ana\n", ",", [["a@b.co", "Ana"]]),
    "semicolon": ("email;name\na@b.co;Ana, Silva\n", ";", [["a@b.co", "Ana, Silva"]]),
    "tab": ("email\tname\na@b.co\tAna;Silva\n", "\t", [["a@b.co", "Ana;Silva"]]),
    "one column": ("email\na@b.co\n", ",", [["a@b.co"]]),
    "byte order mark": (b"\xef\xbb\xbfemail,name\na@b.co,Ana\n", ",", [["a@b.co", "Ana"]]),
    "byte order mark before a quote": (b'\xef\xbb\xbf"email";"name"\n"a@b.co";"Ana"\n', ";", [["a@b.co", "Ana"]]),
    "ends of lines of Windows": ("email,name\r\na@b.co,Ana\r\n", ",", [["a@b.co", "Ana"]]),
    "ends of lines of an old Mac": ("email,name\ra@b.co,Ana\r", ",", [["a@b.co", "Ana"]]),
    "no end of the last line": ("email,name\na@b.co,Ana", ",", [["a@b.co", "Ana"]]),
    "blank lines": ("email,name\n\na@b.co,Ana\n\n\n", ",", [["a@b.co", "Ana"]]),
    "blank lines before the header": ("\n\nemail,name\na@b.co,Ana\n", ",", [["a@b.co", "Ana"]]),
    "a line end in a cell": ('email,name\na@b.co,"Ana\nSilva"\n', ",", [["a@b.co", "Ana\nSilva"]]),
    "doubled quotes": ('email,name\na@b.co,"Ana ""Ann"" S"\n', ",", [["a@b.co", 'Ana "Ann" S']]),
    "a quote within a bare cell": ('email,size\na@b.co,5" pipe\n', ",", [["a@b.co", '5" pipe']]),
    "commas in quotes, cut by semicolons": ('"a,b,c";"d"\n"1,2,3";"4"\n', ";", [["1,2,3", "4"]]),
    "more semicolons in the rows than columns": ("email,name\na@b.co,x;y;z\n", ",", [["a@b.co", "x;y;z"]]),
    "rows of other lengths": ("a,b\n1\n1,2,3\n", ",", [["1"], ["1", "2", "3"]]),
    "empty cells only": ("a,b\n,\n", ",", [["", ""]]),
    "a formula": ('email,name\na@b.co,"=HYPERLINK(""http://x"")"\n', ",", [["a@b.co", '=HYPERLINK("http://x")']]),
    "the longest cell": (f"a,b\n1,{'x' * MAX_CELL}\n", ",", [["1", "x" * MAX_CELL]]),
    "a thousand columns": (
        ",".join(f"c{n}" for n in range(1000)) + "\n" + "," * 999 + "\n",
        ",",
        [[""] * 1000],
    ),
    "a line separator of Unicode in a cell": ("a,b\n1,x\u2028y\n", ",", [["1", "x\u2028y"]]),
    "our own refused rows": (
        "refused_line,refused_reason,email\n7,The row was bad.,a@b.co\n",
        ",",
        [["7", "The row was bad.", "a@b.co"]],
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_sound_file_is_read(name: str, tmp_path: Path) -> None:
    content, delimiter, rows = READ[name]
    file = inspect(write(tmp_path, content))
    assert file.delimiter == delimiter
    assert [record.cells for record in records(file)] == rows
    assert file.records == len(rows)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_hostile_file_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    content, sentence = UNREADABLE[name]
    with pytest.raises(ImportRefused) as refused:
        inspect(write(tmp_path, content))
    assert str(refused.value) == sentence


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"There is no file .*missing\.csv\."):
        inspect(tmp_path / "missing.csv")
    with pytest.raises(ImportRefused, match="There is no file"):
        inspect(tmp_path)


def test_a_row_is_known_by_the_line_where_it_begins(tmp_path: Path) -> None:
    file = inspect(write(tmp_path, 'email,note\n\na@b.co,"one\ntwo\nthree"\nb@b.co,x\n'))
    assert [(record.line, record.cells[0]) for record in records(file)] == [(3, "a@b.co"), (6, "b@b.co")]


def test_a_file_changed_after_it_was_inspected_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "email\na@b.co\n")
    file = inspect(path)
    write(tmp_path, "email\na@b.co\nb@b.co\n")
    with pytest.raises(ImportRefused, match=r"^The file was changed while it was read\.$"):
        list(records(file))


def test_a_column_is_found_whatever_its_case_unless_two_are_alike(tmp_path: Path) -> None:
    file = inspect(write(tmp_path, "E-Mail,Name,name\n1,2,3\n"))
    assert (file.find("e-mail"), file.find(" Name "), file.find("name")) == (0, 1, 2)
    for unknown in ("NAME", "mail"):
        with pytest.raises(ImportRefused) as refused:
            file.find(unknown)
        assert str(refused.value) == f"The file has no column “{unknown}”. Its columns: E-Mail, Name, name."


def test_a_column_mistaken_for_one_of_labels_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n}\n" for n in range(1001))
    with pytest.raises(ImportRefused) as refused:
        inspect(write(tmp_path, f"id,number\n{rows}"), label_column="number")
    assert str(refused.value) == "“number” has more than 1,000 different values: too many for labels."
    rows = "".join(f"{n},{n % 1000}\n" for n in range(3000))
    assert inspect(write(tmp_path, f"id,number\n{rows}"), label_column="number").records == 3000


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text('ab,;\t\n\r"\ufeff\u2028é\0', max_size=80).map(str.encode),
    )
)
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    try:
        file = inspect(path)
    except ImportRefused as refused:
        assert str(refused).endswith(".") or "is a quote not closed?" in str(refused)
    else:
        assert len(list(records(file))) == file.records > 0


@pytest.mark.parametrize(
    ("cell", "tidied"),
    [
        ("  Ana ", "Ana"),
        ("\u200fAna\u200e", "Ana"),
        ("\ufeffAna\u00a0", "Ana"),
        ("\u202dAna\u202c", "Ana"),
        ("Jose\u0301", "José"),
        ("\u200b", ""),
        ("a\u200db", "a\u200db"),
        ("ﬁ", "ﬁ"),
    ],
)
def test_cells_are_tidied(cell: str, tidied: str) -> None:
    assert tidy(cell) == tidied
