"""Many stages in one request: each item has an outcome of its own, and costs little more than none."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse

from config.api import values
from config.api.answers import NOT_FOUND, ApiError, answer, numbered
from config.api.bodies import Data, items_of
from config.api.endpoints import Call, needs
from config.team.roles import Role
from journeys.retiring.actions import retire_stages
from journeys.runs.shown import do_if_small
from stages import actions
from stages.api.queries import categories_named, with_people
from stages.api.wire import Categories, fields_of_new, fields_of_replaced, fields_said, refused, stage_data
from stages.models import Stage

MOST = 200
"""So many stages may be in one batch."""

Understand = Callable[[Data, Categories], dict[str, Any]]


class Batch:
    """The items of a batch by their number, and what became of each: a status code and the stage, or an error."""

    def __init__(self, call: Call, items: dict[int, Any]) -> None:
        if not items:
            raise ApiError(400, "A batch needs at least one item.")
        if len(items) > MOST:
            raise ApiError(400, f"A batch holds at most {MOST} items.")
        self.by = call.by
        self.items = items
        self.outcomes: dict[int, tuple[int, Stage] | ApiError] = {}
        self.categories = categories_named(*items.values())

    @property
    def known(self) -> list[int]:
        """The numbers of items whose id is that of a stage in use. One query."""
        there = set(Stage.objects.in_use().filter(pk__in=self._ids).values_list("pk", flat=True))
        return [number for number, item in self.items.items() if _id(item) in there]

    @property
    def _ids(self) -> set[int]:
        return {pk for item in self.items.values() if (pk := _id(item))}

    def create(self, numbers: list[int]) -> None:
        understood = self._understood(numbers, fields_of_new)
        saved = actions.create_stages(many=list(understood.values()), by=self.by)
        for number, stage in zip(understood, saved, strict=True):
            self.outcomes[number] = refused(stage) if isinstance(stage, ValidationError) else (201, stage)

    def change(self, numbers: list[int], understand: Understand) -> None:
        understood = self._understood(numbers, understand)
        changes = [(_id(self.items[number]) or 0, fields) for number, fields in understood.items()]
        for number, stage in zip(understood, actions.change_stages(changes=changes, by=self.by), strict=True):
            if isinstance(stage, ValidationError):
                self.outcomes[number] = refused(stage)
            else:
                self.outcomes[number] = (200, stage) if stage else ApiError(404, NOT_FOUND)

    def retire(self) -> None:
        stages = with_people(Stage.objects.in_use().filter(pk__in=self._ids)).in_bulk()
        for run in retire_stages(stages=list(stages.values()), by=self.by):
            do_if_small(run)
        for number, item in self.items.items():
            pk = _id(item)
            self.outcomes[number] = (200, stages[pk]) if pk in stages else ApiError(404, NOT_FOUND)

    def _understood(self, numbers: list[int], understand: Understand) -> dict[int, dict[str, Any]]:
        """Fields by number; of what cannot be understood, the error is the outcome."""
        understood = {}
        for number in numbers:
            item = self.items[number]
            try:
                if not isinstance(item, dict):
                    raise ApiError(400, "An item of a batch has to be an object.")
                understood[number] = understand(item, self.categories)
            except ApiError as error:
                self.outcomes[number] = error
        return understood

    def answer(self, status: int = 200) -> HttpResponse:
        """In the order of the request. `errors` is left out if there are none: its being there is a sign to clients."""
        stages, codes, errors = {}, {}, {}
        for number in self.items:
            outcome = self.outcomes[number]
            if isinstance(outcome, ApiError):
                codes[number], errors[number] = outcome.status, outcome.as_data()
            else:
                codes[number], stages[number] = outcome[0], stage_data(outcome[1])
        data = {"stages": numbered(stages), "statusCodes": numbered(codes)}
        return answer(data | ({"errors": numbered(errors)} if errors else {}), status=status)


def _id(item: Any) -> int | None:
    """The id that an item says, or None for none that could be one."""
    try:
        return values.identifier(item.get("id")) if isinstance(item, dict) else None
    except ValueError:
        return None


@needs(Role.MARKETER)
def create_batch(call: Call) -> HttpResponse:
    batch = Batch(call, items_of(call.body))
    batch.create(list(batch.items))
    return batch.answer(201)


@needs(Role.MARKETER)
def replace_batch(call: Call) -> HttpResponse:
    """What there is not yet is created."""
    batch = Batch(call, items_of(call.body))
    known = batch.known
    batch.change(known, fields_of_replaced)
    new = [number for number in batch.items if number not in known]
    batch.create(new)
    return batch.answer()


@needs(Role.MARKETER)
def edit_batch(call: Call) -> HttpResponse:
    batch = Batch(call, items_of(call.body))
    batch.change(list(batch.items), fields_said)
    return batch.answer()


@needs(Role.MARKETER)
def delete_batch(call: Call) -> HttpResponse:
    """Stages are retired: history keeps them. `?ids[]=1&ids[]=2` or `?ids=1,2`."""
    said = call.query.get("ids")
    ids = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else []
    batch = Batch(call, dict(enumerate({"id": one} for one in ids)))
    batch.retire()
    return batch.answer()
