"""Hostile files, each with its verdict: refused as a whole with a sentence, or what becomes of its rows."""

import io
import zipfile


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


UNREADABLE: dict[str, tuple[str | bytes, str]] = {
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
    "no line of column names": (
        "a@b.co,Ana\nb@b.co,Bo\n",
        "The first line holds an e-mail address: put a line of column names above it.",
    ),
}
"""Files that are refused as a whole, each with the sentence that says why."""


Reasons = dict[int, str]

ONE = (1, 0, 0, 0)
NONE = (0, 0, 0, 1)

READABLE: dict[str, tuple[str | bytes, tuple[int, int, int, int], Reasons]] = {
    # what looks dangerous and is text
    "a formula as a name": ('email,first\na@b.co,"=HYPERLINK(""http://x"",""y"")"\n', ONE, {}),
    "a formula as a key": ("email,id\na@b.co,=1+1\n", ONE, {}),
    "a command as a name": ("email,first\na@b.co,=cmd|' /C calc'!A0\n", ONE, {}),
    "SQL as a name": ("email,first\na@b.co,Robert'); DROP TABLE contacts_contact;--\n", ONE, {}),
    "HTML as a name": ("email,first\na@b.co,<script>alert(1)</script>\n", ONE, {}),
    "a template as a name": ("email,first\na@b.co,{{ settings.SECRET_KEY }} %s {0}\n", ONE, {}),
    "a backslash and a per cent": ("email,first\na@b.co,\\N %_\n", ONE, {}),
    "the word NULL": ("email,first\na@b.co,NULL\n", ONE, {}),
    "emoji": ("email,first\na@b.co,\U0001f937\u200d\u2640\ufe0f\n", ONE, {}),
    "a line end in a name": ('email,first\na@b.co,"Ana\nSilva"\n', ONE, {}),
    "a line separator of Unicode": ("email,first\na@b.co,x\u2028y\n", ONE, {}),
    "a character that is none": ("email,first\na@b.co,x\ufffey\n", ONE, {}),
    # right-to-left marks, blanks, normal forms
    "right-to-left marks around an e-mail": ("email\n\u202eana@b.co\u202c\n", ONE, {}),
    "a right-to-left mark within an e-mail": (
        "email\nan\u200fa@b.co\n",
        NONE,
        {2: "email: “an\u200fa@b.co” is not an e-mail address."},
    ),
    "a name from right to left": ("email,first\na@b.co,\u202eילא\u202c\n", ONE, {}),
    "blanks of all kinds around a stage": ("email,stage\na@b.co,\u00a0\u2003Aware\u200b \n", ONE, {}),
    "twin e-mails in two normal forms": ("email\nana@m\u00fcller.de\nana@mu\u0308ller.de\n", (1, 0, 1, 0), {}),
    "twin e-mails in two cases": ("email\nANA@b.co\nana@B.CO\n", (1, 0, 1, 0), {}),
    "twin rows": ("email,first\na@b.co,Ana\na@b.co,Ana\na@b.co,Ana\n", (1, 0, 2, 0), {}),
    "twins that contradict": ("email,first\na@b.co,Ana\na@b.co,Anna\n", (1, 1, 0, 0), {}),
    "twin keys of two rows": (
        "email,id\na@b.co,1\nb@b.co,2\na@b.co,2\n",
        (2, 0, 0, 1),
        {
            4: "The row matches two contacts: the contact of line 2 (a@b.co, 1) by its e-mail, "
            "the contact of line 3 (b@b.co, 2) by its external id."
        },
    ),
    "letters of full width in an e-mail": (
        "email\n\uff41@b.co\n",
        NONE,
        {2: "email: “\uff41@b.co” is not an e-mail address."},
    ),
    # keys
    "no key": (
        "email,id,first\n,,Ana\n",
        NONE,
        {2: "The row has no e-mail and no external id: nothing to know the contact by."},
    ),
    "two signs in an e-mail": ("email\na@b@c.co\n", NONE, {2: "email: “a@b@c.co” is not an e-mail address."}),
    "a name with an e-mail": ("email\nAna <a@b.co>\n", NONE, {2: "email: “Ana <a@b.co>” is not an e-mail address."}),
    "two e-mails in a cell": (
        "email\na@b.co; b@b.co\n",
        NONE,
        {2: "email: “a@b.co; b@b.co” is not an e-mail address."},
    ),
    "an e-mail of 255 characters": (
        f"email\n{'a' * 250}@b.co\n",
        NONE,
        {2: "email: An e-mail has at most 254 characters."},
    ),
    "an external id of 201 characters": (
        f"id\n{'x' * 201}\n",
        NONE,
        {2: "id: This has 201 characters; at most 200 fit."},
    ),
    "a number as Excel writes it": ("id,first\n1.23457E+15,Ana\n", ONE, {}),
    # cells and rows
    "a name of 151 characters": (
        f"email,first\na@b.co,{'x' * 151}\n",
        NONE,
        {2: "first: This has 151 characters; at most 150 fit."},
    ),
    "a heap of accents": (
        f"email,first\na@b.co,a{chr(0x301) * 400}\n",
        NONE,
        {2: "first: This has 400 characters; at most 150 fit."},
    ),
    "a cell of a hundred thousand characters": (
        f"email,first\na@b.co,{'x' * 100_000}\n",
        NONE,
        {2: "first: This has 100,000 characters; at most 150 fit."},
    ),
    "a row that is too short": ("email,first\na@b.co\n", NONE, {2: "The row has 1 cell, the header 2 columns."}),
    "a row that is too long": ("email,first\na@b.co,x,y\n", NONE, {2: "The row has 3 cells, the header 2 columns."}),
    "a decimal comma that cuts a row": (
        "email,seats\na@b.co,12,5\n",
        NONE,
        {2: "The row has 3 cells, the header 2 columns."},
    ),
    "a footer": ("email,first\na@b.co,Ana\nTotal: 1\n", (1, 0, 0, 1), {3: "The row has 1 cell, the header 2 columns."}),
    "the header once more": (
        "email,first\na@b.co,Ana\nemail,first\n",
        (1, 0, 0, 1),
        {3: "email: “email” is not an e-mail address."},
    ),
    "a row with several faults": (
        "email,first,seats\nnobody,Ana,many\n",
        NONE,
        {2: "email: “nobody” is not an e-mail address. seats: “many” is not a number like 1200 or 12.50."},
    ),
    # stages, never made
    "an unknown stage": ("email,stage\na@b.co,Gold\n", NONE, {2: "stage: There is no stage “Gold”."}),
    "a stage in other letters": ("email,stage\na@b.co,aWARE\n", ONE, {}),
    "a closed stage": ("email,stage\na@b.co,Promoter\n", NONE, {2: "Stage is missing or unpublished."}),
    "a retired stage": (
        "email,stage\na@b.co,Loyal Customer\n",
        NONE,
        {2: "stage: There is no stage “Loyal Customer”."},
    ),
    "a stage by its number": ("email,stage\na@b.co,1\n", NONE, {2: "stage: There is no stage “1”."}),
    "a lower stage in a later row": (
        "email,stage\na@b.co,Customer\na@b.co,Aware\n",
        (1, 0, 0, 1),
        {3: "Contact was not able to move into this stage."},
    ),
    # labels, made only if that is asked
    "an unknown label": ("email,label\na@b.co,spring\n", NONE, {2: "There is no label “spring”."}),
    "a label in other letters": ("email,label\na@b.co,fAIR\n", ONE, {}),
    "a label of 101 characters": (
        f"email,label\na@b.co,{'x' * 101}\n",
        NONE,
        {2: "label: The name of a label has at most 100 characters."},
    ),
    # dates
    "a date in another order": (
        "email,since\na@b.co,26.02.2018\n",
        NONE,
        {2: "since: “26.02.2018” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "a date with two digits of a year": (
        "email,since\na@b.co,26.02.18\n",
        NONE,
        {2: "since: “26.02.18” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "a day that there is not": (
        "email,since\na@b.co,2024-02-30\n",
        NONE,
        {2: "since: “2024-02-30” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "a number of days as Excel counts": (
        "email,since\na@b.co,45000\n",
        NONE,
        {2: "since: “45000” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "the first year": (
        "email,since\na@b.co,0001-01-01\n",
        NONE,
        {2: "since: “0001-01-01”: the year has to be between 1900 and 2199."},
    ),
    "the last year": (
        "email,open\na@b.co,9999-12-31T23:59:59Z\n",
        NONE,
        {2: "open: “9999-12-31T23:59:59Z”: the year has to be between 1900 and 2199."},
    ),
    "a date in the future": ("email,since\na@b.co,2199-01-01\n", NONE, {2: "The date is in the future."}),
    "a zone that there is not": (
        "email,since\na@b.co,2024-01-01T00:00+25:00\n",
        NONE,
        {2: "since: “2024-01-01T00:00+25:00” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "digits of another script": (
        "email,since\na@b.co,\u0662\u0660\u0662\u0664-01-01\n",
        NONE,
        {2: "since: “\u0662\u0660\u0662\u0664-01-01” is not a date like 2018-02-26 or 2018-02-26 19:58:54."},
    ),
    "dates out of order": (
        "email,stage,since\na@b.co,Engaged,2024-03-01\na@b.co,Customer,2024-02-01\n",
        (1, 0, 0, 1),
        {
            3: "The date is before the present status began. The date is 2024-02-01 00:00:00 UTC; "
            "the contact is in Engaged since 2024-03-01 00:00:00 UTC."
        },
    ),
    # attributes and account states
    "a number with separators": (
        'email,seats\na@b.co,"1,200.50"\n',
        NONE,
        {2: "seats: “1,200.50” is not a number like 1200 or 12.50."},
    ),
    "a number that is none": (
        "email,seats\na@b.co,NaN\n",
        NONE,
        {2: "seats: “NaN” is not a number like 1200 or 12.50."},
    ),
    "a number without an end": (
        "email,seats\na@b.co,1e400\n",
        NONE,
        {2: "seats: “1e400” is not a number like 1200 or 12.50."},
    ),
    "neither yes nor no": ("email,tea\na@b.co,maybe\n", NONE, {2: "tea: “maybe” is neither yes nor no."}),
    "a choice that is not offered": (
        "email,plan\na@b.co,Platin\n",
        NONE,
        {2: "plan: “Platin” is not one of: Free, Pro."},
    ),
    "an account state in another language": (
        "email,state\na@b.co,aktiv\n",
        NONE,
        {2: "state: “aktiv” is neither active nor inactive."},
    ),
    "an account that goes and comes": ("email,state\na@b.co,inactive\na@b.co,active\n", (1, 1, 0, 0), {}),
    # formats that are sound
    "semicolons": ("email;first\na@b.co;Ana, Silva\n", ONE, {}),
    "tabs": ("email\tfirst\na@b.co\tAna;Silva\n", ONE, {}),
    "a byte order mark": (b"\xef\xbb\xbfemail,first\na@b.co,Ana\n", ONE, {}),
    "ends of lines of an old Mac": (b"email,first\ra@b.co,Ana\r", ONE, {}),
    "ends of lines of all kinds": (b"email,first\r\na@b.co,Ana\rb@b.co,Bo\nc@b.co,Cy", (3, 0, 0, 0), {}),
    "blank lines": ("\n\nemail,first\n\na@b.co,Ana\n\n\n", ONE, {}),
    "a thousand columns": (
        ",".join(["email", *(f"c{number}" for number in range(999))]) + "\na@b.co" + "," * 999 + "\n",
        ONE,
        {},
    ),
}
"""Files that are read: what becomes of their rows (created, updated, unchanged, refused), and why by line."""
