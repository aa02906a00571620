"""Reads of labels: all of them, and who carries them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Exact

from contacts.models import CarriedLabel, Contact, Label, LabelChange

PAGE = 50
"""So many label changes of a contact are shown at once."""


def labels() -> list[Label]:
    """Every label, by name. One query."""
    return list(Label.objects.all())


def labels_with_counts() -> list[Label]:
    """Every label, by name, with `contacts`: how many carry it. One query."""
    carriers = CarriedLabel.objects.filter(label=OuterRef("pk")).order_by().values("label")
    counts = Subquery(carriers.annotate(count=Count("*")).values("count"))
    return list(Label.objects.annotate(contacts=Coalesce(counts, 0)).order_by(Lower("name"), "pk"))


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
    """A label put on a contact or taken off. `label` is None if there is no such label any more."""

    change: LabelChange
    label: Label | None

    @property
    def changed_at(self) -> datetime:
        return self.change.changed_at


@dataclass(frozen=True, slots=True)
class LabelChangesPage:
    """Label changes of a contact, the newest first, and the id to read on from."""

    changes: list[LabelChangeInWords]
    older_than: int | None = None


def label_changes_page(contact: Contact, *, older_than: int | None = None) -> LabelChangesPage:
    """A page of the labels put on a contact and taken off. Two queries."""
    rows = LabelChange.objects.filter(contact_id=contact.pk).select_related("changed_by").order_by("-pk")
    if older_than is not None:
        rows = rows.filter(pk__lt=older_than)
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    labels = Label.objects.in_bulk({change.label_id for change in shown})
    return LabelChangesPage(
        [LabelChangeInWords(change, labels.get(change.label_id)) for change in shown],
        older_than=shown[-1].pk if len(found) > PAGE else None,
    )


def _carried() -> QuerySet[CarriedLabel]:
    return CarriedLabel.objects.select_related("label", "by").order_by(Lower("label__name"), "label_id")


def labels_by_name(names: Collection[str]) -> dict[str, Label]:
    """Labels by their name in small letters; those that there are not are missing. One query, none for no names."""
    wanted = {name.lower() for name in names}
    if not wanted:
        return {}
    found = Label.objects.annotate(lower_name=Lower("name")).filter(lower_name__in=wanted)
    return {label.name.lower(): label for label in found}
