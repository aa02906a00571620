"""Which runs are undone, by which run; and which can be."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.roles import Role
from contacts.causes import Cause
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.runs.queries import role_to_start
from journeys.runs.undos import can_be_undone, roles_to_undo, runs_undone, undos

KIND, STATE = Run.Kind, Run.State


def a_run(kind: str = KIND.BULK, *, act: Act = Act.MARK_LOST, undoes: Run | None = None, **fields) -> Run:
    act = Act.PUT_BACK if undoes else act
    operation = Operation(act, Cause.BULK, run=undoes.pk if undoes else None).as_json()
    values = {"state": STATE.FINISHED, "records": 5, "updated": 5, "operation": operation, "words": "some", **fields}
    return Run.objects.create(kind=KIND.UNDO if undoes else kind, undoes=undoes, **values)


def test_a_run_is_undone_by_its_undo_until_that_is_undone(db: None) -> None:
    bystander, run = a_run(), a_run()
    assert undos() == {}
    at = timezone.now() - timedelta(hours=1)
    first = a_run(undoes=run, finished_at=at)
    found = undos()
    assert (found[run.pk].run, found[run.pk].since, found[run.pk].undone_by) == (first.pk, at, None)
    assert runs_undone(found) == [run.pk]

    second = a_run(undoes=first)
    found = undos()
    assert (found[run.pk].run, found[run.pk].undone_by) == (first.pk, found[first.pk])
    assert (found[first.pk].run, runs_undone(found)) == (second.pk, [first.pk])

    a_run(undoes=second)
    assert sorted(runs_undone(undos())) == [run.pk, second.pk]
    assert bystander.pk not in undos()


def test_an_undo_that_put_nobody_back_undid_nothing(db: None) -> None:
    run = a_run()
    a_run(undoes=run, updated=0, refused=5)
    assert undos() == {}
    going = a_run(undoes=run, updated=0, state=STATE.RUNNING)
    undo = undos()[run.pk]
    assert (undo.run, undo.is_running, undo.is_in_part) == (going.pk, True, False)


def test_who_was_not_put_back_when_an_undo_was_cancelled_can_be_still(db: None) -> None:
    run = a_run()
    a_run(undoes=run, updated=2, refused=3, state=STATE.CANCELLED)
    undo = undos()[run.pk]
    assert (undo.is_in_part, can_be_undone(run, undo)) == (True, True)
    a_run(undoes=run, updated=3, refused=2)
    undo = undos()[run.pk]
    assert (undo.is_in_part, can_be_undone(run, undo)) == (False, False)


@pytest.mark.parametrize(
    ("fields", "can"),
    [
        ({"kind": KIND.BULK}, True),
        ({"kind": KIND.LABEL_RULE}, True),
        ({"kind": KIND.DEFAULT}, True),
        ({"kind": KIND.UNDO}, True),
        ({"kind": KIND.BULK, "state": STATE.CANCELLED, "records": 9, "refused": 4}, True),
        ({"kind": KIND.IMPORT}, False),
        ({"kind": KIND.RETIRE}, False),
        ({"kind": KIND.MERGE}, False),
        ({"kind": KIND.BULK, "operation": {}}, False),
        ({"kind": KIND.BULK, "updated": 0, "unchanged": 5}, False),
        ({"kind": KIND.BULK, "state": STATE.RUNNING}, False),
    ],
)
def test_some_runs_can_be_undone(db: None, fields: dict, can: bool) -> None:
    assert can_be_undone(a_run(**fields), None) is can


def test_a_run_that_has_an_undo_is_not_undone_again(db: None) -> None:
    run = a_run()
    undo = a_run(undoes=run)
    redo = a_run(undoes=undo)
    found = undos()
    assert [can_be_undone(one, found.get(one.pk)) for one in (run, undo, redo)] == [False, False, True]


def test_whoever_may_start_it_may_undo_it_and_the_undo_of_it(db: None) -> None:
    few, many, moved = a_run(), a_run(records=501, updated=501), a_run(act=Act.CHANGE_STATUS)
    undo = a_run(undoes=few)
    runs = [few, many, moved, undo, a_run(undoes=undo), a_run(undoes=a_run(undoes=moved))]
    with assertNumQueries(1):
        roles = roles_to_undo(runs)
    assert [roles[run.pk] for run in runs] == [
        *(Role.OPERATOR, Role.MARKETER, Role.MARKETER),
        *(Role.OPERATOR, Role.OPERATOR, Role.MARKETER),
    ]
    assert [roles[run.pk] for run in runs] == [
        role_to_start(Operation.read(run.operation), run.records) for run in runs
    ]
    assert roles_to_undo([Run.objects.create(kind=KIND.IMPORT, words="Import")]) == {}
