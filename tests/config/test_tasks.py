"""Jobs whose worker was killed."""

import threading

from asgiref.sync import async_to_sync
from django.db import connection

from config.tasks import retry_stalled_jobs


def add_worker(*, beat_seconds_ago: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 second') RETURNING id",
            [beat_seconds_ago],
        )
        return cursor.fetchone()[0]


def add_job(status: str, worker: int | None = None, name: str = "fold_flows") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (task_name, queue_name, status, worker_id, lock, queueing_lock) "
            "VALUES (%s, 'default', %s, %s, %s, %s) RETURNING id",
            [name, status, worker, name, name],
        )
        return cursor.fetchone()[0]


def run_task() -> None:
    """In a thread of its own, as a worker would: in this one the browser's driver may run an event loop."""

    def in_thread() -> None:
        async_to_sync(retry_stalled_jobs.func)(timestamp=0)
        connection.close()

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()


def jobs() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status FROM procrastinate_jobs")
        return dict(cursor.fetchall())


def test_what_a_killed_worker_had_begun_is_done_again(transactional_db: None) -> None:
    job = add_job("doing", add_worker(beat_seconds_ago=60))
    run_task()
    assert jobs() == {job: "todo"}


def test_where_the_same_waits_already_once_is_enough(transactional_db: None) -> None:
    add_job("doing", add_worker(beat_seconds_ago=60))
    waiting = add_job("todo")
    run_task()
    assert jobs() == {waiting: "todo"}


def test_a_worker_that_is_alive_is_left_alone(transactional_db: None) -> None:
    job = add_job("doing", add_worker(beat_seconds_ago=5))
    run_task()
    assert jobs() == {job: "doing"}
