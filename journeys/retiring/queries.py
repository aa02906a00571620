"""Reads of stages that come to their end."""

from journeys.runs.models import Run
from stages.models import Stage


def run_out_of(stage: Stage) -> Run | None:
    """The run that is moving contacts out of a stage. One query."""
    ends = Run.objects.filter(kind__in=[Run.Kind.RETIRE, Run.Kind.MERGE], state=Run.State.RUNNING)
    return ends.filter(operation__leaves=stage.pk).order_by("-pk").first()
