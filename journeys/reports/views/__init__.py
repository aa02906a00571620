"""The reports."""

from journeys.reports.views.index import reports
from journeys.reports.views.ins_and_outs import ins_and_outs
from journeys.reports.views.report_contacts import report_contacts

__all__ = ["ins_and_outs", "report_contacts", "reports"]
