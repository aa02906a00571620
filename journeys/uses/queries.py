"""What uses a stage. Segments, campaigns and web forms join in by one function each, in `SOURCES`."""

import enum
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models.functions import Lower

from journeys.rules.models import LabelRule
from journeys.rules.queries import funnel_settings


class UseKind(enum.StrEnum):
    """The kinds of things that name a stage, in the words of a screen."""

    DEFAULT_STATUS = "Default status"
    LABEL_RULE = "Label rule"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that names a stage. `url_name` is that of the page where it is changed."""

    kind: UseKind
    url_name: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


Found = Iterator[tuple[int, Use]]


def _default_status() -> Found:
    if stage := funnel_settings().default_stage_id:
        yield stage, Use(UseKind.DEFAULT_STATUS, "journeys:manage_funnel")


def _label_rules() -> Found:
    for rule in LabelRule.objects.select_related("label").order_by(Lower("label__name"), "pk"):
        yield rule.stage_id, Use(UseKind.LABEL_RULE, "journeys:manage_funnel", str(rule.label))


SOURCES: tuple[Callable[[], Found], ...] = (_default_status, _label_rules)
"""Each gives every use of one kind, with the id of its stage, in one query."""


def uses_of_stages() -> dict[int, list[Use]]:
    """What uses each stage, by its id. A query for each of `SOURCES`."""
    uses: dict[int, list[Use]] = defaultdict(list)
    for source in SOURCES:
        for stage, use in source():
            uses[stage].append(use)
    return uses


def is_default(uses: list[Use]) -> bool:
    """Whether one of these makes the stage the default status."""
    return any(use.kind is UseKind.DEFAULT_STATUS for use in uses)
