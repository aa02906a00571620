"""Writes to campaigns. What contacts go through is in `journeys.campaigns.work`."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from config.team.models import TeamMember
from config.team.queries import organisation
from contacts.models import Contact
from journeys.campaigns import looks
from journeys.campaigns.models import (
    Campaign,
    CampaignArrival,
    CampaignMember,
    CampaignSource,
    CampaignStep,
    Turn,
)
from journeys.campaigns.plan import Plan, due_at
from journeys.campaigns.problems import Problem, problems_of
from journeys.segments.models import Segment
from journeys.segments.queries import Matching
from journeys.webforms.models import WebForm

logger = logging.getLogger(__name__)

How, Left, State = CampaignMember.How, CampaignMember.Left, Campaign.State

MOST_STEPS = 100


class CampaignChanged(Exception):
    """Somebody changed the campaign meanwhile; `campaign` is what they made of it."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__("Somebody changed this campaign meanwhile.")
        self.campaign = campaign


class CampaignIsGoing(Exception):
    """It is active, or has ended, so that its plan stays as it is. As a sentence."""


class CampaignCannotWork(Exception):
    """What is in the way of switching it on; `problems` says what."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = list(problems)


# The campaign


def create_campaign(*, values: Mapping[str, Any], by: TeamMember) -> Campaign:
    """A new campaign, as a draft.

    Args:
        values: by the names of the model's fields.

    Raises:
        ValidationError: by field, what cannot be kept.
    """
    campaign = Campaign(**values, created_by=by, changed_by=by)
    _save(campaign, campaign.save)
    logger.info("Campaign %s was created by %s", campaign.pk, by.pk)
    return campaign


def change_campaign(*, campaign: Campaign, seen: int, values: Mapping[str, Any], by: TeamMember) -> None:
    """Give a campaign another name, window, or answer to whether contacts may start again.

    Args:
        seen: the revision that the person saw.

    Raises:
        CampaignChanged: that is not the latest.
        CampaignIsGoing: it is active, or has ended.
        ValidationError: by field, what cannot be kept.
    """
    with transaction.atomic():
        stored = _locked_to_edit(campaign, seen, by)
        for name, value in values.items():
            setattr(stored, name, value)
        _save(stored, stored.save)
    logger.info("Campaign %s was changed by %s", campaign.pk, by.pk)


def set_sources(
    *, campaign: Campaign, seen: int, segments: Sequence[Segment], web_forms: Sequence[WebForm], by: TeamMember
) -> None:
    """Let contacts come in from these segments and web forms, and from no others.

    Raises: as `change_campaign`.
    """
    with transaction.atomic():
        _locked_to_edit(campaign, seen, by).save()
        kept = CampaignSource.objects.filter(campaign=campaign)
        kept.exclude(segment__in=segments).exclude(web_form__in=web_forms).delete()
        CampaignSource.objects.bulk_create(
            [
                *(CampaignSource(campaign=campaign, segment=segment) for segment in segments),
                *(CampaignSource(campaign=campaign, web_form=form) for form in web_forms),
            ],
            ignore_conflicts=True,
        )
    logger.info("The sources of campaign %s were set by %s", campaign.pk, by.pk)


def clone_campaign(*, campaign: Campaign, by: TeamMember) -> Campaign:
    """A draft with the same sources and the same plan."""
    with transaction.atomic():
        values = {name: getattr(campaign, name) for name in ("description", "may_restart")}
        clone = create_campaign(values={**values, "name": _free_name(campaign.name)}, by=by)
        CampaignSource.objects.bulk_create(
            CampaignSource(campaign=clone, segment_id=source.segment_id, web_form_id=source.web_form_id)
            for source in campaign.sources.all()
        )
        became: dict[int, CampaignStep] = {}
        for step in Plan(campaign.steps.all()).steps:
            before = step.pk
            step.pk, step.campaign, step._state.adding = None, clone, True
            step.parent = became[step.parent_id] if step.parent_id else None
            step.save()
            became[before] = step
    return clone


def _free_name(name: str) -> str:
    """The name of a copy, with a number where there is one already."""
    begin = f"Copy of {name}"[:95]
    taken = {one.lower() for one in Campaign.objects.filter(name__istartswith=begin).values_list("name", flat=True)}
    numbers = (begin if number == 1 else f"{begin} {number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbers if one.lower() not in taken)


def delete_campaign(*, campaign: Campaign, by: TeamMember) -> None:
    """Delete a draft. One that was ever active stays, because history names its steps.

    Raises:
        CampaignIsGoing: it is no draft.
    """
    with transaction.atomic():
        stored = _locked(campaign)
        if not stored.is_draft:
            raise CampaignIsGoing("Only a draft can be deleted: history names the steps of the others.")
        stored.delete()
    logger.info("Campaign %s was deleted by %s", campaign.pk, by.pk)


def _save(campaign: Campaign, save: Callable[[], Any]) -> None:
    """Save what was checked; two who choose one name at once are told as one of them would be."""
    campaign.full_clean()
    try:
        with transaction.atomic():
            save()
    except IntegrityError as taken:
        campaign.validate_constraints()
        raise ValidationError("Somebody saved a campaign like this at the same moment.") from taken


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)


def _locked_to_edit(campaign: Campaign, seen: int, by: TeamMember) -> Campaign:
    """The campaign as it is stored, with a new revision to be saved."""
    stored = _locked(campaign)
    if stored.revision != seen:
        raise CampaignChanged(stored)
    if not stored.may_be_edited:
        raise CampaignIsGoing("Pause it first." if stored.is_active else "It has ended.")
    stored.changed_by, stored.changed_at, stored.revision = by, timezone.now(), seen + 1
    return stored


# Its state


def activate_campaign(*, campaign: Campaign, by: TeamMember) -> bool:
    """Switch a campaign on, for the first time or after a pause. Returns whether it was off.

    Raises:
        CampaignCannotWork: something is in the way.
        CampaignIsGoing: it has ended.
    """
    with transaction.atomic():
        stored = _locked(campaign)
        if stored.has_ended:
            raise CampaignIsGoing("It has ended.")
        plan = Plan(stored.steps.filter(removed_at=None))
        if in_the_way := [problem for problem in problems_of(stored, plan) if problem.is_in_the_way]:
            raise CampaignCannotWork(in_the_way)
        return _set_state(stored, State.ACTIVE, by)


def pause_campaign(*, campaign: Campaign, by: TeamMember) -> bool:
    """Have a campaign wait, to be edited or for any other reason. Returns whether it was active."""
    with transaction.atomic():
        stored = _locked(campaign)
        return stored.is_active and _set_state(stored, State.PAUSED, by)


def end_campaign(*, campaign: Campaign, by: TeamMember) -> bool:
    """End a campaign for good: nobody comes in, and what waits is not done. Returns whether it was going."""
    with transaction.atomic():
        stored = _locked(campaign)
        if stored.is_draft:
            return False
        return _set_state(stored, State.ENDED, by)


def _set_state(campaign: Campaign, state: str, by: TeamMember) -> bool:
    if campaign.state == state:
        return False
    Campaign.objects.filter(pk=campaign.pk).update(state=state, changed_by=by, changed_at=timezone.now())
    logger.info("Campaign %s became %s by %s", campaign.pk, state, by.pk)
    return True


# Its steps


def add_step(
    *,
    campaign: Campaign,
    seen: int,
    parent: CampaignStep | None,
    branch: str,
    values: Mapping[str, Any],
    by: TeamMember,
) -> CampaignStep:
    """Add a step at the end of a branch. Contacts that came to the branch before do not go through it.

    Args:
        parent, branch: the condition and its yes or no; None at the top.
        values: by the names of the model's fields, the kind among them.

    Raises: as `change_campaign`.
    """
    with transaction.atomic():
        stored = _locked_to_edit(campaign, seen, by)
        steps = CampaignStep.objects.filter(campaign=stored, removed_at=None)
        if steps.count() >= MOST_STEPS:
            raise ValidationError(f"A campaign has {MOST_STEPS} steps at most.")
        last = steps.filter(parent=parent, branch=branch).aggregate(last=Max("position"))["last"]
        step = CampaignStep(
            campaign=stored, parent=parent, branch=branch, position=0 if last is None else last + 1, **values
        )
        step.full_clean()
        step.save()
        stored.save()
    logger.info("Step %s was added to campaign %s by %s", step.pk, campaign.pk, by.pk)
    return step


def change_step(*, step: CampaignStep, seen: int, values: Mapping[str, Any], by: TeamMember) -> None:
    """Change what a step does, or when. Whoever waits for it waits as the step says now.

    Raises: as `change_campaign`.
    """
    with transaction.atomic():
        stored = _locked_to_edit(step.campaign, seen, by)
        for name, value in values.items():
            setattr(step, name, value)
        step.full_clean()
        step.save(update_fields=list(values))
        _wait_as_it_says(step)
        stored.save()
    logger.info("Step %s of campaign %s was changed by %s", step.pk, step.campaign_id, by.pk)


def _wait_as_it_says(step: CampaignStep) -> None:
    """Have everybody who waits for a step wait for as long as it says now, since they came to its branch."""
    zone = ZoneInfo(organisation().time_zone)
    waiting = Turn.objects.filter(step=step, done_at=None)
    moments = list(waiting.values_list("since", flat=True).distinct())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE journeys_turn turn SET due_at = said.due_at
            FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS said (since, due_at)
            WHERE step_id = %s AND done_at IS NULL AND turn.since = said.since
            """,
            [moments, [due_at(step, since, zone) for since in moments], step.pk],
        )


def remove_step(*, step: CampaignStep, seen: int, by: TeamMember) -> int:
    """Take a step out of its campaign, and with a condition all that is below it. Whoever waits for it goes on without.

    Returns: how many waited for it.

    Raises: as `change_campaign`.
    """
    with transaction.atomic():
        stored = _locked_to_edit(step.campaign, seen, by)
        plan = Plan(CampaignStep.objects.filter(campaign=stored, removed_at=None))
        gone = [step.pk, *(below.pk for below in plan.below(step))]
        steps = CampaignStep.objects.filter(pk__in=gone)
        if stored.is_draft:
            steps.delete()
            waited = 0
        else:
            now = timezone.now()
            steps.update(removed_at=now)
            waiting = Turn.objects.filter(step__in=gone, done_at=None)
            waited = waiting.update(done_at=now, outcome=Turn.REMOVED)
        stored.save()
    logger.info("Step %s was removed from campaign %s by %s", step.pk, step.campaign_id, by.pk)
    return waited


def move_step(*, step: CampaignStep, seen: int, up: bool, by: TeamMember) -> bool:
    """Change places with the step before or after it in its branch. Returns whether there was one.

    Raises: as `change_campaign`.
    """
    with transaction.atomic():
        stored = _locked_to_edit(step.campaign, seen, by)
        branch = list(
            CampaignStep.objects.filter(campaign=stored, removed_at=None, parent=step.parent_id, branch=step.branch)
        )
        place = [one.pk for one in branch].index(step.pk)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(branch):
            return False
        branch[place], branch[other] = branch[other], branch[place]
        for position, one in enumerate(branch):
            one.position = position
        CampaignStep.objects.bulk_update(branch, ["position"])
        stored.save()
    return True


# Its contacts


def add_contacts(*, campaign: Campaign, contacts: Sequence[int], by: TeamMember) -> None:
    """Let contacts in by hand. They stay, whatever segments they match.

    Raises:
        CampaignIsGoing: it is not active or paused.
    """
    with transaction.atomic():
        _locked_to_let_in(campaign)
        looks.arrive(
            "SELECT unnest(%(contacts)s::bigint[]) AS contact_id",
            {"contacts": sorted(set(contacts))},
            campaign,
            how=How.BY_HAND,
        )
    logger.info("%s contacts were added to campaign %s by %s", len(set(contacts)), campaign.pk, by.pk)


def add_segment(*, campaign: Campaign, segment: Segment, by: TeamMember) -> int:
    """Let all in by hand who match a segment now. They stay, whatever they match later. Returns how many there are.

    Raises:
        CampaignIsGoing: it is not active or paused.
    """
    with transaction.atomic():
        _locked_to_let_in(campaign)
        before = CampaignArrival.objects.filter(campaign=campaign).aggregate(last=Max("pk"))["last"] or 0
        rows, values = Matching.of(segment).named_statement()
        looks.arrive(rows, values, campaign, how=How.BY_HAND)
        arrived = CampaignArrival.objects.filter(campaign=campaign, pk__gt=before)
        count = sum(len(contacts) for contacts in arrived.values_list("contacts", flat=True))
    logger.info("Segment %s was added to campaign %s by %s", segment.pk, campaign.pk, by.pk)
    return count


def _locked_to_let_in(campaign: Campaign) -> None:
    stored = _locked(campaign)
    if not (stored.is_active or stored.is_paused):
        raise CampaignIsGoing("It has ended." if stored.has_ended else "Switch it on first: it is a draft.")


def remove_contact(*, campaign: Campaign, contact: int, by: TeamMember) -> bool:
    """Take a contact out of a campaign: what waits for it is cancelled, its stage stays. Only by hand it comes back.

    Returns: whether it was in it.
    """
    removed = looks.leave(campaign, [contact], because=Left.BY_HAND, by=by, at=timezone.now())
    if removed:
        logger.info("Contact %s was removed from campaign %s by %s", contact, campaign.pk, by.pk)
    return removed == 1


def let_in_from_web_form(*, form: WebForm, contact: Contact, by: TeamMember | None) -> int:
    """Let a contact that sent a web form into every campaign that has it as a source and is active or paused.

    Within the transaction of the submission. Returns how many campaigns there are.
    """
    campaigns = Campaign.objects.filter(sources__web_form=form, state__in=[State.ACTIVE, State.PAUSED])
    arrivals = CampaignArrival.objects.bulk_create(
        CampaignArrival(campaign=campaign, contacts=[contact.pk], how=How.WEB_FORM) for campaign in campaigns
    )
    return len(arrivals)
