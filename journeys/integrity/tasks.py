"""The book is checked every day."""

from procrastinate.contrib.django import app

from journeys.integrity import actions


@app.periodic(cron="41 4 * * *")
@app.task(queueing_lock="verify", lock="verify", priority=-1)
def verify(timestamp: int) -> None:
    """Every night: check everything that must always hold."""
    actions.verify()
