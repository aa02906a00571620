"""The book is checked every day, and its history sealed every minute."""

from procrastinate.contrib.django import app

from journeys.integrity import actions, seals


@app.periodic(cron="41 4 * * *")
@app.task(queueing_lock="verify", lock="verify", priority=-1)
def verify(timestamp: int) -> None:
    """Every night: check everything that must always hold."""
    actions.verify()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="seal_history", lock="seal_history")
def seal_history(timestamp: int) -> None:
    """Every minute: seal what was added to the status history."""
    seals.seal_history()
