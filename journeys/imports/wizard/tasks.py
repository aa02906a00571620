"""Work on imports: whoever is killed or stopped while at it is followed by somebody else."""

from procrastinate import JobContext
from procrastinate.contrib.django import app

from journeys.imports.wizard import actions
from journeys.imports.wizard.queries import imports_without_progress


@app.task(pass_context=True)
def work_on_import(context: JobContext, asked: int) -> None:
    """Read, check or import a file, to its end unless the worker is asked to stop."""
    if actions.work_on_import(asked=asked, should_stop=context.should_abort):
        actions.queue_import(asked=asked, by=None)


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="rescue_imports", priority=1)
def rescue_imports(timestamp: int) -> None:
    """Every ten seconds: imports on which nobody works any more are queued again."""
    for asked in imports_without_progress():
        actions.queue_import(asked=asked, by=None)


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="forget_old_imports")
def forget_old_imports(timestamp: int) -> None:
    """Every hour: what was kept long enough is dropped."""
    actions.forget_old_imports(by=None)
