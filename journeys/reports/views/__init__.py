"""The reports."""

from journeys.reports.views.compare import compare
from journeys.reports.views.conversion import conversion
from journeys.reports.views.flows import flows
from journeys.reports.views.index import reports
from journeys.reports.views.ins_and_outs import ins_and_outs
from journeys.reports.views.lost_contacts import lost_contacts
from journeys.reports.views.report_contacts import report_contacts
from journeys.reports.views.report_notes import report_notes
from journeys.reports.views.time_in_stage import time_in_stage
from journeys.reports.views.trend import trend

__all__ = [
    "compare",
    "conversion",
    "flows",
    "ins_and_outs",
    "lost_contacts",
    "report_contacts",
    "report_notes",
    "reports",
    "time_in_stage",
    "trend",
]
