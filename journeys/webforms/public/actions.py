"""What people send with web forms: kept, with the contact it makes or changes."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book.actions import ATTRIBUTE, DEFAULT_STATUS, add_contact, change_contact
from journeys.campaigns.actions import let_in_from_web_form
from journeys.status.actions import MoveRefused, change_status
from journeys.webforms.models import Submission, WebForm
from journeys.webforms.queries import EMAIL

logger = logging.getLogger(__name__)

TRIES = 4
"""Somebody else may save the same contact at the same moment: then it is known, and all is done again."""


class FormClosed(Exception):
    """The form was closed, or deleted, before this was sent."""


class SentBefore(Exception):
    """Something else was sent from this page already."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said in one field: the field, what it was called, and the value as contacts keep it."""

    field: str
    caption: str
    value: Any


def submit_web_form(
    *, form: WebForm, token: str, answers: Sequence[Answer], consent: str = "", by: TeamMember | None
) -> Submission:
    """Keep what was sent: a new contact, or news about a known one. Sent again from the same page, it is kept once.

    Whoever is known keeps whatever was not sent, and the stage too unless the form says otherwise.

    Args:
        token: of the page, as `read_token` gives it.
        answers: what was filled in, the e-mail among it.
        consent: the text that was agreed to.

    Raises:
        FormClosed: nobody can send it any more.
        SentBefore: the page was used for something else.
    """
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return _submit(form, token, [asdict(answer) for answer in answers], consent, by)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


def _submit(
    form: WebForm, token: str, answers: list[dict[str, Any]], consent: str, by: TeamMember | None
) -> Submission:
    if sent := Submission.objects.filter(token=token).first():
        if (sent.form_id, sent.answers, sent.consent) != (form.pk, answers, consent):
            raise SentBefore
        return sent
    stored = WebForm.objects.select_related("stage").filter(pk=form.pk, is_open=True).first()
    if stored is None:
        raise FormClosed
    said = {answer["field"]: answer["value"] for answer in answers}
    known = _known(said[EMAIL])
    contact, refusal = _change(stored, known, said, by) if known else _add(stored, said, by)
    for label in stored.labels.all():
        put_on_label(contacts=[contact.pk], label=label, by=by, cause=Cause.WEB_FORM)
    submission = Submission.objects.create(
        form=stored,
        contact=contact,
        answers=answers,
        consent=consent,
        token=token,
        is_new=known is None,
        refusal=refusal,
    )
    let_in_from_web_form(form=stored, contact=contact, by=by)
    logger.info("Web form %s was sent: submission %s", form.pk, submission.pk)
    return submission


def _known(email: str) -> Contact | None:
    same = Contact.objects.defer("search").filter(Exact(Lower("email"), Lower(Value(email))))
    return same.select_for_update(no_key=True).first()


def _add(form: WebForm, said: Mapping[str, Any], by: TeamMember | None) -> tuple[Contact, str]:
    """The new contact, and why it did not come to the stage of the form: then it has the default status."""
    fields = _fields({}, said)
    stage = DEFAULT_STATUS if form.default_status else form.stage
    try:
        return add_contact(fields=fields, stage=stage, by=by, cause=Cause.WEB_FORM, via=form.pk), ""
    except MoveRefused as refused:
        return add_contact(fields=fields, by=by, cause=Cause.WEB_FORM, via=form.pk), refused.refusal


def _change(form: WebForm, known: Contact, said: Mapping[str, Any], by: TeamMember | None) -> tuple[Contact, str]:
    """The contact, and why it did not come to the stage of the form, if it was to."""
    spoken_of = {name: value for name, value in said.items() if name != EMAIL}
    change_contact(contact=known, fields=_fields(known.attributes, spoken_of), by=by)
    if not form.moves_known:
        return known, ""
    outcome = change_status(contacts=[known.pk], to=form.stage, cause=Cause.WEB_FORM, by=by, via=form.pk)
    return known, outcome.refusal or ""


def _fields(present: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name of the model's field; the attributes that are spoken of beside those that stay."""
    fields = {name: value for name, value in said.items() if not name.startswith(ATTRIBUTE)}
    given = {name.removeprefix(ATTRIBUTE): value for name, value in said.items() if name.startswith(ATTRIBUTE)}
    return {**fields, "attributes": {**present, **given}} if given else fields
