"""Work on labels that become part of others."""

from procrastinate.contrib.django import app

from contacts.labels.queries import any_merge
from journeys.labels import actions

AT_ONCE_SECONDS = 3.0
"""So long a worker stays with merges before others have their turn."""


@app.task
def work_on_merges() -> None:
    """Do slices of what is being merged; what is left goes to the end of the queue."""
    if actions.work_on_merges(seconds=AT_ONCE_SECONDS, by=None):
        actions.queue_merges(by=None)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="rescue_merges")
def rescue_merges(timestamp: int) -> None:
    """Every minute: merges on which nobody works any more are queued again."""
    if any_merge():
        actions.queue_merges(by=None)
