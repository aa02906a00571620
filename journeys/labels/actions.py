"""The end of a label: it becomes part of another one, or is deleted. History goes on naming it.

Merging goes in slices, each a transaction of its own: whoever carries the label comes to carry the other one since
the same moment. What is left to do is who carries it still, so whoever is killed is followed by somebody else.
"""

import logging
import time

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from config.team.models import TeamMember
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, FormerLabel, Label, LabelMerge
from journeys.rules.models import LabelRule
from journeys.uses.actions import let_uses_of_label_follow
from journeys.uses.queries import in_the_way, uses_of_labels

logger = logging.getLogger(__name__)

SLICE = 2_000
AT_ONCE = 10_000
"""A label that more contacts carry is not deleted at once: a run takes it off them first."""

WORK = "journeys.labels.tasks.work_on_merges"


class LabelInTheWay(Exception):
    """Why a label cannot be merged or deleted now, as a sentence."""


def merge_label(*, label: Label, into: Label, by: TeamMember | None) -> LabelMerge:
    """Begin to make a label part of another one. What uses it uses the other one at once; its carriers follow.

    Raises:
        LabelInTheWay: one of the two is being merged already, or is gone.
    """
    with transaction.atomic():
        _lock(label, into)
        let_uses_of_label_follow(label=label, to=into, by=by)
        merge = LabelMerge.objects.create(label=label, into=into, by=by)
    logger.info("Label %s becomes part of label %s by %s", label.pk, into.pk, by.pk if by else "nobody")
    return merge


def _lock(*labels: Label) -> None:
    """Keep labels from changing until the transaction ends. Nobody puts one on meanwhile."""
    pks = [label.pk for label in labels]
    if len(Label.objects.select_for_update().filter(pk__in=pks).order_by("pk")) < len(pks):
        raise LabelInTheWay("Somebody deleted or merged this label meanwhile.")
    under_way = LabelMerge.objects.filter(label__in=pks) | LabelMerge.objects.filter(into__in=pks[:1])
    if merge := under_way.select_related("label", "into").first():
        raise LabelInTheWay(f"{merge.label} is just becoming part of {merge.into}. Wait until that is done.")


def work_on_merges(*, seconds: float, by: TeamMember | None) -> bool:
    """Do slices of whatever is being merged, for so many seconds. Returns whether there is more."""
    until = time.monotonic() + seconds
    for merge in LabelMerge.objects.select_related("label", "into", "by").order_by("started_at", "pk"):
        while _merge_slice(merge):
            if time.monotonic() > until:
                return True
    return False


def _merge_slice(merge: LabelMerge) -> bool:
    """Returns whether anybody is left who carries the label."""
    with transaction.atomic():
        carried = CarriedLabel.objects.filter(label=merge.label_id).order_by("contact_id").select_for_update()
        since = dict(carried.values_list("contact_id", "since")[:SLICE])
        if not since:
            return not _end_merge(merge)
        contacts = list(since)
        put_on_label(contacts=contacts, label=merge.into, by=merge.by, cause=Cause.BULK, dates=since)
        take_off_label(contacts=contacts, label=merge.label, by=merge.by, cause=Cause.BULK)
    return True


def _end_merge(merge: LabelMerge) -> bool:
    """The label is gone once nobody carries it. Returns whether it is."""
    label = Label.objects.select_for_update().filter(pk=merge.label_id).first()
    if label and CarriedLabel.objects.filter(label=label).exists():
        return False
    if label:
        _forget(label, became=merge.into_id, by=merge.by)
    return True


def queue_merges(*, by: TeamMember | None) -> None:
    """Have a worker go on with what is being merged, unless a job for that is waiting already."""
    try:
        with transaction.atomic():
            app.configure_task(WORK, queueing_lock="work_on_merges").defer()
    except AlreadyEnqueued:
        pass


def delete_label(*, label: Label, by: TeamMember | None) -> int:
    """Take a label off whoever carries it, forget the label rules of it, and the label itself.

    Returns: how many carried it.

    Raises:
        LabelInTheWay: something that would mean something else without it names it, more carry it than are dealt with
            at once, or it is just being merged.
    """
    with transaction.atomic():
        _lock(label)
        if uses := in_the_way(uses_of_labels()[label.pk]):
            raise LabelInTheWay(f"{uses[0]} names it. Change that first, or merge the label into another one.")
        carriers = list(CarriedLabel.objects.filter(label=label).values_list("contact_id", flat=True)[: AT_ONCE + 1])
        if len(carriers) > AT_ONCE:
            raise LabelInTheWay(f"More than {AT_ONCE:,} contacts carry it. Take it off them first: that is a run.")
        take_off_label(contacts=carriers, label=label, by=by, cause=Cause.BULK)
        LabelRule.objects.filter(label=label).delete()
        _forget(label, became=None, by=by)
    logger.info("Label %s, which %s carried, was deleted by %s", label.pk, len(carriers), by.pk if by else "nobody")
    return len(carriers)


def _forget(label: Label, *, became: int | None, by: TeamMember | None) -> None:
    FormerLabel.objects.create(id=label.pk, name=label.name, colour=label.colour, became=became, gone_by=by)
    label.delete()
