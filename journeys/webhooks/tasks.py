"""Telling webhooks what happened, and forgetting what was told long ago."""

from procrastinate.contrib.django import app

from journeys.webhooks import actions
from journeys.webhooks.courier import Courier
from journeys.webhooks.queries import is_any_on

GOES_ON_SECONDS = 60.0
"""Longer than any job that a worker stays with before this one has its turn again."""

courier = Courier()


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="deliver_webhooks", priority=1)
def deliver_webhooks(timestamp: int) -> None:
    """Four times a minute: see to it that messages are delivered, beside this worker's jobs and not as one of them."""
    if is_any_on():
        courier.go_on(seconds=GOES_ON_SECONDS)


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="forget_deliveries", lock="forget_deliveries")
def forget_deliveries(timestamp: int) -> None:
    """Every night: deliveries of long ago are forgotten."""
    actions.forget_deliveries(by=None)
