"""The jobs of all subjects of this app, where procrastinate looks for them."""

from journeys.labels.tasks import rescue_merges, work_on_merges
from journeys.reports.tasks import fold_flows
from journeys.runs.tasks import forget_previews, rescue_runs, work_on_run

__all__ = ["fold_flows", "forget_previews", "rescue_merges", "rescue_runs", "work_on_merges", "work_on_run"]
