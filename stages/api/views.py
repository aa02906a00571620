"""`/api/stages`, as Mautic's clients call it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse

from config.api import values
from config.api.answers import NOT_FOUND, ApiError, answer
from config.api.endpoints import Call, endpoint, needs
from config.api.listing import is_said
from config.team.roles import Role
from contacts.causes import Cause
from journeys.retiring.actions import retire_stages
from journeys.runs.shown import do_if_small
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from journeys.status.transitions import Refusal
from stages import actions
from stages.api.batches import create_batch, delete_batch, edit_batch, replace_batch
from stages.api.queries import categories_named, stages_asked_for, with_people
from stages.api.wire import fields_of_new, fields_of_replaced, fields_said, refused, stage_data
from stages.models import Stage

CONTACT_NOT_FOUND = "Contact not found."


@needs(Role.VIEWER)
def list_stages(call: Call) -> HttpResponse:
    total, found = stages_asked_for(call.query, by=call.by)
    minimal = is_said(call.query, "minimal")
    return answer({"total": total, "stages": [stage_data(stage, minimal=minimal) for stage in found]})


@needs(Role.VIEWER)
def get_stage(call: Call, pk: int) -> HttpResponse:
    return answer({"stage": stage_data(_stage_or_404(pk))})


@needs(Role.MARKETER)
def create_stage(call: Call) -> HttpResponse:
    fields = fields_of_new(call.fields, categories_named(call.fields))
    try:
        stage = actions.create_stage(fields=fields, by=call.by)
    except ValidationError as error:
        raise refused(error) from None
    return _created(stage)


@needs(Role.MARKETER)
def replace_stage(call: Call, pk: int) -> HttpResponse:
    """What there is not yet is created, under a number of its own."""
    if not Stage.objects.in_use().filter(pk=pk).exists():
        return create_stage(call)
    return _changed(call, pk, fields_of_replaced(call.fields, categories_named(call.fields)))


@needs(Role.MARKETER)
def edit_stage(call: Call, pk: int) -> HttpResponse:
    stage = _stage_or_404(pk)
    return _changed(call, stage.pk, fields_said(call.fields, categories_named(call.fields)))


@needs(Role.MARKETER)
def delete_stage(call: Call, pk: int) -> HttpResponse:
    """The stage is retired: history keeps it, and a run leaves its contacts in none."""
    stage = _stage_or_404(pk)
    data = stage_data(stage)
    for run in retire_stages(stages=[stage], by=call.by):
        do_if_small(run)
    return answer({"stage": data})


@needs(Role.OPERATOR)
def add_contact(call: Call, pk: int, contact: int) -> HttpResponse:
    review_needed = values.yes_or_no(call.fields.get("review_needed"))
    stage = Stage.objects.in_use().filter(pk=pk).first()
    if not stage:
        raise ApiError(404, NOT_FOUND)
    if contact > values.LARGEST_ID:
        raise ApiError(404, CONTACT_NOT_FOUND)
    outcome = change_status(
        contacts=[contact],
        to=stage,
        cause=Cause.API,
        by=call.by,
        via=call.via,
        review_needed=review_needed,
    )
    if outcome.refusal is Refusal.NOT_IN_THE_BOOK:
        raise ApiError(404, CONTACT_NOT_FOUND)
    if outcome.refusal:
        raise ApiError(409, outcome.refusal.sentence)
    return _success(flagged=bool(outcome.flagged))


@needs(Role.OPERATOR)
def remove_contact(call: Call, pk: int, contact: int) -> HttpResponse:
    """A contact that is not in the stage is left as it is."""
    review_needed = values.yes_or_no(call.fields.get("review_needed"))
    _stage_or_404(pk)
    if not FunnelStatus.objects.filter(pk=contact).exists():
        raise ApiError(404, CONTACT_NOT_FOUND)
    while status := FunnelStatus.objects.filter(pk=contact, stage=pk).first():
        outcome = change_status(
            contacts=[contact],
            to=None,
            cause=Cause.API,
            by=call.by,
            via=call.via,
            signatures={contact: status.signature},
            review_needed=review_needed,
        )
        if outcome.refusal is not Refusal.CHANGED_MEANWHILE:
            return _success(flagged=bool(outcome.flagged))
    return _success(flagged=False)


def _changed(call: Call, pk: int, fields: dict[str, Any]) -> HttpResponse:
    stage = _stage_or_404(pk)
    try:
        actions.change_stage(stage=stage, fields=fields, by=call.by)
    except Stage.DoesNotExist:
        raise ApiError(404, NOT_FOUND) from None
    except ValidationError as error:
        raise refused(error) from None
    return answer({"stage": stage_data(stage)})


def _created(stage: Stage) -> HttpResponse:
    location = reverse("api:stage", args=[stage.pk])
    return answer({"stage": stage_data(stage)}, status=201, headers={"Location": location})


def _stage_or_404(pk: int) -> Stage:
    stage = with_people(Stage.objects.in_use().filter(pk=pk)).first()
    if not stage:
        raise ApiError(404, NOT_FOUND)
    return stage


def _success(*, flagged: bool) -> HttpResponse:
    """A change that waits in Review says so."""
    return answer({"success": 1, "review_needed": True} if flagged else {"success": 1})


stages = endpoint(GET=list_stages)
stage = endpoint(GET=get_stage)
new = endpoint(POST=create_stage)
edit = endpoint(PUT=replace_stage, PATCH=edit_stage)
delete = endpoint(DELETE=delete_stage)
add = endpoint(POST=add_contact)
remove = endpoint(POST=remove_contact)
new_batch = endpoint(POST=create_batch)
edited_batch = endpoint(PUT=replace_batch, PATCH=edit_batch)
deleted_batch = endpoint(DELETE=delete_batch)
