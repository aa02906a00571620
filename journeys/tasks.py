"""The jobs of all subjects of this app, where procrastinate looks for them."""

from journeys.reports.tasks import fold_flows
from journeys.runs.tasks import forget_previews, rescue_runs, work_on_run
from journeys.webhooks.tasks import deliver_webhooks, forget_deliveries

__all__ = [
    "deliver_webhooks",
    "fold_flows",
    "forget_deliveries",
    "forget_previews",
    "rescue_runs",
    "work_on_run",
]
