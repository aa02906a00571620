"""A slice that fails: tried again after longer and longer pauses, then the run stops, says why, and can go on."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from psycopg import errors

from contacts.causes import Cause
from journeys.runs import actions, failures, selections
from journeys.runs.models import Run
from journeys.runs.operations import Act, Operation
from journeys.runs.queries import runs_without_progress
from journeys.status.models import StatusChange
from tests.factories import contact_in
from tests.journeys.running import done, one_slice_of, started


def django_error(kind: type[DatabaseError], cause: Exception) -> DatabaseError:
    error = kind("said by the database about somebody@example.com")
    error.__cause__ = cause
    return error


@pytest.fixture
def going(aware, customer, marketer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run over five contacts that moved two of them."""
    monkeypatch.setattr(selections, "SLICE", 2)
    operation = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    return one_slice_of(started(operation, [contact_in(aware) for _ in range(5)], marketer))


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Whatever stands in this list is raised, once, by the next slice that is done."""
    faults: list[Exception] = []
    do_slice = actions.do_slice

    def do_or_fail(*args):
        outcome = do_slice(*args)
        if faults:
            raise faults.pop()
        return outcome

    monkeypatch.setattr(actions, "do_slice", do_or_fail)
    return faults


def tried(run: Run) -> Run:
    """The run after somebody tried to go on with it, at once and without a pause before."""
    Run.objects.filter(pk=run.pk).update(next_try_at=None)
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    return Run.objects.get(pk=run.pk)


def test_a_bug_is_noted_and_the_slice_is_left_undone(going: Run, fault) -> None:
    fault.append(KeyError("somebody@example.com"))
    before = timezone.now()
    run = tried(going)
    assert (run.state, run.tries, run.cursor, run.updated) == ("running", 1, 1, 2)
    assert run.problem == "Something failed that Funnelbook does not know (KeyError). Its log says more."
    assert run.next_try_at is not None
    assert before + failures.FIRST_PAUSE <= run.next_try_at <= timezone.now() + failures.FIRST_PAUSE
    assert StatusChange.objects.filter(run=run).count() == 2


def test_it_is_left_alone_until_its_time_has_come(going: Run, fault) -> None:
    fault.append(KeyError())
    run = tried(going)
    Run.objects.filter(pk=run.pk).update(progressed_at=timezone.now() - timedelta(hours=1))
    assert runs_without_progress() == []
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    assert Run.objects.get(pk=run.pk).cursor == 1
    Run.objects.filter(pk=run.pk).update(next_try_at=timezone.now())
    assert runs_without_progress() == [run.pk]
    assert done(run).state == "finished"


def test_it_is_not_left_alone_for_hours_when_the_clock_was_set_back(going: Run, fault) -> None:
    fault.append(KeyError())
    run = tried(going)
    ahead = timezone.now() + timedelta(hours=2)
    Run.objects.filter(pk=run.pk).update(progressed_at=ahead, next_try_at=ahead)
    assert runs_without_progress() == [run.pk]
    assert done(run).state == "finished"


def test_a_slice_that_goes_through_forgets_the_failures(going: Run, fault) -> None:
    fault.append(KeyError())
    tried(going)
    run = tried(going)
    assert (run.state, run.updated) == ("finished", 5)
    assert (run.tries, run.next_try_at, run.problem) == (0, None, "")


def test_pauses_get_longer_and_the_sixth_failure_stops_it(going: Run, fault) -> None:
    pauses = []
    for _ in range(failures.TRIES - 1):
        fault.append(django_error(OperationalError, errors.DiskFull()))
        at = timezone.now()
        run = tried(going)
        assert run.is_running
        assert run.next_try_at
        pauses.append(round((run.next_try_at - at) / failures.FIRST_PAUSE))
    assert pauses == [1, 2, 4, 8, 16]
    fault.append(django_error(OperationalError, errors.DiskFull()))
    run = tried(going)
    assert (run.state, run.tries, run.next_try_at) == ("stopped", 6, None)
    assert run.problem == "The disk of the database is full."
    assert run.finished_at is not None
    Run.objects.filter(pk=run.pk).update(progressed_at=timezone.now() - timedelta(hours=1))
    assert runs_without_progress() == []
    assert tried(run).cursor == 1


def test_a_stopped_run_goes_on_where_it_was(going: Run, administrator) -> None:
    Run.objects.filter(pk=going.pk).update(state="stopped", finished_at=timezone.now(), tries=6, problem="It broke.")
    actions.continue_run(run=going, by=administrator)
    going.refresh_from_db()
    assert (going.state, going.tries, going.problem, going.finished_at) == ("running", 0, "", None)
    assert [job.args for job in ProcrastinateJob.objects.filter(queueing_lock=f"run-{going.pk}")] == [{"run": going.pk}]
    run = done(going)
    assert (run.state, run.updated) == ("finished", 5)
    assert StatusChange.objects.filter(run=run).count() == 5
    assert StatusChange.objects.filter(run=run).values("contact").distinct().count() == 5


@pytest.mark.parametrize("state", ["running", "finished", "cancelled"])
def test_only_a_stopped_run_is_continued(going: Run, administrator, state: str) -> None:
    run = done(going)
    Run.objects.filter(pk=run.pk).update(state=state)
    with pytest.raises(actions.RunCannotGoOn):
        actions.continue_run(run=run, by=administrator)
    assert Run.objects.get(pk=run.pk).state == state


def test_an_import_that_broke_off_is_not_continued_here(db: None, administrator) -> None:
    run = Run.objects.create(kind=Run.Kind.IMPORT, state=Run.State.STOPPED, words="Import leads.csv")
    with pytest.raises(actions.RunCannotGoOn):
        actions.continue_run(run=run, by=administrator)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("the connection is closed"),
        InterfaceError("connection already closed"),
        django_error(OperationalError, errors.AdminShutdown()),
        django_error(OperationalError, errors.CannotConnectNow()),
        django_error(OperationalError, errors.ConnectionFailure()),
    ],
)
def test_a_database_that_went_away_is_no_failure_of_the_run(going: Run, fault, error: Exception) -> None:
    fault.append(error)
    with pytest.raises(type(error)):
        tried(going)
    run = Run.objects.get(pk=going.pk)
    assert (run.state, run.tries, run.problem) == ("running", 0, "")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (django_error(OperationalError, errors.OutOfMemory()), "The database ran out of memory."),
        (
            django_error(DatabaseError, errors.InsufficientPrivilege()),
            "The database does not let Funnelbook write.",
        ),
        (OSError(28, "No space left on device"), "A file could not be written: No space left on device."),
        (
            django_error(DatabaseError, errors.CheckViolation()),
            "Something failed that Funnelbook does not know (CheckViolation). Its log says more.",
        ),
    ],
)
def test_why_is_said_without_a_word_of_the_book(error: Exception, sentence: str) -> None:
    assert failures.in_words(error) == sentence
    assert not failures.has_lost_the_database(error)
