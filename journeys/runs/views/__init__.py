"""Runs: what is shown before one, the list, one with its outcomes, cancelling and undoing it."""

from journeys.runs.views.listing import runs, runs_going
from journeys.runs.views.one import cancel_run, continue_run, run, run_csv, undo_run
from journeys.runs.views.previews import preview, preview_contacts, start_run

__all__ = [
    "cancel_run",
    "continue_run",
    "preview",
    "preview_contacts",
    "run",
    "run_csv",
    "runs",
    "runs_going",
    "start_run",
    "undo_run",
]
