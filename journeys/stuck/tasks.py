"""Periodic measuring of the stages."""

from procrastinate.contrib.django import app

from journeys.stuck import actions


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="measure_stages", lock="measure_stages")
def measure_stages(timestamp: int) -> None:
    """Every ten minutes: say anew how long stays usually are, and how many contacts are over target."""
    actions.measure_stages()
