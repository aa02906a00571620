"""A contact as `/api/v1` shows it, and as it is said."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints

from config.api.v1.schemas import ByIdOrName, MomentSaid, MomentShown, Name, Said, Shown
from contacts.models import Attribute, Contact
from journeys.api.v1.schemas import StatusShown

TEXTS = ("first_name", "last_name", "phone", "company", "city", "country")
KEYS = ("email", "external_id")
MOMENTS = ("subscribed_at", "unsubscribed_at", "last_open_at", "last_click_at", "last_reply_at", "last_active_at")
MOST_LABELS = 100

AttributeValue = str | int | float | bool | None


class ContactShown(Shown):
    id: int
    email: str | None
    external_id: str | None
    first_name: str
    last_name: str
    phone: str
    company: str
    city: str
    country: str
    account_state: Literal["active", "inactive"]
    subscribed_at: MomentShown | None
    unsubscribed_at: MomentShown | None
    last_open_at: MomentShown | None
    last_click_at: MomentShown | None
    last_reply_at: MomentShown | None
    last_active_at: MomentShown | None
    attributes: dict[str, AttributeValue]
    labels: list[str]
    status: StatusShown
    created_at: MomentShown
    updated_at: MomentShown

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """Of a contact read with its status, stage, lost reason, person and labels."""
        names = ("email", "external_id", *TEXTS, "account_state", *MOMENTS, "created_at", "updated_at")
        return cls(
            id=contact.pk,
            attributes=contact.attributes,
            labels=[carried.label.name for carried in contact.carried_labels.all()],
            status=StatusShown.of(contact.status),
            **{name: getattr(contact, name) for name in names},
        )


def _text(name: str) -> Any:
    return Annotated[str, StringConstraints(max_length=getattr(Contact._meta.get_field(name), "max_length", None))]


_Email, _ExternalId = _text("email"), _text("external_id")
_FirstName, _LastName, _Phone = _text("first_name"), _text("last_name"), _text("phone")
_Company, _City, _Country = _text("company"), _text("city"), _text("country")


class FieldsSaid(Said):
    """Fields of a contact. What is not said stays; null, or an empty text, empties a field."""

    email: _Email | None = None  # type: ignore[valid-type]
    external_id: _ExternalId | None = None  # type: ignore[valid-type]
    first_name: _FirstName = ""  # type: ignore[valid-type]
    last_name: _LastName = ""  # type: ignore[valid-type]
    phone: _Phone = ""  # type: ignore[valid-type]
    company: _Company = ""  # type: ignore[valid-type]
    city: _City = ""  # type: ignore[valid-type]
    country: _Country = ""  # type: ignore[valid-type]
    account_state: Literal["active", "inactive"] = Field(
        default="active", description="A contact whose account becomes inactive is lost; active does not recover it."
    )
    subscribed_at: MomentSaid | None = None
    unsubscribed_at: MomentSaid | None = None
    last_open_at: MomentSaid | None = None
    last_click_at: MomentSaid | None = None
    last_reply_at: MomentSaid | None = None
    last_active_at: MomentSaid | None = None
    attributes: dict[str, AttributeValue] = Field(
        default_factory=dict, description="By key, of those under Settings → Attributes. Null takes a value away."
    )


class ContactSaid(FieldsSaid):
    """A new contact. Without a stage it gets the default status."""

    model_config = {
        "json_schema_extra": {
            "examples": [{"email": "ana@example.com", "first_name": "Ana", "labels": ["vip"], "stage": "Aware"}]
        }
    }

    labels: list[Name] = Field(default_factory=list, max_length=MOST_LABELS)
    stage: ByIdOrName | None = Field(default=None, description="Null for no stage.")


class PatchSaid(FieldsSaid):
    model_config = {"json_schema_extra": {"examples": [{"last_click_at": "2026-05-03T14:05:00Z"}]}}


_TYPES: dict[str, tuple[type, ...]] = {
    Attribute.Type.TEXT: (str,),
    Attribute.Type.NUMBER: (int, float),
    Attribute.Type.DATE: (str,),
    Attribute.Type.YES_NO: (bool,),
    Attribute.Type.CHOICE: (str,),
}


def is_of_type(attribute: Attribute, value: AttributeValue) -> bool:
    """Whether a value is of the type of an attribute: nothing is coerced."""
    if value is None:
        return True
    return isinstance(value, _TYPES[attribute.type]) and isinstance(value, bool) == (
        attribute.type == Attribute.Type.YES_NO
    )
