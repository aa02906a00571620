"""The check of the whole book: all holds in one that was worked with, and whatever is broken is found."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.campaigns.actions import add_contacts
from journeys.integrity.actions import verify
from journeys.integrity.invariants import INVARIANTS, PROMISES
from journeys.integrity.models import Verification
from journeys.integrity.seals import seal_history
from journeys.reports.actions import fold_flows
from journeys.runs.actions import make_preview, preview_undo, start_run, work_on_run
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.actions import change_status, mark_lost, recover
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import contact_in
from tests.heart import as_owner
from tests.journeys.campaigning import Kind, Unit, active, add, after, campaign_of, move_to, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def seals_outside(settings, tmp_path: Path) -> None:
    settings.SEALS = tmp_path / "seals"


NAMES = [invariant.name for invariant in INVARIANTS]


@pytest.fixture
def worked_with(transactional_db, marketer: TeamMember) -> Run:
    """A book of ten contacts with moves, losses, a run and its undo, and a run of labels; its flows are folded.

    One more contact is in a campaign.
    """
    aware, customer = (Stage.objects.get(name=name) for name in ("Aware", "Customer"))
    _in_a_campaign(contact_in(aware).pk, customer, marketer)
    contacts = [contact_in(aware).pk for _ in range(10)]
    change_status(contacts=contacts[:3], to=customer, cause=Cause.MANUAL, by=marketer)
    mark_lost(contacts=contacts[2:5], reason=LostReason.objects.first(), cause=Cause.MANUAL, by=marketer)
    recover(contacts=contacts[2:3], cause=Cause.API, by=marketer)
    run = _done(Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk), contacts, marketer)
    undo = start_run(preview=preview_undo(run=run, by=marketer), by=marketer)
    work_on_run(run=undo.pk, seconds=60)
    _done(Operation(Act.DEACTIVATE, Cause.BULK), contacts[:2], marketer)
    fold_flows()
    fold_flows()
    seal_history()
    return run


def _done(operation: Operation, contacts: list[int], by: TeamMember) -> Run:
    preview = make_preview(operation=operation, selection=Selection(contacts=tuple(contacts)), by=by)
    run = start_run(preview=preview, by=by)
    work_on_run(run=run.pk, seconds=60)
    return run


def _in_a_campaign(contact: int, stage: Stage, by: TeamMember) -> None:
    """It moved by one step, and waits for another one."""
    campaign = campaign_of(by)
    add(campaign, by, **move_to(stage))
    add(campaign, by, Kind.IS_LOST, **after(3, Unit.DAYS))
    active(campaign, by)
    add_contacts(campaign=campaign, contacts=[contact], by=by)
    work(campaign)


def offences() -> dict[str, int]:
    return {name: count for name, count in verify().offences.items() if count}


def break_(sql: str) -> None:
    """Do what only the owner of the tables can, and only with triggers switched off."""
    with as_owner() as cursor:
        for table in ("contacts_contact", "journeys_funnelstatus", "journeys_statuschange", "journeys_funnelflow"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)


def test_all_holds_in_a_book_that_was_worked_with(worked_with) -> None:
    found = verify()
    assert found.offences == dict.fromkeys(PROMISES, 0)
    assert found.all_hold
    assert Verification.objects.get() == found


def test_all_holds_in_an_empty_book() -> None:
    assert offences() == {}


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


_LAST = "(SELECT max(id) FROM journeys_statuschange)"
_CONTACT = "(SELECT max(id) FROM contacts_contact)"

BROKEN = {
    "statuses_and_contacts": "INSERT INTO contacts_contact (external_id) VALUES ('without a status')",
    "statuses_are_explained": f"UPDATE journeys_funnelstatus SET note_id = 7 WHERE contact_id = {_CONTACT}",
    "inactive_accounts_are_lost": f"UPDATE contacts_contact SET account_state = 'inactive' WHERE id = {_CONTACT}",
    "statuses_name_what_exists": f"UPDATE journeys_funnelstatus SET stage_id = 999 WHERE contact_id = {_CONTACT}",
    "changes_follow_each_other": f"DELETE FROM journeys_statuschange WHERE id = {_LAST} - 12",
    "dates_ascend": f"""
        ALTER TABLE journeys_statuschange DROP CONSTRAINT a_change_is_not_in_the_future;
        UPDATE journeys_statuschange SET recorded_at = changed_at - interval '1 day' WHERE id = {_LAST}
    """,
    "an_undo_follows_what_it_undoes": """
        UPDATE journeys_statuschange SET undoes_id = 1
        WHERE id = (SELECT max(id) FROM journeys_statuschange WHERE undoes_id IS NOT NULL)
    """,
    "changes_name_what_exists": f"UPDATE journeys_statuschange SET run_id = 999 WHERE id = {_LAST}",
    "history_holds_no_personal_text": f"UPDATE journeys_statuschange SET cause = 'Ana said' WHERE id = {_LAST}",
    "seals_fit": "UPDATE journeys_statuschange SET signature = signature + 7 WHERE id = 1",
    "flows_are_the_history": "UPDATE journeys_funnelflow SET direction = 0 WHERE id = 1",
    "totals_are_the_flows": "UPDATE journeys_funneltotal SET count = count + 1",
    "recorded_flows_lead_to_the_present": "UPDATE journeys_funnelflow SET count = count + 1 WHERE kind = 'change'",
    "corrected_flows_lead_to_the_present": """
        DELETE FROM journeys_funnelflow WHERE id = (SELECT max(id) FROM journeys_funnelflow WHERE kind = 'cancel')
    """,
    "the_counts_of_runs_add_up": "UPDATE journeys_run SET cursor = 0",
    "a_run_changes_nobody_twice": f"""
        UPDATE journeys_statuschange SET contact_id = 1, run_id = (SELECT min(id) FROM journeys_run)
        WHERE id > {_LAST} - 2
    """,
    "the_moves_of_a_run_are_its_history": "UPDATE journeys_run SET updated = updated - 1, refused = refused + 1",
    "a_step_moves_a_contact_once": "UPDATE journeys_turn SET outcome = 'unchanged' WHERE outcome = 'changed'",
    "turns_belong_to_members": "UPDATE journeys_campaignmember SET round = 2",
    "no_step_is_overdue": """
        UPDATE journeys_turn SET due_at = now() - interval '61 minutes' WHERE done_at IS NULL;
        UPDATE journeys_campaign SET changed_at = now() - interval '61 minutes'
    """,
    "no_run_stands_still": """
        UPDATE journeys_run SET state = 'running', progressed_at = now() - interval '61 minutes'
    """,
    "no_job_is_overdue": """
        INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
        VALUES ('default', 'nothing', '{}', now() - interval '2 hours');
        UPDATE procrastinate_events SET at = now() - interval '61 minutes'
    """,
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_broken_is_found(worked_with, name: str) -> None:
    break_(BROKEN[name])
    assert offences().get(name, 0) > 0


# The command


def test_the_command_says_that_all_hold(worked_with, capsys) -> None:
    call_command("verify")
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [f"holds  {promise}" for promise in PROMISES.values()]
    assert lines[-1].startswith(f"All {len(PROMISES)} hold (")


def test_the_command_fails_where_something_does_not_hold(worked_with, capsys) -> None:
    break_(BROKEN["inactive_accounts_are_lost"])
    with pytest.raises(CommandError, match=rf"^1 of {len(PROMISES)} do not hold\.$") as failed:
        call_command("verify")
    assert failed.value.returncode == 1
    assert "NOT, 1 ×  A contact whose account is inactive is lost." in capsys.readouterr().out


def test_the_command_speaks_json(worked_with, capsys) -> None:
    break_(BROKEN["inactive_accounts_are_lost"])
    with pytest.raises(CommandError):
        call_command("verify", "--json")
    assert json.loads(capsys.readouterr().out) == dict.fromkeys(PROMISES, 0) | {"inactive_accounts_are_lost": 1}
