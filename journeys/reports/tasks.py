"""Periodic work on the figures of the funnel."""

from procrastinate.contrib.django import app

from journeys.reports import actions


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="fold_flows", lock="fold_flows")
def fold_flows(timestamp: int) -> None:
    """Every minute: bring the totals of days and months up to date."""
    actions.fold_flows()
