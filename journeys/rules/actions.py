"""Writes to what the organisation decided about moves: the lost reasons, and whether one has to be given."""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from config.team.models import TeamMember
from contacts.models import Label
from journeys.rules.models import FunnelSettings, LabelRule
from journeys.status.models import LostReason
from stages.models import Stage

logger = logging.getLogger(__name__)


def add_lost_reason(*, name: str, by: TeamMember | None) -> LostReason:
    """A new reason, at the end of the list.

    Raises:
        ValidationError: the name is empty, too long, or taken.
    """
    with transaction.atomic():
        _lock()
        last = LostReason.objects.aggregate(last=Max("position"))["last"]
        reason = LostReason(name=name, position=0 if last is None else last + 1)
        _save(reason)
    logger.info("Lost reason %s was added by %s", reason.pk, _who(by))
    return reason


def rename_lost_reason(*, reason: LostReason, name: str, by: TeamMember | None) -> None:
    """Give a reason another name: in the lists, and in what history says of those lost for it.

    Raises:
        ValidationError: the name is empty, too long, or taken.
    """
    with transaction.atomic():
        stored = _lock()[reason.pk]
        stored.name = name
        _save(stored)
    reason.name = name
    logger.info("Lost reason %s was renamed by %s", reason.pk, _who(by))


def move_lost_reason(*, reason: LostReason, places: int, by: TeamMember | None) -> int:
    """Move a reason in use so many places down the list; up, if negative. It stops at the ends.

    Returns: its place now, counted from 1.

    Raises:
        LostReason.DoesNotExist: it was retired.
    """
    with transaction.atomic():
        order = [stored.pk for stored in _lock().values() if not stored.is_retired]
        if reason.pk not in order:
            raise LostReason.DoesNotExist
        place = min(max(order.index(reason.pk) + places, 0), len(order) - 1)
        order.remove(reason.pk)
        order.insert(place, reason.pk)
        for position, pk in enumerate(order):
            LostReason.objects.filter(pk=pk).exclude(position=position).update(position=position)
    logger.info("Lost reason %s was moved to place %s by %s", reason.pk, place + 1, _who(by))
    return place + 1


def retire_lost_reason(*, reason: LostReason, by: TeamMember | None) -> None:
    """Offer a reason no longer. Contacts lost for it keep it, and history names it."""
    LostReason.objects.filter(pk=reason.pk).update(is_retired=True)
    logger.info("Lost reason %s was retired by %s", reason.pk, _who(by))


def use_lost_reason_again(*, reason: LostReason, by: TeamMember | None) -> None:
    """Offer a retired reason again, at the end of the list."""
    with transaction.atomic():
        last = max((stored.position for stored in _lock().values()), default=0)
        LostReason.objects.filter(pk=reason.pk, is_retired=True).update(is_retired=False, position=last + 1)
    logger.info("Lost reason %s is in use again, by %s", reason.pk, _who(by))


def require_lost_reason(*, required: bool, by: TeamMember | None) -> None:
    """Say whether a reason has to be given, at every door, when a contact is marked lost."""
    FunnelSettings.objects.update(lost_reason_required=required)
    logger.info("A lost reason was made %s by %s", "required" if required else "optional", _who(by))


def keep_label_rule(
    *, label: Label, stage: Stage, only_forward: bool, leave_lost: bool, note: str, by: TeamMember
) -> LabelRule:
    """The rule that moves everybody who carries a label to a stage with these choices, kept now or before.

    Args:
        only_forward, leave_lost: choices that narrow it.
        note: why; kept with the rule unless it was kept before.
    """
    rule, is_new = LabelRule.objects.get_or_create(
        label=label,
        stage=stage,
        only_forward=only_forward,
        leave_lost=leave_lost,
        defaults={"note": note, "created_by": by},
    )
    if is_new:
        logger.info("Label rule %s was kept by %s", rule.pk, _who(by))
    return rule


def _lock() -> dict[int, LostReason]:
    """Every reason by id, in their order, kept from changing until the transaction ends."""
    return {reason.pk: reason for reason in LostReason.objects.select_for_update()}


def _save(reason: LostReason) -> None:
    reason.full_clean()
    try:
        with transaction.atomic():
            reason.save()
    except IntegrityError as taken:
        raise ValidationError({"name": "There is a reason of this name already."}) from taken


def _who(by: TeamMember | None) -> str:
    return by.email if by else "nobody"
