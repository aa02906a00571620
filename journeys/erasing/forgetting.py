"""What is forgotten beside the contact itself when a person is erased: wherever else their words may stand.

What keeps words that people type joins in: a text in `TEXTS`, anything else by a function in `FORGETTERS`.
`tests/journeys/test_nothing_is_left.py` finds a column that is missing here.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from config.team.calls.actions import forget_words_of_answers
from config.team.models import KeptAnswer
from contacts.models import Contact, Note
from journeys.erasing.words import Words
from journeys.exports.models import Export
from journeys.imports.erasing import forget_people
from journeys.imports.models import Import
from journeys.rules.models import LabelRule
from journeys.runs.models import Run, RunPreview
from journeys.webforms.models import Submission
from journeys.webhooks import actions as webhooks

NAMED_BY = ("email", "external_id", "first_name", "last_name", "phone")
"""The fields of a contact by which somebody is found in a text."""


@dataclass(frozen=True, slots=True)
class People:
    """Who is being erased: their numbers, and what they go by."""

    numbers: list[int]
    said: list[str]
    emails: list[str]

    @classmethod
    def of(cls, contacts: Iterable[Contact]) -> "People":
        """Whole names alone, and no single one: half of a name is anybody's."""
        numbers: list[int] = []
        said: list[str] = []
        emails: list[str] = []
        for contact in contacts:
            numbers.append(contact.pk)
            whole = [contact.name] if contact.first_name and contact.last_name else []
            said += filter(None, [contact.email, contact.phone, contact.external_id, *whole])
            emails += [contact.email.lower()] if contact.email else []
        return cls(numbers, said, emails)


TEXTS: tuple[tuple[type[Model], tuple[str, ...]], ...] = (
    (Run, ("words", "note")),
    (LabelRule, ("note",)),
    (Export, ("words",)),
    (Import, ("name",)),
    (LogEntry, ("object_repr", "change_message")),
    (AccessAttempt, ("get_data", "post_data", "path_info", "user_agent")),
    (AccessLog, ("path_info", "user_agent")),
    (AccessFailureLog, ("path_info", "user_agent")),
)
"""Texts that may name anybody. Whoever is erased is taken out of them, and the rest stays."""


def forget(people: People) -> None:
    """Forget people wherever they are named. Within the transaction that erases them, while they are still there."""
    words = Words(people.said)
    for model, fields in TEXTS:
        _take_out(model, fields, words)
    for forgetter in FORGETTERS:
        forgetter(people, words)


def _take_out(model: type[Model], fields: Sequence[str], words: Words, **which: Any) -> None:
    rows = model._default_manager.filter(**which).values_list("pk", *fields)
    for pk, *texts in rows.iterator(chunk_size=5000):
        changed = {
            field: without
            for field, text in zip(fields, texts, strict=True)
            if text and (without := words.without(text)) != text
        }
        if changed:
            model._default_manager.filter(pk=pk).update(**changed)


_NAMING = """
    SELECT DISTINCT found.id FROM unnest(%s::text[]) AS said
    CROSS JOIN LATERAL (
        SELECT id FROM {table}
        WHERE to_tsvector('simple'::regconfig, COALESCE({text}, '')) @@ phraseto_tsquery('simple'::regconfig, said)
        OFFSET 0
    ) AS found
"""


_LONG_NUMBERS = re.compile(r"[0-9]{5,}")
_NO_DIGIT = re.compile(r"[^0-9]+")


def _notes_about_others(people: People, words: Words) -> None:
    """There may be a million of them, so they are found through an index first; one's own go with the contact."""
    _take_out(Note, ("text",), words, pk__in=_naming(people, "contacts_note", "text"))


def _naming(people: People, table: str, text: str) -> list[int]:
    """Rows that may name one of these people, found through the index over the words of `text`."""
    phones = (part for said in people.said for part in (*_LONG_NUMBERS.findall(said), _NO_DIGIT.sub("", said)))
    with connection.cursor() as cursor:
        cursor.execute(_NAMING.format(table=table, text=text), [[*people.said, *filter(None, phones)]])
        return [row[0] for row in cursor.fetchall()]


def _submissions_of_others(people: People, words: Words) -> None:
    """What others sent with web forms may name somebody; one's own goes with the contact."""
    named = Submission.objects.filter(pk__in=_naming(people, "journeys_submission", "answers::text"))
    for submission in named.exclude(contact__in=people.numbers):
        for answer in submission.answers:
            if isinstance(answer["value"], str):
                answer["value"] = words.without(answer["value"])
        submission.save(update_fields=["answers"])


def _previews(people: People, words: Words) -> None:
    """What was searched, pasted or noted for a preview is there for a day; one that names somebody is dropped now."""
    texts = RunPreview.objects.values_list("pk", "selection", "not_found", "note")
    named = [pk for pk, *said in texts if words.are_in(json.dumps(said, ensure_ascii=False))]
    RunPreview.objects.filter(pk__in=named).delete()


def _admin_log(people: People, words: Words) -> None:
    """The Django admin keeps the name of whatever was edited there."""
    of_contacts = LogEntry.objects.filter(content_type__app_label="contacts", content_type__model="contact")
    of_contacts.filter(object_id__in=[str(number) for number in people.numbers]).delete()


def _attempts_to_sign_in(people: People, words: Words) -> None:
    for model in (AccessAttempt, AccessLog, AccessFailureLog):
        model.objects.filter(username__in=people.emails).delete()


def _sessions(people: People, words: Words) -> None:
    """A message that nobody has read yet waits in a session; sessions that have ended are still there too."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    for session, data in _sessions_with_messages():
        unread = json.loads(data.pop("_messages"))
        if words.are_in(json.dumps(unread, ensure_ascii=False)):
            session.session_data = SessionStore().encode(data)
            session.save(update_fields=["session_data"])


def _sessions_with_messages() -> Iterator[tuple[Session, dict[str, Any]]]:
    for session in Session.objects.iterator():
        data = session.get_decoded()
        if data.get("_messages"):
            yield session, data


def _imports(people: People, words: Words) -> None:
    forget_people(people.numbers)


def _answers(people: People, words: Words) -> None:
    """Answers to requests of applications, and of the receivers of webhooks, may hold words of theirs."""
    forget_words_of_answers(contacts=people.numbers, by=None)
    _take_out(KeptAnswer, ("answer",), words, contact=None)
    webhooks.forget_answers(contacts=people.numbers, by=None)


Forgetter = Callable[[People, Words], None]

FORGETTERS: tuple[Forgetter, ...] = (
    _notes_about_others,
    _previews,
    _admin_log,
    _attempts_to_sign_in,
    _sessions,
    _imports,
    _answers,
    _submissions_of_others,
)
"""Each forgets people in one place."""
