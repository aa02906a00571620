"""The jobs of all subjects of this app, where procrastinate looks for them."""

from journeys.reports.tasks import fold_flows

__all__ = ["fold_flows"]
