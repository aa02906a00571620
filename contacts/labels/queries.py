"""Reads of labels: all of them, and who carries them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact

from contacts.models import CarriedLabel, Contact, FormerLabel, Label, LabelChange, LabelMerge

PAGE = 50
"""So many label changes are shown at once."""


def labels() -> list[Label]:
    """Every label, by name. One query."""
    return list(Label.objects.all())


def labels_with_counts() -> list[Label]:
    """Every label, by name, with `contacts`, how many carry it, and the name of what it `becomes`. One query."""
    carriers = CarriedLabel.objects.filter(label=OuterRef("pk")).order_by().values("label")
    counts = Subquery(carriers.annotate(count=Count("*")).values("count"))
    return list(
        Label.objects.annotate(contacts=Coalesce(counts, 0), becomes=F("merge__into__name")).order_by(
            Lower("name"), "pk"
        )
    )


def label_named(name: str) -> Label | None:
    """The label of this name, whatever its case. One query."""
    return Label.objects.filter(Exact(Lower("name"), Lower(Value(name)))).first()


def labels_on(contact: Contact) -> list[CarriedLabel]:
    """The labels a contact carries, by name, with who put each on. One query."""
    return list(_carried().filter(contact=contact))


def labels_not_on(contact: Contact) -> list[Label]:
    """The labels a contact does not carry, by name. One query."""
    return list(Label.objects.exclude(carried_by__contact=contact))


@dataclass(frozen=True, slots=True)
class LabelChangeInWords:
    """A label put on a contact or taken off.

    `label` and `contact` are None if there is no such thing any more; a label that is gone is still named.
    """

    change: LabelChange
    label: Label | FormerLabel | None
    contact: Contact | None = None

    @property
    def changed_at(self) -> datetime:
        return self.change.changed_at


@dataclass(frozen=True, slots=True)
class LabelChangesPage:
    """Label changes, the newest first, and the id to read on from."""

    changes: list[LabelChangeInWords]
    older_than: int | None = None


def label_changes_page(contact: Contact, *, older_than: int | None = None) -> LabelChangesPage:
    """A page of the labels put on a contact and taken off. At most three queries."""
    shown, more = _changes(LabelChange.objects.filter(contact_id=contact.pk), older_than)
    numbers = {change.label_id for change in shown}
    labels: dict[int, Label | FormerLabel] = {**Label.objects.in_bulk(numbers)}
    if gone := numbers - set(labels):
        labels |= FormerLabel.objects.in_bulk(gone)
    return LabelChangesPage(
        [LabelChangeInWords(change, labels.get(change.label_id), contact) for change in shown], older_than=more
    )


def changes_of_label_page(label: Label, *, older_than: int | None = None) -> LabelChangesPage:
    """A page of whom a label was put on and taken off. Two queries."""
    shown, more = _changes(LabelChange.objects.filter(label_id=label.pk), older_than)
    names = ("first_name", "last_name", "email", "external_id")
    people = Contact.objects.only(*names).in_bulk({change.contact_id for change in shown})
    return LabelChangesPage(
        [LabelChangeInWords(change, label, people.get(change.contact_id)) for change in shown], older_than=more
    )


def _changes(rows: QuerySet[LabelChange], older_than: int | None) -> tuple[list[LabelChange], int | None]:
    """A page of rows, and the id to read on from."""
    rows = rows.select_related("changed_by").order_by("-pk")
    if older_than is not None:
        rows = rows.filter(pk__lt=older_than)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def carriers_of(label: Label) -> int:
    """How many contacts carry a label. One query, along an index."""
    return CarriedLabel.objects.filter(label=label).count()


def merge_of(label: Label) -> LabelMerge | None:
    """What a label is just becoming part of. One query."""
    return LabelMerge.objects.select_related("into", "by").filter(label=label).first()


def any_merge() -> bool:
    """Whether any label is just becoming part of another one. One query."""
    return LabelMerge.objects.exists()


def _carried() -> QuerySet[CarriedLabel]:
    return CarriedLabel.objects.select_related("label", "by").order_by(Lower("label__name"), "label_id")


def labels_by_name(names: Collection[str]) -> dict[str, Label]:
    """Labels by their name in small letters; those that there are not are missing. One query, none for no names."""
    wanted = {name.lower() for name in names}
    if not wanted:
        return {}
    found = Label.objects.annotate(lower_name=Lower("name")).filter(lower_name__in=wanted)
    return {label.name.lower(): label for label in found}
