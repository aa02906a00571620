"""Work on runs: whoever is killed or frozen while at it is followed by somebody else."""

from procrastinate.contrib.django import app

from journeys.runs import actions
from journeys.runs.queries import runs_without_progress

AT_ONCE_SECONDS = 3.0
"""So long a worker stays with one run before others have their turn."""


@app.task
def work_on_run(run: int) -> None:
    """Do slices of a run; what is left goes to the end of the queue."""
    if actions.work_on_run(run=run, seconds=AT_ONCE_SECONDS, lanes=actions.LANES):
        actions.queue_run(run=run, by=None)


@app.periodic(cron="* * * * * */5")
@app.task(queueing_lock="rescue_runs", priority=1)
def rescue_runs(timestamp: int) -> None:
    """Every five seconds, before what is waiting: runs on which nobody works any more are queued again."""
    for run in runs_without_progress():
        actions.queue_run(run=run, by=None)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="mail_ends_of_runs")
def mail_ends_of_runs(timestamp: int) -> None:
    """Every minute: who wants to know is mailed that a run of theirs has ended."""
    actions.mail_ends_of_runs(by=None)


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="forget_previews")
def forget_previews(timestamp: int) -> None:
    """Every hour: previews that nobody will confirm any more are dropped."""
    actions.forget_previews(by=None)
