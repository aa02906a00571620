"""Writes to what the organisation decided about moves: lost reasons, label rules, default status, movement rules."""

import logging

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Label
from journeys.book.queries import ContactQuery
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.rules.movement import Preset
from journeys.rules.queries import movement_policy
from journeys.runs.actions import make_preview
from journeys.runs.models import RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.models import LostReason
from journeys.status.transitions import PEOPLE_DECIDE, MovementRules, Policy
from stages.models import Stage

logger = logging.getLogger(__name__)


# Label rules


def keep_label_rule(
    *, label: Label, stage: Stage, only_forward: bool, leave_lost: bool, note: str, by: TeamMember
) -> LabelRule:
    """Keep a label rule to be run again, or find the one that was kept before. A note replaces the one it had."""
    rule, is_new = LabelRule.objects.get_or_create(
        label=label,
        stage=stage,
        only_forward=only_forward,
        leave_lost=leave_lost,
        defaults={"note": note, "created_by": by},
    )
    if note and rule.note != note:
        rule.note = note
        rule.save(update_fields=["note"])
    if is_new:
        logger.info("Label rule %s was kept by %s", rule.pk, _who(by))
    return rule


def preview_label_rule(
    *, label: Label, stage: Stage, only_forward: bool, leave_lost: bool, note: str, by: TeamMember
) -> RunPreview:
    """What moving everybody who carries a label now would do."""
    operation = Operation(
        Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=stage.pk, only_forward=only_forward, leave_lost=leave_lost
    )
    selection = Selection(query=ContactQuery(labels=(label.pk,)))
    return make_preview(operation=operation, selection=selection, by=by, note=note)


def forget_label_rule(*, rule: LabelRule, by: TeamMember) -> None:
    """Keep a label rule no longer. Its runs stay, and so does what they did."""
    pk = rule.pk
    rule.delete()
    logger.info("Label rule %s was forgotten by %s", pk, _who(by))


# The default status


def set_default_stage(*, stage: Stage | None, by: TeamMember) -> None:
    """Say where contacts come to stand that come without a status; None for nowhere. Nobody is moved."""
    FunnelSettings.objects.update(default_stage=stage)
    logger.info("The default status was set to stage %s by %s", stage and stage.pk, _who(by))


def preview_default(*, stage: Stage, by: TeamMember) -> RunPreview:
    """What giving the default status to everybody without a stage would do. Lost contacts among them stay lost."""
    operation = Operation(Act.GIVE_DEFAULT, Cause.DEFAULT, stage=stage.pk)
    return make_preview(operation=operation, selection=Selection(without_stage=True), by=by)


# Movement rules


def set_movement_rules(*, rules: Policy, by: TeamMember) -> int:
    """Set cells of the movement rules; causes that are not named stay as they are. Returns how many rows changed.

    Args:
        rules: rows of the table by their cause.
    """
    with transaction.atomic():
        FunnelSettings.objects.select_for_update().get()
        before = movement_policy()
        changed = {cause: row for cause, row in rules.items() if row != before[cause]}
        for cause, row in changed.items():
            if row == PEOPLE_DECIDE[cause]:
                MovementRule.objects.filter(cause=cause).delete()
            else:
                cells = {"to_lower_weight": row.to_lower_weight, "onto_lost": row.onto_lost}
                MovementRule.objects.update_or_create(cause=cause, defaults=cells)
    for cause, row in changed.items():
        logger.info("The movement rules of %s were set to %s, %s by %s", cause.value, *_cells(row), _who(by))
    return len(changed)


def use_movement_preset(*, preset: Preset, by: TeamMember) -> int:
    """Set the whole table to a preset. Returns how many rows changed."""
    return set_movement_rules(rules=preset.rules, by=by)


def _cells(row: MovementRules) -> tuple[str, str]:
    return row.to_lower_weight.value, row.onto_lost.value


# Lost reasons


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
    return str(by.pk) if by else "nobody"
