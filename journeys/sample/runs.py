"""The runs of a sample year: when somebody changed many contacts at once, and what they did."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from contacts.causes import Cause
from journeys.sample.story import Kind, PlannedRun, Who


class Runs:
    """The runs of the year before `now`, in the order of time."""

    def __init__(self, *, start: datetime, now: datetime) -> None:
        self._start, self._now = start, now
        self.old_book = PlannedRun(
            at_work(start, hour=9), Cause.IMPORT, "Import old-contact-book.csv", who=Who.ADMINISTRATOR
        )
        self.default = PlannedRun(
            self._day(15), Cause.DEFAULT, "contacts without a status → Aware", Kind.STAGE, "Aware"
        )
        self.fairs = [
            PlannedRun(self._day(95), Cause.IMPORT, "Import trade-fair-spring.csv", label="trade-fair"),
            PlannedRun(self._day(262), Cause.IMPORT, "Import trade-fair-autumn.csv", label="trade-fair"),
        ]
        self.webinars = [
            PlannedRun(date, Cause.IMPORT, f"Import {label}.csv", label=label)
            for label, date in (("webinar-may", self._last(5, 14)), ("webinar-october", self._last(10, 8)))
        ]
        self.purchases = list(self._purchases())
        self.others = [
            *self._after_webinars(),
            PlannedRun(
                self._day(130), Cause.IMPORT, "Import closed-deals-first-half.csv", Kind.STAGE, "Customer"
            ),
            PlannedRun(self._day(310), Cause.IMPORT, "Import closed-deals.csv", Kind.STAGE, "Customer"),
            PlannedRun(
                self._day(205), Cause.BULK, "contacts with a third order → Loyal Customer", Kind.STAGE,
                "Loyal Customer",
            ),
            PlannedRun(
                self._day(230), Cause.BULK, "contacts without an answer lost: No answer", Kind.LOST, reason="No answer"
            ),
        ]  # fmt: skip

    @property
    def moving(self) -> list[PlannedRun]:
        """Runs that contacts can be part of for one of their moves."""
        return [*self.purchases, *self.others]

    def webinar(self, label: str) -> PlannedRun:
        """The import of a webinar's participants."""
        return next(run for run in self.webinars if run.label == label)

    def all(self) -> list[PlannedRun]:
        """Every run, the earliest first."""
        runs = [self.old_book, self.default, *self.fairs, *self.webinars, *self.moving]
        return sorted(runs, key=lambda run: run.at)

    def _purchases(self) -> Iterator[PlannedRun]:
        """After each quarter, everybody carrying its label becomes Customer."""
        for quarter, month in ((4, 1), (1, 4), (2, 7), (3, 10)):
            label = f"purchased-q{quarter}"
            words = f"label {label} → Customer"
            yield PlannedRun(self._last(month, 3), Cause.LABEL_RULE, words, Kind.STAGE, "Customer", label=label)

    def _after_webinars(self) -> Iterator[PlannedRun]:
        for webinar in self.webinars:
            at = at_work(webinar.at + timedelta(days=18), hour=10)
            if at < self._now:
                words = f"those who stayed to the end of {webinar.label} → Engaged"
                yield PlannedRun(at, Cause.BULK, words, Kind.STAGE, "Engaged", label=webinar.label)

    def _day(self, number: int) -> datetime:
        return at_work(self._start + timedelta(days=number), hour=10)

    def _last(self, month: int, day: int) -> datetime:
        """The last time that this day was, in office hours; later in the first weeks, when the book was empty."""
        date = self._now.replace(month=month, day=day)
        if date > self._now - timedelta(days=4):
            date = date.replace(year=date.year - 1)
        return at_work(max(date, self._start + timedelta(days=20)), hour=11)


def at_work(at: datetime, *, hour: int | None = None) -> datetime:
    """The same time, or that hour, on a working day: Saturday and Sunday become Monday. UTC."""
    working_day = at + timedelta(days=7 - at.weekday() if at.weekday() >= 5 else 0)
    return working_day if hour is None else working_day.replace(hour=hour)
