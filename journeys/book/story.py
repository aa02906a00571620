"""Why a contact is where it is, in one sentence, and how long it stood where: pure words and sums over history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from contacts.causes import Cause

_BY_CAUSE = {
    Cause.MANUAL: "by hand",
    Cause.BULK: "by bulk change",
    Cause.LABEL_RULE: "by label rule",
    Cause.DEFAULT: "by default status",
    Cause.CAMPAIGN: "by campaign",
    Cause.WEB_FORM: "by web form",
    Cause.API: "by API",
    Cause.IMPORT: "by import",
    Cause.ACCOUNT_INACTIVE: "because the account is inactive",
    Cause.STAGE_RETIRED: "because a stage was retired",
    Cause.STAGE_MERGED: "because stages were merged",
    Cause.REVIEW: "by review",
    Cause.UNDO: "by undo",
    Cause.ERASED: "by erasure",
    Cause.DATA_FIX: "as corrected by an administrator",
}


_PUT_BACK = (Cause.UNDO, Cause.REVIEW)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the funnel, in names: a stage or none, lost or not and why."""

    stage: str | None
    lost: bool = False
    reason: str = ""

    def __str__(self) -> str:
        if self.lost:
            return f"Lost from {self.stage}" if self.stage else "Lost without a stage"
        return self.stage or "No status yet"


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last row of a contact's history, with names in place of numbers.

    `start` is None for a contact that was new in the book, `lasted` is how long it had been there (`time_before`), `by`
    the name of a team member or empty.
    """

    start: Spot | None
    end: Spot
    at: datetime
    cause: Cause
    lasted: timedelta = timedelta()
    by: str = ""
    run: int | None = None


def why_here(last: LastChange, *, stage_since: datetime, lost_at: datetime | None, now: datetime, zone: tzinfo) -> str:
    """The one sentence on top of a contact: where it stands since when, what made it so, and where it was before.

    Args:
        last: the last row of its history.
        stage_since, lost_at: of its present status.
        now, zone: the moment and the time zone of the person who reads.
    """
    if last.start is None and last.end == Spot(None):
        return f"No status yet; in the Contact Book since {_day(last.at, now, zone)}."
    since = lost_at or stage_since
    sentence = f"{last.end} since {_day(since, now, zone)}"
    if since < last.at:
        sentence += f"; {_verb(last)} {_on(last.at, now, zone)}"
    sentence += f" {_by(last)}"
    if last.end.reason:
        sentence += f": {last.end.reason}"
    before = _before(last)
    return f"{sentence}; before that {before}." if before else f"{sentence}."


def _verb(last: LastChange) -> str:
    """What the last change did to a contact that has been here longer than since that change."""
    if last.cause in _PUT_BACK:
        return "put back"
    if last.start and last.start.lost and not last.end.lost:
        return "recovered"
    return "reason corrected" if _corrects_reason(last) else "moved"


def _corrects_reason(last: LastChange) -> bool:
    return last.start is not None and last.start.lost and last.end == replace(last.start, reason=last.end.reason)


def _by(last: LastChange) -> str:
    who = ", ".join(part for part in (f"run {last.run}" if last.run else "", last.by) if part)
    return f"{_BY_CAUSE[last.cause]} ({who})" if who else _BY_CAUSE[last.cause]


def _before(last: LastChange) -> str:
    """Where it was before, and for how long."""
    if last.start is None or _corrects_reason(last):
        return ""
    place = str(last.start)
    is_stage = last.start.stage and not last.start.lost
    return f"{place if is_stage else place[0].lower() + place[1:]} for {in_words(last.lasted)}"


def _on(moment: datetime, now: datetime, zone: tzinfo) -> str:
    day = _day(moment, now, zone)
    return day if day.startswith("today") else f"on {day}"


def _day(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A day as people say it: with the time if it is today, without the year if that is this one."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"today at {local:%H:%M}"
    day = f"{local.day} {local:%b}"
    return day if local.year == today.year else f"{day} {local.year}"


def in_words(duration: timedelta) -> str:
    """A duration in its largest unit, days at most: "61 days", "1 hour", "less than a minute"."""
    seconds = int(duration.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {unit}" if count == 1 else f"{count:,} {unit}s"
    return "less than a minute"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row of history as a sum of times needs it. `stage` and `lost` are where the contact arrived."""

    id: int
    stage: int | None
    lost: bool
    at: datetime
    undoes: int | None = None


def time_in_stages(arrivals: Sequence[Arrival], now: datetime) -> dict[int | None, timedelta]:
    """How long a contact was in each stage (None: no status yet), not lost, over all of its stays.

    What was undone does not count: a change and its undo cancel like brackets.

    Args:
        arrivals: the whole history, in order of id.
    """
    undone = undone_changes(arrivals)
    kept = [arrival for arrival in arrivals if arrival.id not in undone]
    spent: dict[int | None, timedelta] = {}
    for index, arrival in enumerate(kept):
        end = kept[index + 1].at if index + 1 < len(kept) else now
        if not arrival.lost:
            spent[arrival.stage] = spent.get(arrival.stage, timedelta()) + (end - arrival.at)
    return spent


def time_before(arrivals: Sequence[Arrival]) -> timedelta:
    """How long a contact had been where its last change found it: lost, or in that stage without being lost.

    One stay in one stage, what was undone during it left out.

    Args:
        arrivals: the whole history, in order of id.
    """
    *earlier, last = arrivals
    undone = undone_changes(earlier)
    kept = [arrival for arrival in earlier if arrival.id not in undone]
    lasted, end = timedelta(), last.at
    for arrival in reversed(kept):
        if arrival.stage != kept[-1].stage or (kept[-1].lost and not arrival.lost):
            break
        if arrival.lost == kept[-1].lost:
            lasted += end - arrival.at
        end = arrival.at
    return lasted


def undone_changes(arrivals: Iterable[Arrival]) -> set[int]:
    """The ids of changes that are undone, and of the undos that undid them."""
    undos = undos_in_force(arrivals)
    return undos.keys() | undos.values()


def undos_in_force(arrivals: Iterable[Arrival]) -> dict[int, int]:
    """The changes that are undone, by the undo that did it. An undo that was undone itself is no more in force."""
    undos: dict[int, int] = {}
    for arrival in sorted(arrivals, key=lambda arrival: arrival.id, reverse=True):
        if arrival.undoes is not None and arrival.id not in undos.values():
            undos[arrival.id] = arrival.undoes
    return undos
