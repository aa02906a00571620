"""`/api/v1/review`: flagged changes, kept or reverted."""

from typing import Literal

from ninja import Query, Router
from pydantic import Field

from config.api.v1 import problems
from config.api.v1.operations import CalledRequest, operation
from config.api.v1.paging import key_asked
from config.api.v1.problems import Problem
from config.api.v1.schemas import Id, Nothing, Page, Reason, Said, Shown, Window, cursor_of
from config.team.roles import Role
from journeys.api.v1.schemas import ChangeShown, DecisionShown
from journeys.api.v1.statuses import problems_of_refusal
from journeys.review import actions
from journeys.review.queries import ReviewInWords, review_of, review_page

router = Router(tags=["Review"])


class ReviewAsked(Window):
    state: Literal["waiting", "decided"] = "waiting"


class ReviewShown(Shown):
    """`id` is that of the change. `since`: the contact's latest change, if it was moved on; it is not reverted then."""

    id: int
    why: str
    change: ChangeShown
    before: ChangeShown | None
    since: ChangeShown | None

    @classmethod
    def of(cls, row: ReviewInWords) -> "ReviewShown":
        return cls(
            id=row.pk,
            why=row.why,
            change=ChangeShown.of(row.change),
            before=ChangeShown.of(row.before) if row.before else None,
            since=ChangeShown.of(row.since) if row.since else None,
        )


class RevertSaid(Said):
    reason: Reason = Field(default="", description="Why, in words. Kept with the change that puts it back.")


@operation(router, "GET", "/review", name="reviews", role=Role.MARKETER, shows=Page[ReviewShown])
def list_reviews(request: CalledRequest, asked: Query[ReviewAsked]) -> Page[ReviewShown]:
    """Flagged changes that wait for somebody, or were decided, the newest first"""
    page = review_page(decided=asked.state == "decided", older_than=key_asked(asked), size=asked.limit)
    following = cursor_of(page.older_than) if page.older_than else None
    return Page[ReviewShown](items=[ReviewShown.of(row) for row in page.rows], next=following)


@operation(
    router,
    "POST",
    "/review/{int:change}/keep",
    name="keep_review",
    role=Role.MARKETER,
    shows=DecisionShown,
    may_refuse=(404,),
)
def keep_review(request: CalledRequest, change: Id, said: Nothing = Nothing()) -> DecisionShown:  # noqa: B008
    """Keep a flagged change: it stays as it is"""
    review_of(change)
    return _decision(actions.keep_flagged(changes=[change], by=request.caller.member), change)


@operation(
    router,
    "POST",
    "/review/{int:change}/revert",
    name="revert_review",
    role=Role.MARKETER,
    shows=DecisionShown,
    may_refuse=(404,),
)
def revert_review(request: CalledRequest, change: Id, said: RevertSaid = RevertSaid()) -> DecisionShown:  # noqa: B008
    """Put the contact back to where it was before a flagged change

    Putting back is not moving on: neither weight nor a closed stage refuses. Whoever was moved on since stays (409).
    """
    review_of(change)
    try:
        decided = actions.revert_flagged(changes=[change], by=request.caller.member, note=said.reason)
    except actions.DecidedMeanwhile:
        raise Problem(problems.DECIDED_BEFORE) from None
    return _decision(decided, change)


def _decision(decided: actions.Decided, change: int) -> DecisionShown:
    if decided.refusal:
        raise problems_of_refusal(decided.refusal)
    shown = DecisionShown.of(review_of(change))
    if decided.before or shown is None:
        raise Problem(problems.DECIDED_BEFORE)
    return shown
