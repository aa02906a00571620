"""Writes to labels. Which contacts carry them is written by `contacts.actions`."""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from config.team.models import TeamMember
from contacts.models import Label

logger = logging.getLogger(__name__)


def create_label(*, name: str, colour: str, by: TeamMember | None) -> Label:
    """A new label that nobody carries yet.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    label = Label(name=name, colour=colour, created_by=by)
    _save(label)
    logger.info("Label %s was created by %s", label.pk, by.pk if by else "nobody")
    return label


def change_label(*, label: Label, name: str, colour: str, by: TeamMember | None) -> None:
    """Give a label another name and colour. Whoever carries it carries it on.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    label.name, label.colour = name, colour
    _save(label)
    logger.info("Label %s was changed by %s", label.pk, by.pk if by else "nobody")


def _save(label: Label) -> None:
    """Save a label that was checked; two people who choose one name at once are told as one of them would be."""
    label.full_clean()
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as taken:
        label.validate_constraints()
        raise ValidationError("Somebody saved a label like this at the same moment.") from taken
