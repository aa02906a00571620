"""Ins and outs: what came into each stage and what left it, and that the numbers add up."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.counts import ledger_of
from journeys.reports.filters import ReportFilter
from journeys.reports.ledger import Ledger, LedgerRow, Term
from journeys.reports.periods import Period
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.shared import StagesThen, StageThen

COLUMNS = {
    Term.CAME: "In",
    Term.FORWARD: "Forward",
    Term.BACK: "Back",
    Term.LEVEL: "Level",
    Term.TO_NONE: "To no stage",
    Term.LOST: "Lost",
    Term.RECOVERED: "Recovered",
    Term.ERASED: "Erased",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One term of a row in both periods."""

    term: Term
    words: str
    count: int
    beside: int

    @property
    def sign(self) -> str:
        return "+" if self.term.is_in else "−"


@dataclass(frozen=True, slots=True)
class Row:
    """A stage, or none, with its terms."""

    named: StageThen
    now: LedgerRow
    beside: LedgerRow

    @property
    def cells(self) -> list[Cell]:
        return [Cell(term, words, self.now.terms[term], self.beside.terms[term]) for term, words in COLUMNS.items()]


@role_required(Role.VIEWER)
@require_safe
def ins_and_outs(request: HttpRequest) -> HttpResponse:
    """The ledger of a period, beside that of another one."""
    asked = ReportFilter(request)
    title = f"Ins and outs {asked.period.when}, against {asked.beside}"
    if waits(request, is_slow=asked.is_narrowed):
        return render_waiting(request, "journeys/ins_and_outs.html", asked, title=title)
    stages = StagesThen(asked.period.end)
    now, beside = (_ledger(asked, period, stages) for period in (asked.period, asked.beside))
    rows = [
        Row(stages.of(row.stage), row, other)
        for row, other in zip(now.rows, beside.rows, strict=True)
        if stages.is_shown(row.stage, is_empty=row.is_empty and other.is_empty)
    ]
    return render_report(
        request,
        "journeys/ins_and_outs.html",
        asked,
        title=title,
        table=_table(rows),
        context={
            "columns": [(words, "+" if term.is_in else "−") for term, words in COLUMNS.items()],
            "rows": rows,
            "ledger": now,
            "beside": beside,
            "largest": stages.in_words(now.largest),
        },
        parts=["ins-and-outs-figures"],
    )


def _table(rows: list[Row]) -> Table:
    words = [words.lower() for words in COLUMNS.values()]
    return Table(
        ["stage", "at the start", *words, "at the end", "does not add up by"],
        [[row.named.name, row.now.start, *row.now.terms.values(), row.now.end, row.now.missing] for row in rows],
    )


def _ledger(asked: ReportFilter, period: Period, stages: StagesThen) -> Ledger:
    return ledger_of(asked.members, stages.numbers, period.start, period.end, as_corrected=asked.as_corrected)
