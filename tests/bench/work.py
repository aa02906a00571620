"""A process that works on a run, a campaign or an import as a worker does, or does the bare minimum of one."""

import os
import sys
import time

BARE_UPDATE = """
    UPDATE bare_status SET
        stage_id = %(stage)s, stage_since = %(now)s, lost_at = NULL, lost_reason_id = NULL, since = %(now)s,
        cause = 'label_rule', changed_by_id = 1, run_id = 1, signature = signature + 1
    WHERE contact_id = ANY (ARRAY(SELECT unnest(contacts) FROM bare_slice WHERE number = %(number)s))
"""

BARE_INSERT = """
    INSERT INTO bare_history (
        contact_id, from_outside, from_stage_id, from_lost, from_since, from_stage_since, to_outside, to_stage_id,
        to_lost, changed_at, recorded_at, direction, cause, changed_by_id, run_id, review_needed, signature,
        database_user, transaction_id)
    SELECT unnest(contacts), false, 1, false, %(now)s, %(now)s, false, %(stage)s,
           false, %(now)s, %(now)s, 1, 'label_rule', 1, 1, false, 3,
           'funnelbook', pg_current_xact_id()
    FROM bare_slice WHERE number = %(number)s
"""


BARE_CAMPAIGN = [
    """
    UPDATE bare_status SET
        stage_id = %(stage)s, stage_since = %(now)s, lost_at = NULL, lost_reason_id = NULL, since = %(now)s,
        cause = 'campaign', via_id = 1, signature = signature + 1
    WHERE contact_id = ANY (ARRAY(SELECT unnest(moved) FROM bare_slice WHERE number = %(number)s))
    """,
    """
    INSERT INTO bare_history (
        contact_id, from_outside, from_stage_id, from_lost, from_since, from_stage_since, to_outside, to_stage_id,
        to_lost, changed_at, recorded_at, direction, cause, via_id, review_needed, signature,
        database_user, transaction_id)
    SELECT unnest(moved), false, 1, false, %(now)s, %(now)s, false, %(stage)s,
           false, %(now)s, %(now)s, 1, 'campaign', 1, false, 3, 'funnelbook', pg_current_xact_id()
    FROM bare_slice WHERE number = %(number)s
    """,
    """
    INSERT INTO bare_carried (contact_id, label_id, since, cause)
    SELECT unnest(labelled), 0, %(now)s, 'campaign' FROM bare_slice WHERE number = %(number)s
    """,
    """
    INSERT INTO bare_labelchange (contact_id, label_id, put_on, changed_at, cause)
    SELECT unnest(labelled), 0, true, %(now)s, 'campaign' FROM bare_slice WHERE number = %(number)s
    """,
    """
    INSERT INTO bare_member (campaign_id, contact_id, round, entered_at, how, is_held)
    SELECT 1, unnest(contacts), 1, %(now)s, 'segment', false FROM bare_slice WHERE number = %(number)s
    """,
    """
    INSERT INTO bare_turn (step_id, contact_id, round, since, due_at, done_at, outcome)
    SELECT step, contact, 1, %(now)s, %(now)s, %(now)s, 'changed'
    FROM bare_slice, generate_series(1, 3) AS step,
         unnest(CASE WHEN step = 1 THEN contacts ELSE labelled END) AS contact
    WHERE number = %(number)s
    """,
]


def main() -> None:
    """Say when it is ready, wait for a line, work to the end, and say how many seconds it took."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    what, number = sys.argv[1], int(sys.argv[2])
    work = {
        "run": _work_on_run,
        "floor": _bare_minimum,
        "import": _work_on_import,
        "campaign": _work_on_campaign,
        "campaign_floor": _bare_campaign,
    }[what]
    _connect()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    work(number)
    print(time.perf_counter() - began, flush=True)


def _connect() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _work_on_run(run: int) -> None:
    from journeys.runs.actions import LANES, work_on_run
    from journeys.runs.tasks import AT_ONCE_SECONDS

    while work_on_run(run=run, seconds=AT_ONCE_SECONDS, lanes=LANES):
        pass


def _work_on_campaign(campaign: int) -> None:
    from journeys.campaigns.tasks import AT_ONCE_SECONDS
    from journeys.campaigns.work import work_on_campaign
    from journeys.runs.actions import LANES

    while work_on_campaign(campaign=campaign, seconds=AT_ONCE_SECONDS, lanes=LANES):
        pass


def _bare_campaign(stage: int) -> None:
    """The same rows as of a campaign in the same transactions, without anything of ours."""
    _in_bare_slices(BARE_CAMPAIGN, stage)


def _work_on_import(asked: int) -> None:
    from journeys.imports.wizard.actions import work_on_import

    work_on_import(asked=asked, should_stop=lambda: False)


def _bare_minimum(stage: int) -> None:
    """The same rows in the same transactions, without anything of ours."""
    _in_bare_slices([BARE_UPDATE, BARE_INSERT], stage)


def _in_bare_slices(statements: list[str], stage: int) -> None:
    from django.db import connection, transaction
    from django.utils import timezone

    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM bare_slice ORDER BY number")
        for (number,) in cursor.fetchall():
            with transaction.atomic():
                values = {"stage": stage, "number": number, "now": timezone.now()}
                for statement in statements:
                    cursor.execute(statement, values)


if __name__ == "__main__":
    main()
