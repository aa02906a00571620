"""Reads of stages that come to their end."""

from collections.abc import Collection

from django.db import connection

from journeys.runs.models import Run
from stages.models import Stage

# Looked up stage by stage along the two indexes: asked at once, PostgreSQL reads through every status.
_WITH_CONTACTS = """
    SELECT stage FROM unnest(%s::bigint[]) AS asked (stage) CROSS JOIN LATERAL (
        (SELECT 1 FROM journeys_funnelstatus WHERE stage_id BETWEEN stage AND stage AND lost_at IS NULL
         ORDER BY stage_id LIMIT 1)
        UNION ALL
        (SELECT 1 FROM journeys_funnelstatus WHERE stage_id BETWEEN stage AND stage AND lost_at IS NOT NULL
         ORDER BY stage_id LIMIT 1)
        LIMIT 1) AS anybody
"""


def stages_with_contacts(stages: Collection[int]) -> set[int]:
    """Those of the stages in which anybody stands, lost or not. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_CONTACTS, [list(stages)])
        return {stage for (stage,) in cursor.fetchall()}


def run_out_of(stage: Stage) -> Run | None:
    """The run that is moving contacts out of a stage. One query."""
    ends = Run.objects.filter(kind__in=[Run.Kind.RETIRE, Run.Kind.MERGE], state=Run.State.RUNNING)
    return ends.filter(operation__leaves=stage.pk).order_by("-pk").first()
