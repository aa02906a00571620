"""Which files are read, which are refused, and in which words: no database is asked."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.imports.reading import MAX_CELL, ImportRefused, inspect, records, tidy
from tests.journeys.importing import write


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


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


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": (b"", "The file is empty."),
    "a byte order mark and nothing": (b"\xef\xbb\xbf", "The file is empty."),
    "blank lines alone": ("\n\n\n", "The file is empty."),
    "a header alone": ("email,name\n", "The file has a header and no rows under it."),
    "a quote never closed": (
        'email,name\na@b.co,Ana\nb@b.co,"Bo\nc@b.co,Cy\n',
        "The row on line 3 has a quote that is not closed.",
    ),
    "a quote closed much later": (
        'email,name\na@b.co,"Ana\n' + "b@b.co,Bo\n" * 20_000 + '"\n',
        "The row on line 2 has a cell of more than 131,072 characters: is a quote not closed?",
    ),
    "text after a quote": (
        'email,name\na@b.co,"Ana" Silva\n',
        "The row on line 2 has text after a closing quote. Quotes within a cell have to be doubled.",
    ),
    "a megabyte in a cell": (
        f"email,name\na@b.co,{'x' * 1_000_000}\n",
        "The row on line 2 has a cell of more than 131,072 characters: is a quote not closed?",
    ),
    "a line without an end": ("x" * 9_000_000, "Line 1 has more than 8,000,000 characters: this is not a CSV file."),
    "NUL": (b"email,name\na@b.co,A\x00na\n", "Line 2 holds a NUL character: the file is damaged or no text."),
    "NUL at the end of a large file": (
        b"email,name\n" + b"a@b.co,Ana\n" * 100_000 + b"\x00",
        "Line 100002 holds a NUL character: the file is damaged or no text.",
    ),
    "Windows-1252": (
        "email,name\na@b.co,José\n".encode("cp1252"),
        "Line 2 holds the byte E9, which is not UTF-8. The file is probably in Windows-1252. Save it as “CSV UTF-8”.",
    ),
    "Windows-1252 late in a large file": (
        b"email,name\n" + b"a@b.co,Ana\n" * 200_000 + "a@b.co,Zoë\n".encode("cp1252"),
        "Line 200002 holds the byte EB, which is not UTF-8. "
        "The file is probably in Windows-1252. Save it as “CSV UTF-8”.",
    ),
    "Shift JIS": (
        "email,name\na@b.co,表示\n".encode("shift_jis") + b"\x81\x8d\x90",
        "Line 2 holds the byte 95, which is not UTF-8. The file is in another encoding. Save it as “CSV UTF-8”.",
    ),
    "UTF-16 with a mark": (
        "email,name\na@b.co,Ana\n".encode("utf-16"),
        "The file is in UTF-16, not in UTF-8. Save it as “CSV UTF-8”.",
    ),
    "UTF-16 without a mark": (
        "email,name\na@b.co,Ana\n".encode("utf-16-le"),
        "The file is in UTF-16, not in UTF-8. Save it as “CSV UTF-8”.",
    ),
    "UTF-32": (
        "email,name\na@b.co,Ana\n".encode("utf-32"),
        "The file is in UTF-32, not in UTF-8. Save it as “CSV UTF-8”.",
    ),
    "broken off within a character": (
        "email,name\na@b.co,José".encode()[:-1],
        "The file breaks off in the middle of a character (line 2).",
    ),
    "half a surrogate pair": (
        b"email,name\na@b.co,\xed\xa0\x80\n",
        "Line 2 holds the byte ED, which is not UTF-8. The file is probably in Windows-1252. Save it as “CSV UTF-8”.",
    ),
    "an Excel workbook": (
        zipped("[Content_Types].xml", "xl/workbook.xml"),
        "This is an Excel workbook (.xlsx). Open it and save it as “CSV UTF-8”.",
    ),
    "an old Excel workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100,
        "This is an old Excel workbook (.xls). Open it and save it as “CSV UTF-8”.",
    ),
    "an OpenDocument table": (
        zipped("mimetype", "content.xml"),
        "This is an OpenDocument file. Open it and save it as CSV in UTF-8.",
    ),
    "a zip file": (zipped("contacts.csv"), "This is a zip file. Unpack it and import the CSV file in it."),
    "a broken zip file": (b"PK\x03\x04 and no more", "This is a broken zip file, not a CSV file."),
    "gzip": (b"\x1f\x8b\x08\x00rest", "This is a compressed file (gzip). Unpack it first."),
    "PDF": (b"%PDF-1.7\n", "This is a PDF, not a CSV file."),
    "a web page": (
        "\n<!DOCTYPE html>\n<table><tr><td>email</td></tr></table>\n",
        "This is a web page or XML, not a CSV file. Download the data itself as CSV.",
    ),
    "a table of HTML called .csv": (
        b"\xef\xbb\xbf<table><tr><td>email</td></tr></table>",
        "This is a web page or XML, not a CSV file. Download the data itself as CSV.",
    ),
    "JSON": ('[{"email": "a@b.co"}]\n', "This looks like JSON, not a CSV file."),
    "a header twice": ("email,name,email\na@b.co,Ana,b@b.co\n", "The header names the column “email” twice."),
    "a header twice but for blanks": ("email, email \na@b.co,b@b.co\n", "The header names the column “email” twice."),
    "a header twice in two normal forms": (
        "Stra\u00dfe \u00e9,Stra\u00dfe e\u0301\n1,2\n",
        "The header names the column “Stra\u00dfe \u00e9” twice.",
    ),
    "a header without a name": ("email,,name\na@b.co,x,Ana\n", "Column 2 of the header has no name."),
    "a header that ends with a comma": ("email,name,\na@b.co,Ana,\n", "Column 3 of the header has no name."),
    "a row of nine megabytes in many lines": (
        ",".join(f"c{n}" for n in range(90)) + "\n" + ",".join(['"' + "x\n" * 50_000 + '"'] * 90) + "\n",
        "The row on line 2 has more than 8,000,000 characters.",
    ),
    "100,000 columns": (
        ",".join(f"c{n}" for n in range(100_000)) + "\n",
        "The file has 100,000 columns; at most 1,000 can be read.",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    content, sentence = REFUSED[name]
    with pytest.raises(ImportRefused) as refused:
        inspect(write(tmp_path, content))
    assert str(refused.value) == sentence


def test_there_are_enough_hostile_files() -> None:
    assert len(REFUSED) >= 30


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
