"""Flows: where contacts stood when a period began, and where they stood when it ended."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from config.team.access import role_required
from config.team.roles import Role
from journeys.reports.filters import ReportFilter
from journeys.reports.flows import Matrix, Way, flows_of, matrix, ways
from journeys.reports.places import LOST, OUTSIDE
from journeys.reports.ribbons import ribbons
from journeys.reports.shown import Table, render_report, render_waiting, waits
from journeys.reports.views.shared import StagesThen

TEMPLATE = "journeys/flows.html"


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """A place of the drawing and the matrix: `outside` is new on the left, and erased on the right."""

    key: str
    name: str
    colour: str

    @property
    def short(self) -> str:
        """As much of the name as stands beside the drawing."""
        return self.name if len(self.name) <= 15 else f"{self.name[:14].rstrip()}…"


@role_required(Role.VIEWER)
@require_safe
def flows(request: HttpRequest) -> HttpResponse:
    """Who stayed, went forward or back, was lost or recovered, or is new; as ribbons and as a matrix."""
    asked = ReportFilter(request)
    title = f"Flows {asked.period.when}"
    if waits(request, is_slow=asked.is_narrowed or asked.period.is_long):
        return render_waiting(request, TEMPLATE, asked, title=title)
    stages = StagesThen(asked.period.end)
    pairs = flows_of(asked.members, asked.period.start, asked.period.end, as_corrected=asked.as_corrected)
    counted = matrix(pairs, stages.keys)
    left, right = _places(stages, "New in the book"), _places(stages, "Erased")
    drawn = ribbons(counted.rows, counted.columns, counted.counts)
    return render_report(
        request,
        TEMPLATE,
        asked,
        title=title,
        table=_table(counted, left, right),
        context={
            "ways": [(way, _words(way), count) for way, count in ways(pairs, stages.weights).items()],
            "rows": [(left[row], _cells(counted, row, right)) for row in counted.rows],
            "columns": [right[column] for column in counted.columns],
            "left": [(post, left[post.key]) for post in drawn.left],
            "right": [(post, right[post.key]) for post in drawn.right],
            "ribbons": [(ribbon, left[ribbon.start]) for ribbon in drawn.ribbons],
            "largest": [(left[was], right[place], count) for was, place, count in counted.largest],
        },
        parts=["flows-figures"],
    )


def _places(stages: StagesThen, outside: str) -> dict[str, PlaceShown]:
    """Every place by its key."""
    named = {key: stages.of(int(key)) for key in stages.keys if key.isdigit()}
    return {
        **{key: PlaceShown(key, then.name, then.stage.colour if then.stage else "") for key, then in named.items()},
        "none": PlaceShown("none", "No status yet", ""),
        LOST: PlaceShown(LOST, "Lost", ""),
        OUTSIDE: PlaceShown(OUTSIDE, outside, ""),
    }


def _cells(counted: Matrix, row: str, right: dict[str, PlaceShown]) -> list[tuple[PlaceShown, int, bool]]:
    return [(right[column], counted.counts.get((row, column), 0), column == row) for column in counted.columns]


def _table(counted: Matrix, left: dict[str, PlaceShown], right: dict[str, PlaceShown]) -> Table:
    return Table(
        ["from", "to", "contacts"],
        [
            [left[row].name, right[column].name, counted.counts[row, column]]
            for row in counted.rows
            for column in counted.columns
            if (row, column) in counted.counts
        ],
    )


def _words(way: Way) -> str:
    return way[0].upper() + way[1:]
