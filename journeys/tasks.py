"""The jobs of all subjects of this app, where procrastinate looks for them."""

from journeys.reports.tasks import fold_flows
from journeys.retention.tasks import drop_details
from journeys.runs.tasks import forget_previews, rescue_runs, work_on_run

__all__ = ["drop_details", "fold_flows", "forget_previews", "rescue_runs", "work_on_run"]
