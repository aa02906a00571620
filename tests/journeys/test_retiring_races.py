"""A stage is retired while others move contacts into it, on real connections: nobody is left standing in it."""

import pytest
from django.db import connection, transaction

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact
from journeys.retiring.actions import BeingEmptied, retire_stage
from journeys.rules.models import FunnelSettings
from journeys.runs import actions
from journeys.runs.models import Run
from journeys.status import actions as status
from journeys.status.models import FunnelStatus
from stages.actions import move_stage
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import TeamMemberFactory, contact_in
from tests.heart import assert_explained, run_sql, status_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stages(transactional_db: None) -> dict[str, Stage]:
    return {stage.name: stage for stage in Stage.objects.all()}


@pytest.fixture
def max_weber(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Max", role=Role.MARKETER)


def work(run: Run) -> Run:
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    return run


def test_who_was_moving_somebody_in_is_waited_for_and_the_contact_goes_with_the_rest(stages, max_weber) -> None:
    customer, aware = stages["Customer"], stages["Aware"]
    here, coming = contact_in(customer), contact_in(aware)
    with elsewhere() as mover, elsewhere() as retiring:
        mover.begin()
        mover.do(status.change_status, contacts=[coming.pk], to=customer, cause=Cause.MANUAL, by=None).result()
        retired = retiring.do(retire_stage, stage=customer, to=aware, by=max_weber)
        assert retiring.has_to_wait()
        mover.commit()
        run = work(retired.result())
    assert (run.records, run.updated) == (2, 2)
    assert (status_of(here).stage, status_of(coming).stage) == (aware, aware)
    assert_explained()


def test_who_comes_later_waits_and_is_refused(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    customer, aware, engaged = stages["Customer"], stages["Aware"], stages["Engaged"]
    late = contact_in(aware)
    with elsewhere() as mover, elsewhere() as retiring:
        retiring.begin()
        run = retiring.do(retire_stage, stage=customer, to=engaged, by=max_weber).result()
        moved = mover.do(status.change_status, contacts=[late.pk], to=customer, cause=Cause.MANUAL, by=None)
        assert mover.has_to_wait()
        retiring.commit()
        assert moved.result().refusal == "retired_stage"
    assert run.records == 0
    assert status_of(late).stage == aware


def test_new_contacts_with_the_default_status_are_waited_for(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    customer, aware = stages["Customer"], stages["Aware"]
    FunnelSettings.objects.update(default_stage=customer)
    statement = "INSERT INTO contacts_contact (external_id) VALUES ('C-1'), ('C-2')"
    with elsewhere() as sql, elsewhere() as retiring:
        sql.begin()
        sql.do(run_sql, statement).result()
        retired = retiring.do(retire_stage, stage=customer, to=aware, by=max_weber)
        assert retiring.has_to_wait()
        sql.commit()
        assert work(retired.result()).updated == 2
    assert set(FunnelStatus.objects.values_list("stage", flat=True)) == {aware.pk}
    run_sql("INSERT INTO contacts_contact (external_id) VALUES ('C-3')")
    assert status_of(Contact.objects.get(external_id="C-3")).stage is None
    assert_explained()


def test_contacts_that_come_while_it_is_retired_do_not_get_it(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    customer = stages["Customer"]
    FunnelSettings.objects.update(default_stage=customer)
    with elsewhere() as sql, elsewhere() as retiring:
        retiring.begin()
        retiring.do(retire_stage, stage=customer, to=None, by=max_weber).result()
        inserted = sql.do(run_sql, "INSERT INTO contacts_contact (external_id) VALUES ('C-1')")
        assert sql.has_to_wait()
        retiring.commit()
        inserted.result()
    assert FunnelStatus.objects.get().stage is None


def test_somebodys_own_sql_is_waited_for(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    customer, aware = stages["Customer"], stages["Aware"]
    contact = contact_in(aware)
    statement = "UPDATE journeys_funnelstatus SET stage_id = %s WHERE contact_id = %s"
    with elsewhere() as sql, elsewhere() as retiring:
        sql.begin()
        sql.do(run_sql, statement, customer.pk, contact.pk).result()
        retired = retiring.do(retire_stage, stage=customer, to=None, by=max_weber)
        assert retiring.has_to_wait()
        sql.commit()
        assert work(retired.result()).updated == 1
    assert status_of(contact).stage is None


def test_a_contact_that_is_just_being_moved_out_is_not_followed(stages: dict[str, Stage], max_weber) -> None:
    customer, aware, engaged = stages["Customer"], stages["Aware"], stages["Engaged"]
    contact = contact_in(customer)
    run = retire_stage(stage=customer, to=aware, by=max_weber)
    with elsewhere() as mover, elsewhere() as worker:
        mover.begin()
        mover.do(status.change_status, contacts=[contact.pk], to=engaged, cause=Cause.MANUAL, by=None).result()
        worked = worker.do(actions.work_on_run, run=run.pk, seconds=60)
        assert worker.has_to_wait()
        mover.commit()
        assert worked.result() is False
    run.refresh_from_db()
    assert (run.updated, run.refused) == (0, 1)
    assert status_of(contact).stage == engaged


def test_two_stages_retired_into_each_other_at_once(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    """One of the two is first; the other is told, and nothing of it is done."""
    customer, aware = stages["Customer"], stages["Aware"]
    people = [contact_in(customer), contact_in(aware)]

    def end(stage: Stage, to: Stage) -> Run | None:
        try:
            return retire_stage(stage=stage, to=to, by=max_weber)
        except Stage.DoesNotExist:
            return None

    runs = [run for run in at_once(lambda: end(customer, aware), lambda: end(aware, customer)) if run]

    (run,) = runs
    work(run)
    assert Stage.objects.exclude(retired_at=None).count() == 1
    assert {status_of(person).stage_id for person in people} == {run.stage_id}
    assert_explained()


def test_one_stage_retired_by_two_at_once_is_emptied_once(stages: dict[str, Stage], max_weber: TeamMember) -> None:
    customer, aware = stages["Customer"], stages["Aware"]
    contact_in(customer)

    def end() -> Run | None:
        try:
            return retire_stage(stage=customer, to=aware, by=max_weber)
        except BeingEmptied:
            return None

    assert sum(run is not None for run in at_once(end, end)) == 1
    assert work(Run.objects.get()).updated == 1


def test_stages_are_put_in_order_while_contacts_move_into_them(stages: dict[str, Stage], max_weber) -> None:
    """Whoever moves contacts holds the stage they go to, and whoever moves a stage holds all of them."""
    customer, aware = stages["Customer"], stages["Aware"]
    contacts = [contact_in(aware).pk for _ in range(4)]

    def contact_moves() -> None:
        for number in range(10):
            to = (customer, stages["Promoter"], aware)[number % 3]
            with transaction.atomic():
                status.change_status(contacts=contacts, to=to, cause=Cause.MANUAL, by=None)

    def stage_moves() -> None:
        for number in range(10):
            stage = Stage.objects.get(pk=(customer, aware)[number % 2].pk)
            move_stage(stage=stage, places=(-1, 1)[number % 2], by=max_weber)

    at_once(contact_moves, stage_moves, stage_moves)
    connection.close()
    weights = list(Stage.objects.in_use().values_list("weight", flat=True))
    assert len(set(weights)) == 5
    assert_explained()
