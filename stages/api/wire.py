"""A stage in the words of Mautic's API: as it is sent, and as it is understood."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from config.api import values
from config.api.answers import ApiError
from config.api.bodies import Data
from stages.models import Category, Stage

NAME_IS_REQUIRED = "A name is required."

_NAMES = {
    "is_published": "isPublished",
    "publish_up": "publishUp",
    "publish_down": "publishDown",
    "colour": "color",
    NON_FIELD_ERRORS: "stage",
}
"""Fields whose name on the wire is another one than the model's."""

_CLEARED: dict[str, Any] = {
    "name": "",
    "description": "",
    "weight": 0,
    "category": None,
    "is_published": False,
    "publish_up": None,
    "publish_down": None,
}
"""What a PUT makes of the fields it does not name. Those of our own stay: Mautic's clients do not know of them."""

Categories = Mapping[int, Category]


# As it is sent


def stage_data(stage: Stage, *, minimal: bool = False) -> Data:
    """A stage read with its category and the people who made and changed it."""
    data = {
        "isPublished": stage.is_published,
        "dateAdded": values.written(stage.created_at),
        "dateModified": values.written(stage.modified_at),
        "createdBy": stage.created_by_id,
        "createdByUser": str(stage.created_by) if stage.created_by else None,
        "modifiedBy": stage.modified_by_id,
        "modifiedByUser": str(stage.modified_by) if stage.modified_by else None,
        "id": stage.pk,
        "name": stage.name,
        "category": category_data(stage.category),
        "weight": stage.weight,
        "description": stage.description or None,
    }
    if not minimal:
        data |= {"publishUp": values.written(stage.publish_up), "publishDown": values.written(stage.publish_down)}
    return {**data, "color": stage.colour}


def category_data(category: Category | None) -> Data | None:
    if not category:
        return None
    return {
        "isPublished": category.is_published,
        "createdByUser": None,
        "modifiedByUser": None,
        "id": category.pk,
        "title": category.title,
        "alias": category.alias,
        "description": category.description or None,
        "color": category.colour.removeprefix("#"),
        "bundle": "stage",
    }


# As it is understood


def fields_said(data: Data, categories: Categories) -> dict[str, Any]:
    """What a body says of a stage, by name of the model's field; what it does not say is left out.

    Args:
        categories: those that it may name.

    Raises:
        ApiError: 400, by field, what cannot be understood.
    """
    fields: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, read in _READERS.items():
        said = _NAMES.get(name, name)
        if said in data:
            try:
                fields[name] = read(data[said])
            except ValueError as error:
                wrong[said] = [str(error)]
    if data.get("category") and "category" in fields and (number := fields["category"]):
        if number in categories:
            fields["category"] = categories[number]
        else:
            wrong["category"] = ["There is no such category."]
    if fields.get("name") == "":
        wrong["name"] = [NAME_IS_REQUIRED]
    if wrong:
        raise ApiError.of_fields(wrong)
    return fields


def fields_of_new(data: Data, categories: Categories) -> dict[str, Any]:
    """Everything a new stage needs. Raises ApiError as `fields_said`, and for a missing name."""
    return _with_name(fields_said(data, categories))


def fields_of_replaced(data: Data, categories: Categories) -> dict[str, Any]:
    """Everything that a PUT sets. Raises ApiError as `fields_of_new`."""
    return {**_CLEARED, **_with_name(fields_said(data, categories))}


def _with_name(fields: dict[str, Any]) -> dict[str, Any]:
    if "name" not in fields:
        raise ApiError.of_fields({"name": [NAME_IS_REQUIRED]})
    return fields


def category_number(value: Any) -> int | None:
    """The number of a category, or the whole of it as it was sent."""
    return values.identifier(value.get("id") if isinstance(value, dict) else value)


def refused(error: ValidationError) -> ApiError:
    """What the action would not keep, in the wire's names."""
    if not hasattr(error, "error_dict"):
        return ApiError.of_fields({"stage": error.messages})
    return ApiError.of_fields({_NAMES.get(name, name): said for name, said in error.message_dict.items()})


_READERS: dict[str, Any] = {
    "name": values.text,
    "description": values.text,
    "weight": values.number,
    "category": category_number,
    "is_published": values.yes_or_no,
    "publish_up": values.moment,
    "publish_down": values.moment,
    "colour": values.colour,
}
