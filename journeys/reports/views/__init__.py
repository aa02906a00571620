"""The reports."""

from journeys.reports.views.index import reports

__all__ = ["reports"]
