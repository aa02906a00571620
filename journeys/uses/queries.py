"""What uses a stage, a label, an attribute, a segment or a web form. Campaigns join in by one function each."""

import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db.models.functions import Lower

from contacts.models import Attribute
from journeys.book.actions import ATTRIBUTE
from journeys.campaigns.models import Campaign, CampaignSource, CampaignStep
from journeys.rules.models import LabelRule
from journeys.rules.queries import funnel_settings
from journeys.segments.conditions import Conditions
from journeys.segments.models import Segment
from journeys.webforms.models import WebForm


class UseKind(enum.StrEnum):
    """The kinds of things that name a stage, in the words of a screen."""

    DEFAULT_STATUS = "Default status"
    LABEL_RULE = "Label rule"
    SEGMENT = "Segment"
    WEB_FORM = "Web form"
    CAMPAIGN = "Campaign"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that names a stage, a label or a segment.

    Attributes:
        url_name: of the page where it is changed; empty where that is for one person alone.
        pk: the number in that page's address, if it has one.
    """

    kind: UseKind
    url_name: str
    name: str = ""
    pk: int | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


Found = Iterator[tuple[int, Use]]


def _default_status() -> Found:
    if stage := funnel_settings().default_stage_id:
        yield stage, Use(UseKind.DEFAULT_STATUS, "journeys:manage_funnel")


def _label_rules() -> Found:
    for rule in LabelRule.objects.select_related("label").order_by(Lower("label__name"), "pk"):
        yield rule.stage_id, Use(UseKind.LABEL_RULE, "journeys:manage_funnel", str(rule.label))


def _segments_naming(numbers: Callable[[Conditions], set[int]]) -> Callable[[], Found]:
    """Segments that name something, in one query. Of somebody's own segment others learn whose it is, no more."""

    def found() -> Found:
        for segment in Segment.objects.select_related("owner"):
            use = (
                Use(UseKind.SEGMENT, "journeys:segment", segment.name, segment.pk)
                if segment.is_for_all
                else Use(UseKind.SEGMENT, "", f"of {segment.owner}")
            )
            for number in sorted(numbers(segment.asks)):
                yield number, use

    return found


def _labels_of_rules() -> Found:
    for rule in LabelRule.objects.select_related("stage").order_by("stage__weight", "pk"):
        yield rule.label_id, Use(UseKind.LABEL_RULE, "journeys:manage_funnel", f"to {rule.stage}")


def _web_forms_giving(what: str) -> Callable[[], Found]:
    """Web forms that give whoever sends them a stage or a label, in one query."""

    def found() -> Found:
        given = WebForm.objects.exclude(**{what: None}).order_by(Lower("name"), "pk")
        for number, name, pk in given.values_list(what, "name", "pk"):
            yield number, Use(UseKind.WEB_FORM, "journeys:web_form", name, pk)

    return found


def _campaigns_naming(numbers: Callable[[CampaignStep], Iterable[int | None]]) -> Callable[[], Found]:
    """Campaigns whose steps name something, in one query. What has ended names nothing any more."""

    def found() -> Found:
        steps = CampaignStep.objects.filter(removed_at=None).exclude(campaign__state=Campaign.State.ENDED)
        seen = set()
        for step in steps.select_related("campaign").order_by(Lower("campaign__name"), "pk"):
            for number in filter(None, numbers(step)):
                if (number, step.campaign_id) not in seen:
                    seen.add((number, step.campaign_id))
                    yield number, _use_of(step.campaign)

    return found


def _attributes_of_web_forms() -> Found:
    keys = {f"{ATTRIBUTE}{key}": pk for pk, key in Attribute.objects.values_list("pk", "key")}
    for form in WebForm.objects.order_by(Lower("name"), "pk"):
        for one in form.asks:
            if one.field in keys:
                yield keys[one.field], Use(UseKind.WEB_FORM, "journeys:web_form", form.name, form.pk)


def _use_of(campaign: Campaign) -> Use:
    return Use(UseKind.CAMPAIGN, "journeys:campaign", campaign.name, campaign.pk)


def _campaigns_from_segments() -> Found:
    sources = CampaignSource.objects.filter(segment__isnull=False).select_related("campaign")
    for source in sources.order_by(Lower("campaign__name"), "pk"):
        assert source.segment_id
        yield source.segment_id, _use_of(source.campaign)


def _campaigns_from_web_forms() -> Found:
    sources = CampaignSource.objects.filter(web_form__isnull=False).select_related("campaign")
    for source in sources.order_by(Lower("campaign__name"), "pk"):
        assert source.web_form_id
        yield source.web_form_id, _use_of(source.campaign)


SOURCES: tuple[Callable[[], Found], ...] = (
    _default_status,
    _label_rules,
    _segments_naming(lambda conditions: conditions.stages),
    _web_forms_giving("stage"),
    _campaigns_naming(lambda step: [step.stage_id, *step.stages]),
)
"""Each gives every use of one kind, with the id of its stage, in one query."""

SOURCES_OF_LABELS: tuple[Callable[[], Found], ...] = (
    _labels_of_rules,
    _segments_naming(lambda conditions: conditions.labels),
    _web_forms_giving("labels"),
    _campaigns_naming(lambda step: [step.label_id]),
)

SOURCES_OF_ATTRIBUTES: tuple[Callable[[], Found], ...] = (
    _segments_naming(lambda conditions: conditions.attributes),
    _attributes_of_web_forms,
)

SOURCES_OF_SEGMENTS: tuple[Callable[[], Found], ...] = (
    _campaigns_from_segments,
    _campaigns_naming(lambda step: [step.segment_id]),
)

SOURCES_OF_WEB_FORMS: tuple[Callable[[], Found], ...] = (_campaigns_from_web_forms,)


def uses_of_stages() -> dict[int, list[Use]]:
    """What uses each stage, by its id. A query for each of `SOURCES`."""
    return _uses(SOURCES)


def uses_of_labels() -> dict[int, list[Use]]:
    """What uses each label, by its id. A query for each of `SOURCES_OF_LABELS`."""
    return _uses(SOURCES_OF_LABELS)


def uses_of_attributes() -> dict[int, list[Use]]:
    """What uses each attribute, by its id. A query for each of `SOURCES_OF_ATTRIBUTES`."""
    return _uses(SOURCES_OF_ATTRIBUTES)


def uses_of_segments() -> dict[int, list[Use]]:
    """What uses each segment, by its id. A query for each of `SOURCES_OF_SEGMENTS`."""
    return _uses(SOURCES_OF_SEGMENTS)


def uses_of_web_forms() -> dict[int, list[Use]]:
    """What uses each web form, by its id. A query for each of `SOURCES_OF_WEB_FORMS`."""
    return _uses(SOURCES_OF_WEB_FORMS)


def _uses(sources: Iterable[Callable[[], Found]]) -> dict[int, list[Use]]:
    uses: dict[int, list[Use]] = defaultdict(list)
    for source in sources:
        for number, use in source():
            uses[number].append(use)
    return uses


def is_default(uses: list[Use]) -> bool:
    """Whether one of these makes the stage the default status."""
    return any(use.kind is UseKind.DEFAULT_STATUS for use in uses)


def in_the_way(uses: Iterable[Use]) -> list[Use]:
    """What would mean something else if the label it names were gone. A label rule goes with its label."""
    return [use for use in uses if use.kind is not UseKind.LABEL_RULE]
