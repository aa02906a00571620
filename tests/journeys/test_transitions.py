"""The movement rules, cell by cell: what each cause may do to whom, and what it is told if it may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.causes import Cause
from journeys.status.transitions import (
    ONE_DIRECTION_ONLY,
    PEOPLE_DECIDE,
    PUTTING_BACK,
    Lost,
    Move,
    MovementRules,
    Permission,
    Policy,
    Refusal,
    StageFacts,
    Standing,
    Verdict,
    judge,
    judge_date,
    may_diverge,
)

AWARE, TRIAL, ENGAGED, CUSTOMER = (
    StageFacts(1, 10, is_open=True),
    StageFacts(2, 20, is_open=True),
    StageFacts(3, 20, is_open=True),
    StageFacts(4, 30, is_open=True),
)
BOUNCED, OTHER = 1, 7

CHANGED = Verdict(changed=True)
FLAGGED = Verdict(changed=True, review_needed=True)
UNCHANGED = Verdict()
LIGHTER, LOST, CLOSED, RETIRED, INACTIVE, HAS_ONE = (
    Verdict(refusal=refusal)
    for refusal in (
        Refusal.LIGHTER_STAGE,
        Refusal.LOST_CONTACT,
        Refusal.CLOSED_STAGE,
        Refusal.RETIRED_STAGE,
        Refusal.ACCOUNT_INACTIVE,
        Refusal.HAS_A_STATUS,
    )
)
WORDS = {
    "+": CHANGED,
    "flag": FLAGGED,
    "=": UNCHANGED,
    "lighter": LIGHTER,
    "lost": LOST,
    "closed": CLOSED,
    "retired": RETIRED,
    "inactive": INACTIVE,
    "has one": HAS_ONE,
}

IN_ENGAGED = Standing(stage=ENGAGED, lost=False)
LOST_FROM_ENGAGED = Standing(stage=ENGAGED, lost=True)
SITUATIONS = {
    "same": (IN_ENGAGED, ENGAGED),
    "heavier": (IN_ENGAGED, CUSTOMER),
    "equal": (IN_ENGAGED, TRIAL),
    "lighter": (IN_ENGAGED, AWARE),
    "from none": (Standing(None, lost=False), AWARE),
    "to none": (IN_ENGAGED, None),
    "lost, same": (LOST_FROM_ENGAGED, ENGAGED),
    "lost, heavier": (LOST_FROM_ENGAGED, CUSTOMER),
    "lost, equal": (LOST_FROM_ENGAGED, TRIAL),
    "lost, lighter": (LOST_FROM_ENGAGED, AWARE),
    "lost from none": (Standing(None, lost=True), AWARE),
}


def table(text: str) -> list:
    """A parameter for each cell: cause, name of the situation, verdict."""
    header, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    assert header == ["cause", *SITUATIONS]
    return [
        pytest.param(Cause(cause), situation, WORDS[word], id=f"{cause}: {situation}")
        for cause, *words in lines
        for situation, word in zip(SITUATIONS, words, strict=True)
    ]


PEOPLE_DECIDE_TABLE = """
cause            | same | heavier | equal   | lighter | from none | to none | lost, same | lost, heavier | lost, equal | lost, lighter | lost from none
manual           | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
bulk             | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
label_rule       | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
default          | =    | has one | has one | has one | +         | has one | has one    | has one       | has one     | has one       | +
campaign         | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
web_form         | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
import           | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
api              | =    | +       | +       | flag    | +         | +       | +          | +             | +           | flag          | +
stage_retired    | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
stage_merged     | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
review           | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
undo             | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
data_fix         | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
"""  # noqa: E501

ONE_DIRECTION_ONLY_TABLE = """
cause            | same | heavier | equal   | lighter | from none | to none | lost, same | lost, heavier | lost, equal | lost, lighter | lost from none
manual           | =    | +       | +       | lighter | +         | +       | +          | +             | +           | lighter       | +
bulk             | =    | +       | +       | lighter | +         | +       | +          | +             | +           | lighter       | +
label_rule       | =    | +       | +       | lighter | +         | +       | +          | +             | +           | lighter       | +
default          | =    | has one | has one | has one | +         | has one | has one    | has one       | has one     | has one       | +
campaign         | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
web_form         | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
import           | =    | +       | +       | lighter | +         | +       | lost       | lost          | lost        | lost          | lost
api              | =    | +       | +       | lighter | +         | +       | +          | +             | +           | lighter       | +
stage_retired    | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
stage_merged     | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
review           | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
undo             | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
data_fix         | =    | +       | +       | +       | +         | +       | +          | +             | +           | +             | +
"""  # noqa: E501


@pytest.mark.parametrize(("cause", "situation", "verdict"), table(PEOPLE_DECIDE_TABLE))
def test_people_decide(cause: Cause, situation: str, verdict: Verdict) -> None:
    standing, to = SITUATIONS[situation]
    assert judge(standing, Move(cause, to), PEOPLE_DECIDE) == verdict


@pytest.mark.parametrize(("cause", "situation", "verdict"), table(ONE_DIRECTION_ONLY_TABLE))
def test_one_direction_only(cause: Cause, situation: str, verdict: Verdict) -> None:
    standing, to = SITUATIONS[situation]
    assert judge(standing, Move(cause, to), ONE_DIRECTION_ONLY) == verdict


MOVING_ON = [Cause.MANUAL, Cause.BULK, Cause.LABEL_RULE, Cause.CAMPAIGN, Cause.WEB_FORM, Cause.IMPORT, Cause.API]
PUTTING_BACK_IN_ORDER = [Cause.STAGE_RETIRED, Cause.STAGE_MERGED, Cause.REVIEW, Cause.UNDO, Cause.DATA_FIX]
PRESETS = pytest.mark.parametrize("policy", [PEOPLE_DECIDE, ONE_DIRECTION_ONLY], ids=["people", "one direction"])


def test_the_last_row_of_the_table_names_every_cause_that_puts_back() -> None:
    assert set(PUTTING_BACK_IN_ORDER) == PUTTING_BACK


# Closed and retired stages


@PRESETS
@pytest.mark.parametrize("cause", MOVING_ON)
@pytest.mark.parametrize("lost", [False, True])
def test_nothing_moves_on_into_a_closed_stage(policy: Policy, cause: Cause, lost: bool) -> None:
    closed = replace(CUSTOMER, is_open=False)
    for start in (ENGAGED, None):
        assert judge(Standing(start, lost=lost), Move(cause, closed), policy) == CLOSED
        assert judge(Standing(start, lost=lost), Move(cause, closed, back_allowed=True), policy) == CLOSED


@PRESETS
def test_the_default_does_not_go_into_a_closed_stage(policy: Policy) -> None:
    closed = replace(AWARE, is_open=False)
    assert judge(Standing(None, lost=False), Move(Cause.DEFAULT, closed, Lost.KEEP), policy) == CLOSED


@PRESETS
@pytest.mark.parametrize("cause", PUTTING_BACK_IN_ORDER)
@pytest.mark.parametrize("lost", [False, True])
def test_a_closed_stage_takes_back_what_is_put_back(policy: Policy, cause: Cause, lost: bool) -> None:
    for to in (replace(CUSTOMER, is_open=False), replace(AWARE, is_open=False)):
        assert judge(Standing(ENGAGED, lost=lost), Move(cause, to), policy) == CHANGED


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_nothing_enters_a_retired_stage(policy: Policy, cause: Cause, is_open: bool, lost: bool) -> None:
    for weight in (10, 20, 30):
        retired = StageFacts(9, weight, is_open=is_open, is_retired=True)
        for start in (ENGAGED, None):
            for back_allowed in (False, True):
                move = Move(cause, retired, back_allowed=back_allowed)
                assert judge(Standing(start, lost=lost), move, policy) == RETIRED


@PRESETS
def test_out_of_a_retired_or_closed_stage_as_out_of_any_other(policy: Policy) -> None:
    for stage in (replace(ENGAGED, is_open=False), replace(ENGAGED, is_open=False, is_retired=True)):
        for lost in (False, True):
            assert judge(Standing(stage, lost=lost), Move(Cause.STAGE_RETIRED, AWARE), policy) == CHANGED
            assert judge(Standing(stage, lost=lost), Move(Cause.STAGE_RETIRED, None, Lost.KEEP), policy) == CHANGED
        assert judge(Standing(stage, lost=False), Move(Cause.MANUAL, CUSTOMER), policy) == CHANGED
        assert judge(Standing(stage, lost=False), Move(Cause.CAMPAIGN, AWARE), policy) == LIGHTER


# Recovering to the stage a contact was lost from


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("is_open", [False, True])
def test_recovering_is_putting_back_whatever_the_cause_may_do_elsewhere(
    policy: Policy, cause: Cause, is_open: bool
) -> None:
    stage = replace(ENGAGED, is_open=is_open)
    assert judge(Standing(stage, lost=True), Move(cause, stage, puts_back=True), policy) == CHANGED
    assert judge(Standing(None, lost=True), Move(cause, None, puts_back=True), policy) == CHANGED
    assert judge(Standing(stage, lost=False), Move(cause, stage, puts_back=True), policy) == UNCHANGED


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
def test_nobody_recovers_into_a_retired_stage(policy: Policy, cause: Cause) -> None:
    retired = replace(ENGAGED, is_open=False, is_retired=True)
    assert judge(Standing(retired, lost=True), Move(cause, retired, puts_back=True), policy) == RETIRED


def test_choosing_the_stage_a_contact_was_lost_from_is_a_move_and_recovers() -> None:
    closed = replace(ENGAGED, is_open=False)
    assert judge(Standing(closed, lost=True), Move(Cause.MANUAL, closed), PEOPLE_DECIDE) == CHANGED
    assert judge(Standing(closed, lost=True), Move(Cause.CAMPAIGN, closed), PEOPLE_DECIDE) == LOST


# Marking lost


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER, Cause.ACCOUNT_INACTIVE])
@pytest.mark.parametrize("account_inactive", [False, True])
def test_losing_is_never_refused(policy: Policy, cause: Cause, account_inactive: bool) -> None:
    for stage in (ENGAGED, None, replace(ENGAGED, is_open=False), replace(ENGAGED, is_open=False, is_retired=True)):
        standing = Standing(stage, lost=False, account_inactive=account_inactive)
        assert judge(standing, Move(cause, stage, Lost.LOSE, BOUNCED), policy) == CHANGED
        assert judge(standing, Move(cause, stage, Lost.LOSE), policy) == CHANGED


def test_a_lost_contact_is_lost_already_unless_for_another_reason() -> None:
    standing = Standing(ENGAGED, lost=True, lost_reason=BOUNCED)
    assert judge(standing, Move(Cause.MANUAL, ENGAGED, Lost.LOSE, BOUNCED), PEOPLE_DECIDE) == UNCHANGED
    assert judge(standing, Move(Cause.MANUAL, ENGAGED, Lost.LOSE, OTHER), PEOPLE_DECIDE) == CHANGED
    assert judge(standing, Move(Cause.MANUAL, ENGAGED, Lost.LOSE, None), PEOPLE_DECIDE) == CHANGED
    assert judge(replace(standing, lost_reason=None), Move(Cause.API, ENGAGED, Lost.LOSE), PEOPLE_DECIDE) == UNCHANGED


def test_a_reason_counts_only_for_what_is_lost_by_the_move() -> None:
    assert judge(IN_ENGAGED, Move(Cause.MANUAL, ENGAGED, Lost.RECOVER, BOUNCED), PEOPLE_DECIDE) == UNCHANGED
    assert judge(IN_ENGAGED, Move(Cause.MANUAL, ENGAGED, Lost.KEEP, BOUNCED), PEOPLE_DECIDE) == UNCHANGED
    lost = Standing(ENGAGED, lost=True, lost_reason=OTHER)
    assert judge(lost, Move(Cause.MANUAL, ENGAGED, Lost.KEEP, BOUNCED), PEOPLE_DECIDE) == UNCHANGED


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("account_inactive", [False, True])
def test_the_reason_is_corrected_in_a_closed_or_retired_stage_too(
    policy: Policy, cause: Cause, account_inactive: bool
) -> None:
    for stage in (replace(ENGAGED, is_open=False), replace(ENGAGED, is_open=False, is_retired=True)):
        standing = Standing(stage, lost=True, lost_reason=BOUNCED, account_inactive=account_inactive)
        assert judge(standing, Move(cause, stage, Lost.LOSE, OTHER), policy) == CHANGED


# Keeping lost


@pytest.mark.parametrize("cause", [Cause.CAMPAIGN, Cause.WEB_FORM, Cause.IMPORT])
def test_what_may_not_recover_may_move_a_lost_contact_on_that_stays_lost(cause: Cause) -> None:
    assert judge(LOST_FROM_ENGAGED, Move(cause, CUSTOMER, Lost.KEEP), PEOPLE_DECIDE) == CHANGED
    assert judge(LOST_FROM_ENGAGED, Move(cause, AWARE, Lost.KEEP), PEOPLE_DECIDE) == LIGHTER


def test_the_default_keeps_lost() -> None:
    standing = Standing(None, lost=True, account_inactive=True)
    assert judge(standing, Move(Cause.DEFAULT, AWARE, Lost.KEEP), PEOPLE_DECIDE) == CHANGED


# Inactive accounts


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("to", [ENGAGED, CUSTOMER, AWARE, None], ids=["same", "heavier", "lighter", "none"])
def test_an_inactive_account_stays_lost(policy: Policy, cause: Cause, to: StageFacts | None) -> None:
    standing = replace(LOST_FROM_ENGAGED, account_inactive=True)
    assert judge(standing, Move(cause, to, Lost.RECOVER), policy) == INACTIVE
    assert judge(standing, Move(cause, to, Lost.RECOVER, back_allowed=True), policy) == INACTIVE
    assert judge(standing, Move(cause, to, Lost.RECOVER, puts_back=True), policy) == INACTIVE


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
def test_moves_that_keep_an_inactive_account_lost_pass(policy: Policy, cause: Cause) -> None:
    standing = replace(LOST_FROM_ENGAGED, account_inactive=True)
    assert judge(standing, Move(cause, CUSTOMER, Lost.KEEP), policy) == CHANGED
    assert judge(standing, Move(cause, None, Lost.KEEP), policy) == CHANGED
    assert judge(standing, Move(cause, ENGAGED, Lost.KEEP), policy) == UNCHANGED
    assert judge(standing, Move(cause, ENGAGED, Lost.LOSE, BOUNCED), policy) == CHANGED


# Exceptions that somebody asked for


@PRESETS
@pytest.mark.parametrize("cause", [Cause.IMPORT, Cause.MANUAL, Cause.WEB_FORM])
def test_whoever_says_so_goes_back_and_recovers(policy: Policy, cause: Cause) -> None:
    for standing in (IN_ENGAGED, LOST_FROM_ENGAGED):
        assert judge(standing, Move(cause, AWARE, back_allowed=True), policy) == CHANGED
    assert judge(LOST_FROM_ENGAGED, Move(cause, ENGAGED, back_allowed=True), policy) == CHANGED


# Choices that narrow a move


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("back_allowed", [False, True])
def test_whoever_would_go_back_may_be_left_where_they_are(policy: Policy, cause: Cause, back_allowed: bool) -> None:
    forward = Move(cause, AWARE, only_forward=True, back_allowed=back_allowed)
    assert judge(IN_ENGAGED, forward, policy) == Verdict(refusal=Refusal.WOULD_GO_BACK)
    for to in (TRIAL, CUSTOMER, None):
        assert judge(IN_ENGAGED, replace(forward, to=to), policy) == CHANGED
    assert judge(Standing(None, lost=False), forward, policy) == CHANGED


@PRESETS
@pytest.mark.parametrize("cause", [*MOVING_ON, *PUTTING_BACK_IN_ORDER])
@pytest.mark.parametrize("back_allowed", [False, True])
def test_whoever_is_lost_may_be_left_lost(policy: Policy, cause: Cause, back_allowed: bool) -> None:
    for to in (ENGAGED, CUSTOMER, AWARE, None):
        move = Move(cause, to, leave_lost=True, back_allowed=back_allowed)
        assert judge(LOST_FROM_ENGAGED, move, policy) == Verdict(refusal=Refusal.LEFT_LOST)
    assert judge(IN_ENGAGED, Move(cause, CUSTOMER, leave_lost=True), policy) == CHANGED
    assert judge(LOST_FROM_ENGAGED, Move(cause, ENGAGED, Lost.KEEP, leave_lost=True), policy) == UNCHANGED


# Dates


NOW = datetime(2024, 6, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("date", "refusal", "refusal_if_earlier_is_now"),
    [
        (None, None, None),
        (NOW + MOMENT, Refusal.IN_THE_FUTURE, Refusal.IN_THE_FUTURE),
        (NOW, None, None),
        (NOW - timedelta(days=1), None, None),
        (NOW - timedelta(days=1) - MOMENT, Refusal.BEFORE_PRESENT_STATUS, None),
    ],
)
def test_a_date_lies_between_the_present_status_and_now(
    date: datetime | None, refusal: Refusal | None, refusal_if_earlier_is_now: Refusal | None
) -> None:
    since = NOW - timedelta(days=1)
    assert judge_date(date, since=since, now=NOW, earlier_is_now=False) is refusal
    assert judge_date(date, since=since, now=NOW, earlier_is_now=True) is refusal_if_earlier_is_now


# Review


LOST_BY_PERSON = replace(LOST_FROM_ENGAGED, lost_by_a_person=True)
BY_HAND = replace(IN_ENGAGED, set_by_hand_lately=True)


@pytest.mark.parametrize(
    "to", [ENGAGED, TRIAL, CUSTOMER, AWARE, None], ids=["same", "equal", "heavier", "lighter", "-"]
)
def test_the_api_is_flagged_when_it_recovers_whom_a_person_marked_lost(to: StageFacts | None) -> None:
    assert judge(LOST_BY_PERSON, Move(Cause.API, to), PEOPLE_DECIDE) == FLAGGED


def test_the_api_is_not_flagged_when_the_contact_stays_lost() -> None:
    assert judge(LOST_BY_PERSON, Move(Cause.API, CUSTOMER, Lost.KEEP), PEOPLE_DECIDE) == CHANGED
    assert judge(LOST_BY_PERSON, Move(Cause.API, ENGAGED, Lost.LOSE, OTHER), PEOPLE_DECIDE) == CHANGED


@PRESETS
def test_the_api_is_flagged_when_it_recovers_explicitly_too(policy: Policy) -> None:
    assert judge(LOST_BY_PERSON, Move(Cause.API, ENGAGED, puts_back=True), policy) == FLAGGED


@pytest.mark.parametrize("to", [TRIAL, CUSTOMER, AWARE, None], ids=["equal", "heavier", "lighter", "none"])
def test_the_api_is_flagged_when_it_overrides_a_stage_set_by_hand_lately(to: StageFacts | None) -> None:
    assert judge(BY_HAND, Move(Cause.API, to), PEOPLE_DECIDE) == FLAGGED
    lost = replace(BY_HAND, lost=True)
    assert judge(lost, Move(Cause.API, to), PEOPLE_DECIDE) == FLAGGED


def test_the_api_overrides_nothing_by_keeping_the_stage() -> None:
    assert judge(BY_HAND, Move(Cause.API, ENGAGED), PEOPLE_DECIDE) == UNCHANGED
    assert judge(BY_HAND, Move(Cause.API, ENGAGED, Lost.LOSE, BOUNCED), PEOPLE_DECIDE) == CHANGED
    assert judge(replace(BY_HAND, lost=True), Move(Cause.API, ENGAGED), PEOPLE_DECIDE) == CHANGED


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause not in (Cause.API, Cause.DEFAULT)])
def test_nothing_else_is_flagged_as_shipped(cause: Cause) -> None:
    for standing in (LOST_BY_PERSON, BY_HAND, IN_ENGAGED):
        for to in (CUSTOMER, AWARE, None):
            assert not judge(standing, Move(cause, to), PEOPLE_DECIDE).review_needed


def test_nobody_recovers_who_is_not_lost() -> None:
    recovered = replace(LOST_BY_PERSON, lost=False)
    assert judge(recovered, Move(Cause.API, CUSTOMER), PEOPLE_DECIDE) == CHANGED


@pytest.mark.parametrize(
    ("cause", "onto_lost", "diverges"),
    [
        (Cause.API, Permission.FLAG, True),
        (Cause.API, Permission.ALLOW, True),
        (Cause.WEB_FORM, Permission.FLAG, True),
        (Cause.WEB_FORM, Permission.ALLOW, False),
        (Cause.WEB_FORM, Permission.REFUSE, False),
    ],
)
def test_what_may_diverge_is_the_api_and_what_is_flagged_onto_lost(
    cause: Cause, onto_lost: Permission, diverges: bool
) -> None:
    assert may_diverge(cause, {cause: MovementRules(Permission.FLAG, onto_lost)}) is diverges
    assert may_diverge(cause, {}) is (cause is Cause.API)


def test_a_refused_move_is_not_flagged() -> None:
    policy = {Cause.API: MovementRules(Permission.REFUSE, Permission.FLAG)}
    assert judge(BY_HAND, Move(Cause.API, AWARE), policy) == LIGHTER


# Cells that the organisation set itself


@pytest.mark.parametrize("cause", MOVING_ON)
@pytest.mark.parametrize(
    ("permission", "verdict"),
    [(Permission.ALLOW, CHANGED), (Permission.FLAG, FLAGGED), (Permission.REFUSE, LIGHTER)],
)
def test_each_cell_for_a_lower_weight(cause: Cause, permission: Permission, verdict: Verdict) -> None:
    policy = {cause: MovementRules(permission, Permission.ALLOW)}
    assert judge(IN_ENGAGED, Move(cause, AWARE), policy) == verdict
    assert judge(LOST_FROM_ENGAGED, Move(cause, AWARE), policy) == verdict
    for to in (TRIAL, CUSTOMER, None):
        assert judge(IN_ENGAGED, Move(cause, to), policy) == CHANGED


@pytest.mark.parametrize("cause", MOVING_ON)
@pytest.mark.parametrize(
    ("permission", "verdict"), [(Permission.ALLOW, CHANGED), (Permission.FLAG, FLAGGED), (Permission.REFUSE, LOST)]
)
def test_each_cell_for_lost_contacts(cause: Cause, permission: Permission, verdict: Verdict) -> None:
    policy = {cause: MovementRules(Permission.ALLOW, permission)}
    for to in (ENGAGED, CUSTOMER, AWARE, None):
        assert judge(LOST_BY_PERSON, Move(cause, to), policy) == verdict
    assert judge(IN_ENGAGED, Move(cause, AWARE), policy) == CHANGED


@pytest.mark.parametrize("cause", MOVING_ON)
def test_refused_as_lost_before_refused_as_lighter(cause: Cause) -> None:
    policy = {cause: MovementRules(Permission.REFUSE, Permission.REFUSE)}
    assert judge(LOST_FROM_ENGAGED, Move(cause, AWARE), policy) == LOST


def test_a_refused_cell_does_not_keep_people_from_recovering() -> None:
    policy = {Cause.MANUAL: MovementRules(Permission.REFUSE, Permission.REFUSE)}
    assert judge(LOST_FROM_ENGAGED, Move(Cause.MANUAL, ENGAGED, puts_back=True), policy) == CHANGED


def test_causes_that_a_policy_does_not_name_are_free() -> None:
    assert judge(LOST_FROM_ENGAGED, Move(Cause.CAMPAIGN, AWARE), {}) == CHANGED


# What holds whatever the rules and the contact


# A stage has one weight; two may have the same.
WEIGHTS = {1: -2, 2: 0, 3: 0, 4: 1, 5: 2}
stages = st.one_of(
    *(
        st.builds(StageFacts, st.just(pk), st.just(weight), st.booleans(), st.booleans())
        for pk, weight in WEIGHTS.items()
    )
)
reasons = st.none() | st.integers(1, 2)
facts = {"account_inactive": st.booleans(), "lost_by_a_person": st.booleans(), "set_by_hand_lately": st.booleans()}
standings = st.one_of(
    st.builds(Standing, stage=st.none() | stages, lost=st.just(True), lost_reason=reasons, **facts),
    st.builds(Standing, stage=st.none() | stages, lost=st.just(False), **facts),
)
moves = st.builds(
    Move,
    cause=st.sampled_from(Cause),
    to=st.none() | stages,
    lost=st.sampled_from(Lost),
    lost_reason=reasons,
    back_allowed=st.booleans(),
    only_forward=st.booleans(),
    leave_lost=st.booleans(),
)
permissions = st.sampled_from(Permission)
policies = st.dictionaries(st.sampled_from(Cause), st.builds(MovementRules, permissions, permissions))


def is_lost_after(standing: Standing, move: Move) -> bool:
    return move.lost is Lost.LOSE or (move.lost is Lost.KEEP and standing.lost)


def changes_stage(standing: Standing, move: Move) -> bool:
    return (standing.stage.id if standing.stage else None) != (move.to.id if move.to else None)


@given(standings, moves, policies)
def test_a_verdict_is_one_of_three(standing: Standing, move: Move, policy: Policy) -> None:
    verdict = judge(standing, move, policy)
    assert not (verdict.refusal and verdict.changed)
    assert verdict.changed or not verdict.review_needed
    stays = not changes_stage(standing, move) and standing.lost == is_lost_after(standing, move)
    keeps_reason = move.lost is not Lost.LOSE or move.lost_reason == standing.lost_reason
    assert (verdict == UNCHANGED) == (stays and keeps_reason)


@given(standings, moves, policies)
def test_what_changed_broke_no_rule(standing: Standing, move: Move, policy: Policy) -> None:
    if not judge(standing, move, policy).changed:
        return
    lost_after = is_lost_after(standing, move)
    if move.to and changes_stage(standing, move):
        assert not move.to.is_retired
        assert move.to.is_open or move.cause in PUTTING_BACK
    assert lost_after or not standing.account_inactive
    assert not (move.leave_lost and standing.lost)
    if move.only_forward and standing.stage and move.to:
        assert move.to.weight >= standing.stage.weight
    assert not (move.cause is Cause.DEFAULT and standing.stage)


@given(standings, moves)
def test_one_direction_goes_in_one_direction(standing: Standing, move: Move) -> None:
    verdict = judge(standing, replace(move, back_allowed=False), ONE_DIRECTION_ONLY)
    if verdict.changed and move.to and standing.stage and move.cause in ONE_DIRECTION_ONLY:
        assert move.to.weight >= standing.stage.weight


@given(standings, moves, policies)
def test_allowing_back_only_ever_takes_a_refusal_away(standing: Standing, move: Move, policy: Policy) -> None:
    strict = judge(standing, replace(move, back_allowed=False), policy)
    lenient = judge(standing, replace(move, back_allowed=True), policy)
    if strict.refusal in (Refusal.LIGHTER_STAGE, Refusal.LOST_CONTACT):
        assert lenient.changed
    else:
        assert lenient == strict


@given(standings, moves, policies)
def test_going_back_within_the_same_weight_is_not_going_back(standing: Standing, move: Move, policy: Policy) -> None:
    if standing.stage and move.to:
        level = replace(move, to=replace(move.to, weight=standing.stage.weight))
        assert judge(standing, level, policy).refusal is not Refusal.LIGHTER_STAGE


@given(standings, moves, policies)
def test_only_what_may_diverge_asks_what_people_decided(standing: Standing, move: Move, policy: Policy) -> None:
    if not may_diverge(move.cause, policy):
        nobody_decided = replace(standing, lost_by_a_person=False, set_by_hand_lately=False)
        assert judge(nobody_decided, move, policy) == judge(standing, move, policy)


@given(standings, moves, policies)
def test_only_what_the_policy_or_the_api_flags_is_flagged(standing: Standing, move: Move, policy: Policy) -> None:
    if judge(standing, move, policy).review_needed and move.cause is not Cause.API:
        rules = policy[move.cause]
        assert Permission.FLAG in (rules.to_lower_weight, rules.onto_lost)


def test_every_refusal_says_a_sentence_of_its_own() -> None:
    sentences = [refusal.sentence for refusal in Refusal]
    assert len(set(sentences)) == len(Refusal)
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
    assert Refusal.LIGHTER_STAGE.sentence == "Contact was not able to move into this stage."
    assert Refusal.CLOSED_STAGE.sentence == "Stage is missing or unpublished."
    assert Refusal("account_inactive") is Refusal.ACCOUNT_INACTIVE
