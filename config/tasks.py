"""Periodic work on the installation itself: its job queue, and its backups."""

import logging

from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from config.backups.tasks import back_up

__all__ = ["back_up", "retry_stalled_jobs"]

logger = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="retry_stalled_jobs")
async def retry_stalled_jobs(timestamp: int) -> None:
    """Every minute: do again what a worker had begun when it was killed. Its lock would hold up all that follow."""
    for job in await app.job_manager.get_stalled_jobs():
        logger.warning("The worker of job %s (%s) is gone; the job is done again.", job.id, job.task_name)
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:  # the same is waiting in the queue already
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
