"""The jobs of all subjects of this app, where procrastinate looks for them."""

from journeys.campaigns.tasks import queue_campaigns, work_on_campaign
from journeys.imports.wizard.tasks import forget_old_imports, rescue_imports, work_on_import
from journeys.integrity.tasks import seal_history, verify
from journeys.labels.tasks import rescue_merges, work_on_merges
from journeys.reports.tasks import fold_flows
from journeys.retention.tasks import drop_details
from journeys.runs.tasks import forget_previews, mail_ends_of_runs, rescue_runs, work_on_run
from journeys.stuck.tasks import measure_stages
from journeys.webhooks.tasks import deliver_webhooks, forget_deliveries

__all__ = [
    "deliver_webhooks",
    "drop_details",
    "fold_flows",
    "forget_deliveries",
    "forget_old_imports",
    "forget_previews",
    "mail_ends_of_runs",
    "measure_stages",
    "queue_campaigns",
    "rescue_imports",
    "rescue_merges",
    "rescue_runs",
    "seal_history",
    "verify",
    "work_on_campaign",
    "work_on_import",
    "work_on_merges",
    "work_on_run",
]
