"""No word of an erased person stays with imports: refused rows, what undo needs, files that wait, samples of them."""

import pytest
from django.db import connection

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.imports.erasing import GONE
from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow
from tests.factories import contact_in
from tests.journeys.wizard import checked, imported, taken

pytestmark = pytest.mark.django_db

TABLES = ("import", "importchunk", "refusedrow", "importedfields", "run")
MAPPING = {"email": "email", "id": "external_id", "first": "first_name"}


def kept_of_imports() -> str:
    """Everything in the tables of imports, as a dump would show it."""
    said = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM journeys_{table} t")
            said.append(cursor.fetchone()[0])
        cursor.execute("SELECT coalesce(string_agg(convert_from(content, 'UTF8'), ' '), '') FROM journeys_importchunk")
        said.append(cursor.fetchone()[0])
    return " ".join(said).lower()


@pytest.fixture
def zoe(marketer: TeamMember) -> Contact:
    """Somebody whom an import changed, refused a row of, and whose name stands in a file that waits."""
    zoe = contact_in(None, email="zoe.quint@b.co", external_id="Q-7781", first_name="Zoraya")
    contact_in(None, email="other@b.co", external_id="O-1")
    imported(
        "email,id,first\nZOE.quint@b.co,Q-7781,Zoe\nnobody,Q-7781,Zoe\nother@b.co,Q-7781,Mix\nnobody,O-2,Else\n",
        marketer,
        mapping=MAPPING,
    )
    checked("email,id,first\nnew@b.co,N-1,New\nZoe.Quint@b.co,,Zoe\n", marketer, mapping=MAPPING)
    taken("email,id,first\nstranger@b.co,S-1,Stranger\n", marketer)
    return zoe


def test_all_of_it_goes_and_nothing_else_does(zoe: Contact, marketer: TeamMember) -> None:
    before = kept_of_imports()
    assert all(word in before for word in ("zoe.quint@b.co", "q-7781", "zoraya", "stranger@b.co"))
    erase_contacts(contacts=[zoe.pk], by=marketer)
    after = kept_of_imports()
    assert [word for word in ("zoe.quint@b.co", "q-7781", "zoraya") if word in after] == []
    assert [row.cells for row in RefusedRow.objects.all()] == [["nobody", "O-2", "Else"]]
    assert not ImportedFields.objects.exists()
    stranger, waiting, done = Import.objects.order_by("-pk")
    assert (stranger.state, waiting.state, waiting.problem, done.state) == ("read", "unreadable", GONE, "started")
    assert ImportChunk.objects.get().of == stranger


def test_a_word_across_two_pieces_is_found(marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr("journeys.imports.kept.PIECE", 10)
    zoe = contact_in(None, email="zoe.quint@b.co")
    taken("email,id,first\nzoe.quint@b.co,Q-7781,Zoe\n", marketer)
    erase_contacts(contacts=[zoe.pk], by=marketer)
    assert not ImportChunk.objects.exists()


def test_an_external_id_is_a_whole_cell(marketer: TeamMember) -> None:
    one = contact_in(None, email=None, external_id="1")
    taken("email,id,first\nstranger1@b.co,S-1,1st\n", marketer)
    erase_contacts(contacts=[one.pk], by=marketer)
    assert ImportChunk.objects.count() == 1


def test_somebody_without_keys_takes_nothing_along(marketer: TeamMember) -> None:
    nobody = contact_in(None, email=None)
    taken("email,id,first\nstranger@b.co,S-1,Stranger\n", marketer)
    erase_contacts(contacts=[nobody.pk], by=marketer)
    assert ImportChunk.objects.count() == 1
