"""Reads of the Contact Book by what is unique there."""

from collections.abc import Collection

from django.db.models import Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from contacts.models import Contact


def contact_keyed(*, email: str | None = None, external_id: str | None = None) -> int | None:
    """The id of the contact with this e-mail, whatever its case, or with this external id. One query."""
    if email is not None:
        found = Contact.objects.filter(Exact(Lower("email"), Lower(Value(email))))
    else:
        found = Contact.objects.filter(external_id=external_id)
    return found.values_list("pk", flat=True).first()


Key = tuple[str, int | str]


def contacts_keyed(*, ids: Collection[int], emails: Collection[str], external_ids: Collection[str]) -> dict[Key, int]:
    """Contacts in the book by `("id", 7)`, `("email", "ana@example.com")` in small letters, `("external_id", "c-7")`.

    At most three queries.
    """
    found: dict[Key, int] = {}
    if ids:
        found |= {("id", pk): pk for pk in Contact.objects.filter(pk__in=ids).values_list("pk", flat=True)}
    if emails:
        lower = Contact.objects.annotate(lower_email=Lower("email"))
        named = lower.filter(lower_email__in=[email.lower() for email in emails]).values_list("lower_email", "pk")
        found |= {("email", email): pk for email, pk in named}
    if external_ids:
        rows = Contact.objects.filter(external_id__in=external_ids).values_list("external_id", "pk")
        found |= {("external_id", external_id): pk for external_id, pk in rows if external_id}
    return found
