"""Writes to web forms. What people send with them comes in by `journeys.webforms.public.actions`."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Label
from journeys.uses.queries import Use, uses_of_web_forms
from journeys.webforms.models import Asked, WebForm
from journeys.webforms.queries import EMAIL
from stages.models import Stage

logger = logging.getLogger(__name__)

MOST_FIELDS = 50


class WebFormChanged(Exception):
    """Somebody changed the web form meanwhile; `form` is what they made of it."""

    def __init__(self, form: WebForm) -> None:
        super().__init__("Somebody changed this web form meanwhile.")
        self.form = form


class WebFormInUse(Exception):
    """Something uses the web form, so it stays; `uses` says what."""

    def __init__(self, uses: list[Use]) -> None:
        super().__init__("Something uses this web form.")
        self.uses = uses


@dataclass(frozen=True, slots=True)
class Plan:
    """What a web form asks, and what becomes of whoever sends it: see `WebForm`."""

    name: str
    asks: Sequence[Asked]
    heading: str = ""
    introduction: str = ""
    consent: str = ""
    labels: Sequence[Label] = ()
    default_status: bool = True
    stage: Stage | None = None
    moves_known: bool = False
    thanks: str = ""
    thanks_address: str = ""


def create_web_form(*, plan: Plan, by: TeamMember) -> WebForm:
    """A new web form, open to everybody who knows its address.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    form = WebForm(created_by=by, changed_by=by)
    with transaction.atomic():
        _save(form, plan)
    logger.info("Web form %s was created by %s", form.pk, by.pk)
    return form


def change_web_form(*, form: WebForm, seen: int, plan: Plan, by: TeamMember) -> None:
    """Change a web form. Its address stays, and so does what was sent.

    Args:
        seen: the revision that the person saw.

    Raises:
        WebFormChanged: that is not the latest.
        ValidationError: by field, what cannot be kept.
    """
    with transaction.atomic():
        stored = WebForm.objects.select_for_update(of=["self"]).select_related("changed_by").get(pk=form.pk)
        if stored.revision != seen:
            raise WebFormChanged(stored)
        stored.changed_by, stored.changed_at, stored.revision = by, timezone.now(), seen + 1
        _save(stored, plan)
    logger.info("Web form %s was changed by %s", form.pk, by.pk)


def open_web_form(*, form: WebForm, by: TeamMember) -> bool:
    """Let people send a web form again. Returns whether it was closed."""
    return _set_open(form, True, by)


def close_web_form(*, form: WebForm, by: TeamMember) -> bool:
    """Let nobody send a web form any more; its page says so. Returns whether it was open."""
    return _set_open(form, False, by)


def delete_web_form(*, form: WebForm, by: TeamMember) -> None:
    """Delete a web form that nothing uses, and what was sent with it. Contacts stay, and so does their history.

    Raises:
        WebFormInUse: something uses it.
    """
    with transaction.atomic():
        WebForm.objects.select_for_update().filter(pk=form.pk).first()
        if uses := uses_of_web_forms()[form.pk]:
            raise WebFormInUse(uses)
        WebForm.objects.filter(pk=form.pk).delete()
    logger.info("Web form %s was deleted by %s", form.pk, by.pk)


def _set_open(form: WebForm, is_open: bool, by: TeamMember) -> bool:
    changed = WebForm.objects.filter(pk=form.pk, is_open=not is_open).update(
        is_open=is_open, changed_by=by, changed_at=timezone.now()
    )
    if changed:
        logger.info("Web form %s was %s by %s", form.pk, "opened" if is_open else "closed", by.pk)
    return changed == 1


def _save(form: WebForm, plan: Plan) -> None:
    """Save a form that was checked; two who choose one name at once are told as one of them would be."""
    _check(plan.asks)
    form.name, form.heading, form.introduction = plan.name, plan.heading, plan.introduction
    form.fields = [one.as_json() for one in plan.asks]
    form.consent, form.thanks, form.thanks_address = plan.consent, plan.thanks, plan.thanks_address
    form.default_status, form.stage, form.moves_known = plan.default_status, plan.stage, plan.moves_known
    form.full_clean()
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError as taken:
        form.validate_constraints()
        raise ValidationError("Somebody saved a web form like this at the same moment.") from taken
    form.labels.set(plan.labels)


def _check(asks: Sequence[Asked]) -> None:
    """Raise ValidationError unless the e-mail is asked for and required, and nothing is asked twice."""
    names = [one.field for one in asks]
    if not any(one.field == EMAIL and one.is_required for one in asks):
        raise ValidationError("A web form always asks for the e-mail: by it a contact is known.")
    if len(set(names)) < len(names):
        raise ValidationError("Each field is asked for once.")
    if len(names) > MOST_FIELDS:
        raise ValidationError(f"A web form asks for {MOST_FIELDS} fields at most.")
