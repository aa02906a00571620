"""Work that is due again and again."""

from procrastinate.contrib.django import app

from journeys.retention import actions


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="drop_details")
def drop_details(timestamp: int) -> None:
    """Every hour: details of runs whose time is over are dropped."""
    actions.drop_details(by=None)
