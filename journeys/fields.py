"""Columns that hold a number only: no foreign key, so that a run costs half and history outlives all it names."""

from django.conf import settings
from django.db import models

from stages.models import Stage


class TransactionIdField(models.Field):
    """PostgreSQL's xid8: the transaction that wrote the row. Read as text."""

    def db_type(self, connection) -> str:
        return "xid8"


def stage_number(**options) -> models.ForeignKey:
    """A stage or none, without a foreign key in the database: stages are retired, never deleted."""
    return models.ForeignKey(
        Stage,
        models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        **options,
    )


def person_number(**options) -> models.ForeignKey:
    """A team member or nobody, without a foreign key in the database: people are deactivated, never deleted."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        **options,
    )


def number_of(model: str, **options) -> models.ForeignKey:
    """A row of `model` or none, without a foreign key in the database."""
    return models.ForeignKey(
        model, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False, **options
    )
