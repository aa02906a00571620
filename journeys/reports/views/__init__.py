"""The reports."""

from journeys.reports.views.compare import compare
from journeys.reports.views.flows import flows
from journeys.reports.views.index import reports
from journeys.reports.views.ins_and_outs import ins_and_outs
from journeys.reports.views.report_contacts import report_contacts
from journeys.reports.views.trend import trend

__all__ = ["compare", "flows", "ins_and_outs", "report_contacts", "reports", "trend"]
