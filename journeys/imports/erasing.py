"""What imports keep of a person, and dropping it when they are erased."""

import re
from collections.abc import Sequence

from django.db import connection

from contacts.models import Contact
from journeys.imports.models import Import, ImportChunk, ImportedFields, RefusedRow

_REFUSED = """
    DELETE FROM journeys_refusedrow
    WHERE cells && %(external_ids)s::text[]
       OR EXISTS (SELECT FROM unnest(%(said)s::text[]) AS word
                  WHERE strpos(lower(array_to_string(cells, chr(10)) || chr(10) || reason), word) > 0)
"""

GONE = (
    "Somebody in this file was erased from the Contact Book, and the file with them. Start again with a file without."
)


def forget_people(contacts: Sequence[int]) -> None:
    """Drop what imports keep of contacts that are about to be erased, within the same transaction.

    That is what their fields were before an import, refused rows that name them by e-mail or external id, and files
    that nobody imported yet in which they stand.
    """
    ImportedFields.objects.filter(contact_id__in=contacts).delete()
    keys = list(Contact.objects.filter(pk__in=contacts).values_list("pk", "email", "external_id"))
    emails = [email.lower() for _, email, _ in keys if email]
    external_ids = [external_id for _, _, external_id in keys if external_id]
    with connection.cursor() as cursor:
        said = [*emails, *(f"contact {pk} (" for pk, _, _ in keys)]
        cursor.execute(_REFUSED, {"external_ids": external_ids, "said": said})
    _forget_files(emails, external_ids)


def _forget_files(emails: Sequence[str], external_ids: Sequence[str]) -> None:
    waiting = Import.objects.exclude(state__in=[Import.State.STARTED, Import.State.FORGOTTEN])
    for pk, encoding in waiting.values_list("pk", "encoding"):
        words = [re.escape(email.encode(encoding, errors="ignore")) for email in emails]
        words += [_CELL % re.escape(key.encode(encoding, errors="ignore")) for key in external_ids]
        if words and _holds(pk, re.compile(b"|".join(words), re.IGNORECASE)):
            ImportChunk.objects.filter(of=pk).delete()
            RefusedRow.objects.filter(of=pk).delete()
            Import.objects.filter(pk=pk).update(state=Import.State.UNREADABLE, problem=GONE, notes={})


_CELL = rb"(?:^|[,;\t\n\r\"]) *%s *(?:[,;\t\n\r\"]|$)"
"""An external id is looked for as a whole cell: the id 1 would be found in every file."""

_OVERLAP = 1000


def _holds(asked: int, words: re.Pattern[bytes]) -> bool:
    """Whether the file of an import holds one of the words, across its pieces too."""
    end = b""
    numbers = ImportChunk.objects.filter(of=asked).order_by("number").values_list("number", flat=True)
    for number in numbers:
        piece = end + bytes(ImportChunk.objects.get(of=asked, number=number).content)
        if words.search(piece):
            return True
        end = piece[-_OVERLAP:]
    return False
