"""Work on campaigns: whoever is killed or frozen while at it is followed by somebody else."""

from procrastinate.contrib.django import app

from journeys.campaigns import work
from journeys.runs.actions import LANES

AT_ONCE_SECONDS = 3.0
"""So long a worker stays with one campaign before others have their turn."""


@app.task
def work_on_campaign(campaign: int) -> None:
    """Let contacts in and do what is due; what is left goes to the end of the queue."""
    if work.work_on_campaign(campaign=campaign, seconds=AT_ONCE_SECONDS, lanes=LANES):
        work.queue_campaign(campaign)


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="queue_campaigns", priority=1)
def queue_campaigns(timestamp: int) -> None:
    """Every ten seconds: campaigns for which there is something to do are given to a worker."""
    for campaign in work.with_work():
        work.queue_campaign(campaign)
