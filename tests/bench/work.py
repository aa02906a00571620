"""A process that works on a run or an import as a worker does, or does the bare minimum of a run."""

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


def main() -> None:
    """Say when it is ready, wait for a line, work to the end, and say how many seconds it took."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    what, number = sys.argv[1], int(sys.argv[2])
    work = {"run": _work_on_run, "floor": _bare_minimum, "import": _work_on_import}[what]
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


def _work_on_import(asked: int) -> None:
    from journeys.imports.wizard.actions import work_on_import

    work_on_import(asked=asked, should_stop=lambda: False)


def _bare_minimum(stage: int) -> None:
    """The same rows in the same transactions, without anything of ours."""
    from django.db import connection, transaction
    from django.utils import timezone

    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM bare_slice ORDER BY number")
        for (number,) in cursor.fetchall():
            with transaction.atomic():
                values = {"stage": stage, "number": number, "now": timezone.now()}
                cursor.execute(BARE_UPDATE, values)
                cursor.execute(BARE_INSERT, values)


if __name__ == "__main__":
    main()
