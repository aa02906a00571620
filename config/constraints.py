"""What a constraint of the database says, beside the field it is about."""

from collections import defaultdict
from typing import ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, router
from django.db.models import Model


class ErrorsBesideFields:
    """For models: `beside` names the field that a constraint's error belongs to; the rest belong to the whole."""

    beside: ClassVar[dict[str, str]] = {}

    def validate_constraints(self, exclude=None) -> None:
        """Raise ValidationError, by field, for every constraint that this row would break.

        A form leaves out what it does not show, and a constraint over it would go unchecked: what nobody can edit
        is as it is stored, so it counts.
        """
        left_out = {name for name in exclude or () if self._meta.get_field(name).editable}  # type: ignore[attr-defined]
        errors: dict[str, list[ValidationError]] = defaultdict(list)
        using = router.db_for_write(type(self), instance=self)  # type: ignore[arg-type]
        for model, constraints in self.get_constraints():  # type: ignore[attr-defined]
            for constraint in constraints:
                try:
                    constraint.validate(model, self, exclude=left_out, using=using)
                except ValidationError as error:
                    errors[self.beside.get(constraint.name, NON_FIELD_ERRORS)].append(error)
        if errors:
            raise ValidationError(errors)


def beside_its_field(model: type[Model], error: IntegrityError) -> tuple[str, str] | None:
    """The field, and the sentence of the constraint, that the database refused a row by; None if it was another one."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    constraint = next((one for one in model._meta.constraints if one.name == name), None)
    if constraint is None:
        return None
    return getattr(model, "beside", {}).get(constraint.name, NON_FIELD_ERRORS), str(constraint.violation_error_message)
