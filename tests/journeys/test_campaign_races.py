"""Campaigns, two workers and people at the same contacts at the same time, on real connections."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.campaigns import looks
from journeys.campaigns import work as engine
from journeys.campaigns.models import Campaign, CampaignArrival, CampaignMember, Turn
from journeys.campaigns.tasks import queue_campaigns
from journeys.integrity.invariants import INVARIANTS
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import LabelFactory, TeamMemberFactory
from tests.heart import run_sql
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, carrying

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 600


@pytest.fixture
def max_(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Max", role=Role.MARKETER)


@pytest.fixture
def campaign(max_: TeamMember, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """Six hundred contacts are about to come in, fifty in a slice: asked, moved, and marked an hour later."""
    for module in (looks, engine):
        monkeypatch.setattr(module, "SLICE", 50)
    label = LabelFactory(name="webinar")
    run_sql(f"INSERT INTO contacts_contact (external_id) SELECT 'C-' || n FROM generate_series(1, {MANY}) n")
    run_sql(f"INSERT INTO contacts_carriedlabel (contact_id, label_id) SELECT id, {label.pk} FROM contacts_contact")
    begun = campaign_of(max_, carrying(label, max_))
    asks = add(begun, max_, Kind.IS_LOST)
    add(begun, max_, Kind.CHANGE_STAGE, asks, "no", stage=Stage.objects.get(name="Customer"))
    add(begun, max_, Kind.PUT_ON_LABEL, label=LabelFactory(name="later"), **after(1, Unit.HOURS))
    return active(begun, max_)


def finish(campaign: Campaign) -> None:
    """Do what is left now, and what is due in an hour."""
    for now in (timezone.now(), timezone.now() + timedelta(hours=2)):
        while campaign.pk in engine.with_work(now):
            engine.work_on_campaign(campaign=campaign.pk, seconds=60, now=now)


def offences() -> dict[str, int]:
    found = {}
    for invariant in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            found[invariant.name] = cursor.fetchone()[0]
    return {name: count for name, count in found.items() if count}


def turns_of_each() -> set[int]:
    """How many turns contacts have taken, whichever of them."""
    done = Turn.objects.exclude(done_at=None).values("contact_id").annotate(turns=Count("*"))
    return set(done.values_list("turns", flat=True))


def test_two_workers_do_each_step_of_each_contact_once(campaign: Campaign) -> None:
    work = partial(engine.work_on_campaign, campaign=campaign.pk, seconds=60, lanes=2)
    at_once(work, work)
    in_two_hours = timezone.now() + timedelta(hours=2)
    at_once(partial(work, now=in_two_hours), partial(work, now=in_two_hours))
    finish(campaign)
    assert CampaignMember.objects.filter(round=1, left_at=None).count() == MANY
    assert (turns_of_each(), Turn.objects.count()) == ({3}, 3 * MANY)
    assert StatusChange.objects.filter(cause=Cause.CAMPAIGN).count() == MANY
    assert offences() == {}


def test_people_move_and_erase_contacts_while_they_come_in(campaign: Campaign, max_: TeamMember) -> None:
    contacts = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    promoter = Stage.objects.get(name="Promoter")

    def move() -> None:
        for contact in contacts[::20]:
            change_status(contacts=[contact], to=promoter, cause=Cause.MANUAL, by=max_)

    def erase() -> None:
        for contact in contacts[7::50]:
            erase_contacts(contacts=[contact], by=max_)

    at_once(partial(engine.work_on_campaign, campaign=campaign.pk, seconds=60, lanes=2), move, erase)
    finish(campaign)
    left = Contact.objects.count()
    assert left == MANY - len(contacts[7::50])
    assert CampaignMember.objects.count() == left
    assert (turns_of_each(), Turn.objects.count()) == ({3}, 3 * left)
    assert offences() == {}


def test_whoever_edits_the_campaign_waits_for_no_slice_and_no_slice_for_them(
    campaign: Campaign, max_: TeamMember
) -> None:
    looks.look(campaign, looks.segments_of([campaign])[campaign.pk], looks.Book.now())
    arrivals = CampaignArrival.objects.count()
    assert arrivals == MANY // 50
    with elsewhere() as editor:
        editor.begin()
        editor.do(Campaign.objects.select_for_update(no_key=True).get, pk=campaign.pk).result()
        assert engine.work_on_campaign(campaign=campaign.pk, seconds=60) is False
        assert CampaignArrival.objects.count() == arrivals
        assert not CampaignMember.objects.exists()
        editor.commit()
    finish(campaign)
    assert CampaignMember.objects.count() == MANY


def test_a_campaign_is_queued_once_however_often_it_is_found(campaign: Campaign) -> None:
    for _ in range(2):
        queue_campaigns(timestamp=0)
    jobs = ProcrastinateJob.objects.filter(task_name=engine.WORK)
    assert list(jobs.values_list("args", "queueing_lock")) == [({"campaign": campaign.pk}, f"campaign-{campaign.pk}")]


def test_a_failure_is_told_and_tried_again_later(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(engine, "_add_members", full)
    assert engine.work_on_campaign(campaign=campaign.pk, seconds=60) is False
    campaign.refresh_from_db()
    assert campaign.watch.problem == "A file could not be written: No space left on device."
    assert engine.with_work() == []
    assert engine.with_work(timezone.now() + timedelta(seconds=6)) == [campaign.pk]
    monkeypatch.undo()
    finish(campaign)
    campaign.watch.refresh_from_db()
    assert (campaign.watch.tries, campaign.watch.problem) == (0, "")
    assert CampaignMember.objects.count() == MANY
