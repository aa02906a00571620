"""Following the status history: nothing is missed that commits late, and nothing is read twice."""

from collections.abc import Callable
from concurrent.futures import Future

import pytest
from django.db import connection, transaction

from journeys.history.following import Stretch, follow, last_number
from journeys.history.models import Bookmark
from journeys.reports import actions as reports
from journeys.reports.models import FoldMark, FunnelTotal
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import contact_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def aware(transactional_db: None) -> Stage:
    return Stage.objects.get(name="Aware")


class Reader:
    """Somebody who follows, and the changes they were handed."""

    def __init__(self, *, at_most: int = 100, not_before: int = 0) -> None:
        self.changes: list[int] = []
        self.at_most, self.not_before = at_most, not_before

    def read(self, stretch: Stretch) -> None:
        of_stretch = StatusChange.objects.filter(pk__gt=stretch.after, pk__lte=stretch.up_to)
        self.changes += of_stretch.values_list("pk", flat=True)

    def follow(self, read: Callable[[Stretch], None] | None = None) -> bool:
        return follow(reader="test", read=read or self.read, at_most=self.at_most, not_before=self.not_before)


def changes() -> list[int]:
    return list(StatusChange.objects.values_list("pk", flat=True))


def test_what_is_final_is_read_once_and_at_once(aware: Stage) -> None:
    reader = Reader()
    contact_in(aware, lost=True)
    assert reader.follow() is False
    assert reader.changes == changes()
    assert len(reader.changes) == 2
    reader.follow()
    contact_in(aware)
    reader.follow()
    assert reader.changes == changes()
    assert len(reader.changes) == 3


def test_a_change_that_commits_late_is_waited_for(aware: Stage) -> None:
    reader = Reader()
    with elsewhere() as slow:
        slow.begin()
        slow.do(contact_in, aware).result()
        contact_in(aware)
        for _ in range(3):
            assert reader.follow() is False
        assert reader.changes == []
        slow.commit()
    reader.follow()
    assert reader.changes == changes()
    assert len(reader.changes) == 2


def test_whoever_writes_on_and_on_does_not_hold_up_what_was_before(aware: Stage) -> None:
    """The mark waits for those who were writing when it was taken, not for those who began since."""
    reader = Reader()
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(contact_in, aware).result()
        reader.follow()
        second.begin()
        second.do(contact_in, aware).result()
        first.commit()
        reader.follow()
        assert reader.changes == changes()
        assert len(reader.changes) == 1
        second.commit()
    reader.follow()
    assert reader.changes == changes()


def test_what_was_rolled_back_leaves_a_gap_that_holds_nobody_up(aware: Stage) -> None:
    with transaction.atomic():
        contact_in(aware)
        transaction.set_rollback(True)
    contact_in(aware)
    reader = Reader()
    reader.follow()
    assert reader.changes == changes() == [last_number("journeys_statuschange")]


def test_a_long_history_is_read_in_stretches(aware: Stage) -> None:
    for _ in range(5):
        contact_in(aware)
    reader = Reader(at_most=2)
    assert [reader.follow(), reader.follow(), reader.follow()] == [True, True, False]
    assert reader.changes == changes()


def test_changes_of_before_are_passed_over(aware: Stage) -> None:
    contact_in(aware)
    reader = Reader(not_before=last_number("journeys_statuschange"))
    assert reader.follow() is False
    contact_in(aware)
    reader.follow()
    assert reader.changes == changes()[1:]


def test_where_nothing_is_new_nothing_is_written(aware: Stage) -> None:
    reader = Reader()
    contact_in(aware)
    reader.follow()
    before = last_writer()
    reader.follow()
    assert last_writer() == before


def last_writer() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM journeys_bookmark")
        return cursor.fetchone()[0]


def test_what_fails_is_handed_out_again(aware: Stage) -> None:
    contact_in(aware)

    def fail(stretch: Stretch) -> None:
        raise ZeroDivisionError

    reader = Reader()
    with pytest.raises(ZeroDivisionError):
        reader.follow(fail)
    assert Bookmark.objects.get().position == 0
    reader.follow()
    assert reader.changes == changes()


def test_two_who_follow_at_once_read_once(aware: Stage) -> None:
    contact_in(aware)
    one, other = Reader(), Reader()
    waiting: list[Future] = []
    with elsewhere() as second:

        def overtaken(stretch: Stretch) -> None:
            waiting.append(second.do(other.follow))
            assert second.has_to_wait()
            one.read(stretch)

        one.follow(overtaken)
        waiting.pop().result()
    assert one.changes == changes()
    assert other.changes == []


def test_a_mark_of_another_server_is_taken_anew(aware: Stage) -> None:
    """Restored into a server that has counted fewer transactions, nothing would be final for a long time."""
    contact_in(aware)
    ahead = {"next_mark": 1, "next_horizon": 10**12}
    Bookmark.objects.create(reader="test", **ahead)
    FoldMark.objects.update(**ahead)
    reader = Reader()
    reader.follow()
    assert reader.changes == changes()
    reports.fold_flows()
    reports.fold_flows()
    assert set(FunnelTotal.objects.values_list("count", flat=True)) == {1}
