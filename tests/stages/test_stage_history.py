"""Every name, weight and colour that a stage ever had is written down, whoever changed it."""

import pytest
from django.db import DatabaseError, transaction

from stages.models import Stage, StageRevision
from tests.factories import StageFactory
from tests.heart import database_clock, run_sql

pytestmark = pytest.mark.django_db


def revisions(stage: Stage) -> list[tuple]:
    return list(StageRevision.objects.filter(stage=stage).values_list("name", "weight", "colour"))


def test_a_stage_is_written_down_at_birth() -> None:
    before = database_clock()
    stage = StageFactory(name="Trial", weight=15, colour="#123456")
    assert revisions(stage) == [("Trial", 15, "#123456")]
    assert before < StageRevision.objects.get(stage=stage).revised_at < database_clock()


def test_the_five_stages_are_written_down() -> None:
    found = [revisions(stage)[0][:2] for stage in Stage.objects.all()]
    assert found == [("Aware", 10), ("Engaged", 20), ("Customer", 30), ("Loyal Customer", 40), ("Promoter", 50)]


@pytest.mark.parametrize(
    ("assignment", "revised"),
    [
        ("name = 'Client'", ("Client", 30, "#30a46c")),
        ("weight = -5", ("Customer", -5, "#30a46c")),
        ("colour = '#000000'", ("Customer", 30, "#000000")),
    ],
)
def test_a_change_is_written_down(customer: Stage, assignment: str, revised: tuple) -> None:
    run_sql(f"UPDATE stages_stage SET {assignment} WHERE id = %s", customer.pk)
    assert revisions(customer) == [("Customer", 30, "#30a46c"), revised]


@pytest.mark.parametrize("assignment", ["name = name", "is_published = false", "retired_at = now()", "target_days = 3"])
def test_what_history_does_not_show_is_not_written_down(customer: Stage, assignment: str) -> None:
    run_sql(f"UPDATE stages_stage SET {assignment}")
    assert revisions(customer) == [("Customer", 30, "#30a46c")]


def test_the_orm_cannot_delete_a_stage(customer: Stage) -> None:
    with pytest.raises(DatabaseError, match="a stage is retired, never deleted"), transaction.atomic():
        run_sql("DELETE FROM stages_stage WHERE id = %s", customer.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        customer.delete()
    assert Stage.objects.filter(pk=customer.pk).exists()
