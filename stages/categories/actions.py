"""Writes to categories: headings to sort stages under."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from config.team.models import TeamMember
from stages.models import Category, Stage

logger = logging.getLogger(__name__)


class CategoryUsed(Exception):
    """Stages in use are of the category, so it stays; `stages` says how many."""

    def __init__(self, stages: int) -> None:
        super().__init__(f"{stages} {'stage is' if stages == 1 else 'stages are'} of this category.")
        self.stages = stages


def create_category(*, fields: Mapping[str, Any], by: TeamMember | None) -> Category:
    """A new category. Without an alias it gets one made from the title.

    Args:
        fields: values by name of the model's field.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    category = Category(**fields)
    category.alias = category.alias or _free_alias(category.title)
    _save(category)
    logger.info("Category %s was created by %s", category.pk, _who(by))
    return category


def change_category(*, category: Category, fields: Mapping[str, Any], by: TeamMember | None) -> None:
    """Change fields of a category. An alias taken away is made from the title again.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    for name, value in fields.items():
        setattr(category, name, value)
    category.alias = category.alias or _free_alias(category.title)
    _save(category)
    logger.info("Category %s was changed by %s", category.pk, _who(by))


def delete_category(*, category: Category, by: TeamMember | None) -> None:
    """Delete a category that no stage in use is of. Retired ones give it up.

    Raises:
        CategoryUsed: stages in use are of it.
    """
    with transaction.atomic():
        Category.objects.select_for_update().filter(pk=category.pk).first()  # no stage takes it up meanwhile
        used = Stage.objects.in_use().filter(category=category).count()
        if used:
            raise CategoryUsed(used)
        Stage.objects.filter(category=category).update(category=None)
        number = category.pk
        category.delete()
    logger.info("Category %s was deleted by %s", number, _who(by))


def _free_alias(title: str) -> str:
    """An alias like the title that no category has."""
    wanted = slugify(title)[:90] or "category"
    taken = set(Category.objects.filter(alias__startswith=wanted).values_list("alias", flat=True))
    return next(alias for alias in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if alias not in taken)


def _save(category: Category) -> None:
    """Save a category that was checked; two people who choose one alias at once are told as one of them would be."""
    category.full_clean()
    try:
        with transaction.atomic():
            category.save()
    except IntegrityError as taken:
        category.validate_unique()
        raise ValidationError("Somebody saved a category like this at the same moment.") from taken


def _who(by: TeamMember | None) -> str:
    return str(by.pk) if by else "nobody"
