"""The promise of the heart, checked over the whole book, and history in a form that tests can read."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from django.db import InternalError, connection
from django.db.backends.utils import CursorWrapper

from contacts.models import Contact
from journeys.reports.models import FunnelFlow
from journeys.reports.queries import Place, funnel_at
from journeys.status.models import FunnelStatus, StatusChange
from stages.models import Stage

QUARTER = 15 * 60


def moves(contact: Contact | int) -> list[str]:
    """The history of a contact in words: `["outside > Aware", "Aware > lost from Aware"]`."""
    names = dict(Stage.objects.values_list("id", "name"))
    pk = contact if isinstance(contact, int) else contact.pk
    return [
        f"{_words(change.from_outside, change.from_stage_id, change.from_lost, names)} > "
        f"{_words(change.to_outside, change.to_stage_id, change.to_lost, names)}"
        for change in StatusChange.objects.filter(contact=pk)
    ]


def _words(outside: bool, stage: int | None, lost: bool, names: dict[int, str]) -> str:
    name = names[stage] if stage else "none"
    return "outside" if outside else f"lost from {name}" if lost else name


def last_change(contact: Contact | int) -> StatusChange:
    pk = contact if isinstance(contact, int) else contact.pk
    return StatusChange.objects.filter(contact=pk).latest("id")


def status_of(contact: Contact | int) -> FunnelStatus:
    return FunnelStatus.objects.get(pk=contact if isinstance(contact, int) else contact.pk)


@dataclass(frozen=True)
class Signed:
    """Who and why, as a row of history or a status says it. What is not given has to be empty."""

    cause: str
    by: int | None = None
    run: int | None = None
    via: int | None = None
    stated_at: datetime | None = None
    undoes: int | None = None
    review_needed: bool = False

    @classmethod
    def of(cls, row: StatusChange | FunnelStatus) -> "Signed":
        return cls(
            row.cause, row.changed_by_id, row.run_id, row.via_id, row.stated_at, row.undoes_id, row.review_needed
        )


def rows_of_history() -> int:
    return StatusChange.objects.count()


@contextmanager
def as_owner() -> Iterator[CursorWrapper]:
    """A cursor for what the owner of the tables may, and Funnelbook itself may not."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        try:
            yield cursor
        finally:
            with suppress(InternalError):  # the transaction has failed: its end brings the role back
                cursor.execute("RESET ROLE")


def run_sql(statement: str, *values: Any) -> int:
    """SQL of the owner. Returns the number of rows it says it touched."""
    with as_owner() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def as_long_as_it_takes() -> None:
    """Lift the limit that a run has set for its transaction, which is that of the whole test here."""
    limit = "transaction_timeout" if connection.pg_version >= 170_000 else "statement_timeout"  # type: ignore[attr-defined]
    run_sql(f"SET LOCAL {limit} = 0")


def database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def check_deferred_promises() -> None:
    """Have the database check now what it checks when a transaction commits."""
    run_sql("SET CONSTRAINTS ALL IMMEDIATE")
    run_sql("SET CONSTRAINTS ALL DEFERRED")


# The whole book

_SIGNATURE = (
    "cause",
    "changed_by_id",
    "run_id",
    "via_id",
    "note_id",
    "stated_at",
    "undoes_id",
    "review_needed",
    "signature",
)


def assert_explained() -> None:
    """Every status is explained by its history, whoever wrote it, and the flows are the sums of the history.

    Status equals the last row; each row begins where the one before it ended; dates ascend with the id; flows
    as recorded are the history, as corrected the history without what was undone, and both lead to the present.
    """
    history = {
        contact: list(rows)
        for contact, rows in groupby(
            StatusChange.objects.order_by("contact_id", "id").values(), key=itemgetter("contact_id")
        )
    }
    statuses = {status["contact_id"]: status for status in FunnelStatus.objects.values()}
    assert set(statuses) == set(Contact.objects.values_list("pk", flat=True))
    assert set(statuses) == {contact for contact, rows in history.items() if not rows[-1]["to_outside"]}
    for contact, rows in history.items():
        _assert_chain(rows)
        if contact in statuses:
            _assert_last_row(statuses[contact], rows[-1])
    inactive = Contact.objects.filter(account_state="inactive").values_list("pk", flat=True)
    assert [contact for contact in inactive if statuses[contact]["lost_at"] is None] == []
    _assert_flows([row for rows in history.values() for row in rows], statuses.values())


def _assert_chain(rows: list[dict]) -> None:
    for row in rows:
        assert not (row["from_outside"] and row["to_outside"])
        in_order = row["from_since"] is None or row["changed_at"] >= row["from_since"]
        assert in_order and (row["changed_at"] <= row["recorded_at"] or row["changed_at"] == row["from_since"])
    assert rows[0]["from_outside"]
    for before, row in pairwise(rows):
        place = ("outside", "stage_id", "lost", "lost_reason_id")
        assert [row[f"from_{name}"] for name in place] == [before[f"to_{name}"] for name in place]
        if not row["from_outside"]:
            assert row["from_since"] == before["changed_at"]
            assert (row["from_lost_at"] is not None) == row["from_lost"]
            assert row["from_stage_since"] <= row["from_since"]
            assert row["to_outside"] or row["signature"] == before["signature"] + 1
        assert row["changed_at"] >= before["changed_at"]
        assert row["undoes_id"] in (None, before["id"])


def _assert_last_row(status: dict, row: dict) -> None:
    assert (status["stage_id"], status["lost_at"] is not None, status["lost_reason_id"], status["since"]) == (
        row["to_stage_id"],
        row["to_lost"],
        row["to_lost_reason_id"],
        row["changed_at"],
    )
    assert [status[name] for name in _SIGNATURE] == [row[name] for name in _SIGNATURE]
    assert status["stage_since"] <= status["since"]


def left_standing(rows: list[dict]) -> set[int]:
    """Ids of the changes that count as corrected: no undo, and nothing that stays undone."""
    undone_by = {row["undoes_id"]: row["id"] for row in rows if row["undoes_id"]}

    def is_undone(change: int) -> bool:
        return change in undone_by and not is_undone(undone_by[change])

    return {row["id"] for row in rows if not row["undoes_id"] and not is_undone(row["id"])}


def _assert_flows(rows: list[dict], statuses: Any) -> None:
    standing = left_standing(rows)
    as_recorded = Counter(_movement(row, row["changed_at"]) for row in rows)
    as_corrected = Counter(_movement(row, row["changed_at"]) for row in rows if row["id"] in standing)
    flows = list(FunnelFlow.objects.values())
    assert _sum(flow for flow in flows if flow["kind"] == "change") == as_recorded
    assert _sum(flows) == as_corrected
    now = Counter(Place(status["stage_id"], status["lost_at"] is not None) for status in statuses)
    for corrected in (True, False):
        assert counts(funnel_at(as_corrected=corrected)) == now


def counts(funnel: Any) -> Counter[Place]:
    """How many contacts stand in each place of a funnel that has any."""
    places = [Place(stage, lost) for stage in (None, *funnel.stages) for lost in (False, True)]
    found = {
        place: funnel.lost_from(place.stage)
        if place.lost
        else (funnel.without_status if place.stage is None else funnel.in_stage(place.stage))
        for place in places
    }
    return Counter({place: count for place, count in found.items() if count})


def _movement(row: dict, at: datetime) -> tuple:
    seconds = int((at - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() // QUARTER)
    place = ("outside", "stage_id", "lost")
    return (
        seconds,
        *(row[f"from_{name}"] for name in place),
        *(row[f"to_{name}"] for name in place),
        row["direction"],
        row["cause"],
    )


def _sum(flows: Iterator[dict] | list[dict]) -> Counter[tuple]:
    total: Counter[tuple] = Counter()
    for flow in flows:
        total[_movement(flow, flow["quarter"])] += flow["count"]
    return Counter({movement: count for movement, count in total.items() if count})
