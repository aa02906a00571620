"""Reads of stages that come to their end."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from journeys.runs.models import Run
from journeys.status.models import FunnelStatus
from stages.models import Stage


def stages_with_contacts(stages: Collection[int]) -> set[int]:
    """Those of the stages in which anybody stands, lost or not. One query."""
    here = FunnelStatus.objects.filter(stage=OuterRef("pk"))
    there = Exists(here.filter(lost_at=None)) | Exists(here.filter(lost_at__isnull=False))
    return set(Stage.objects.filter(there, pk__in=stages).values_list("pk", flat=True))


def run_out_of(stage: Stage) -> Run | None:
    """The run that is moving contacts out of a stage. One query."""
    ends = Run.objects.filter(kind__in=[Run.Kind.RETIRE, Run.Kind.MERGE], state=Run.State.RUNNING)
    return ends.filter(operation__leaves=stage.pk).order_by("-pk").first()
