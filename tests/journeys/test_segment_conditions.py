"""What may be asked, how it is said, and what is told to whoever typed something else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from journeys.segments.conditions import (
    AttributeFacts,
    Condition,
    Conditions,
    InvalidConditions,
    Kind,
    Operator,
    Place,
    Vocabulary,
    checked,
)
from journeys.segments.sentences import about_days, sentence
from journeys.segments.sql import Moment

KNOWN = Vocabulary(
    stages={1: "Aware", 3: "Customer"},
    labels={4: "purchased-q2"},
    attributes={
        7: AttributeFacts(7, "Employees", "employees", Kind.NUMBER),
        8: AttributeFacts(8, "Plan", "plan", Kind.CHOICE, ("gold", "silver")),
        9: AttributeFacts(9, "Newsletter", "newsletter", Kind.YES_NO),
        10: AttributeFacts(10, "Renewal", "renewal", Kind.DAY),
    },
)
AT = Moment(datetime(2026, 5, 20, 23, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"))  # the 21st in Berlin


def typed(*conditions: dict[str, str]) -> list[list[dict[str, str]]]:
    return [list(conditions)]


CUSTOMER = {"field": "status", "operator": "is", "place": "3"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (CUSTOMER, "Funnel status is Customer"),
        ({**CUSTOMER, "operator": "is_not", "place": "3-lost"}, "Funnel status is not lost from Customer"),
        ({**CUSTOMER, "place": "none"}, "Funnel status is No status yet"),
        ({**CUSTOMER, "place": "any-lost"}, "Funnel status is lost"),
        ({"field": "last_open_at", "operator": "before", "day": "2026-04-08"}, "Last open before 8 Apr 2026"),
        (
            {"field": "last_open_at", "operator": "before", "day": "2026-04-08", "or_never": "on"},
            "Last open before 8 Apr 2026 or never",
        ),
        ({"field": "subscribed_at", "operator": "after", "day": "2026-05-01"}, "Subscribed at after 1 May 2026"),
        (
            {"field": "last_click_at", "operator": "more_than_ago", "days": "14"},
            "Last click more than 14 days ago (before 7 May 2026)",
        ),
        (
            {"field": "created_at", "operator": "within_last", "days": "30"},
            "Created within the last 30 days (since 21 Apr 2026)",
        ),
        ({"field": "last_reply_at", "operator": "is_empty"}, "Last reply is empty"),
        (
            {"field": "entered", "operator": "between", "stage": "3", "day": "2026-05-01", "until": "2026-05-03"},
            "Entered Customer between 1 May 2026 and 3 May 2026",
        ),
        ({"field": "left", "operator": "since", "stage": "1", "day": "2026-05-01"}, "Left Aware since 1 May 2026"),
        ({"field": "entered", "operator": "ever", "stage": "3"}, "Entered Customer at any time"),
        ({"field": "left", "operator": "never", "stage": "3"}, "Never left Customer"),
        ({"field": "time_in_stage", "operator": "longer_than_target"}, "Time in stage longer than the stage's target"),
        ({"field": "label", "operator": "carried", "label": "4"}, "Carries purchased-q2"),
        ({"field": "label", "operator": "not_carried", "label": "4"}, "Does not carry purchased-q2"),
        ({"field": "account_state", "operator": "is", "choice": "inactive"}, "Account state is inactive"),
        ({"field": "company", "operator": "contains", "text": " Acme "}, "Company contains “Acme”"),
        ({"field": "attribute:7", "operator": "at_least", "number": "1200"}, "Employees is at least 1,200"),
        (
            {"field": "attribute:7", "operator": "between", "number": "-1.5", "most": "3"},
            "Employees between -1.5 and 3",
        ),
        ({"field": "attribute:8", "operator": "is", "choice": "gold"}, "Plan is gold"),
        ({"field": "attribute:9", "operator": "is", "choice": "no"}, "Newsletter is no"),
        ({"field": "attribute:10", "operator": "on", "day": "2026-05-01"}, "Renewal on 1 May 2026"),
    ],
)
def test_what_is_typed_is_kept_and_said(said: dict[str, str], words: str) -> None:
    conditions = checked(typed(said), KNOWN)
    assert sentence(conditions, KNOWN, AT) == words
    assert Conditions.read(conditions.as_json()) == conditions


def test_what_a_field_does_not_need_is_left_out() -> None:
    kept = checked(typed({**CUSTOMER, "day": "2026-05-01", "label": "4", "more": "x"}), KNOWN)
    assert kept.as_json() == [[{"field": "status", "operator": "is", "place": "3"}]]


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ({}, {"field": "Choose what the condition is about."}),
        ({"field": "shoe_size"}, {"field": "Choose what the condition is about."}),
        ({"field": "attribute:99"}, {"field": "Choose what the condition is about."}),
        ({"field": "status"}, {"operator": "Choose how to compare."}),
        ({"field": "status", "operator": "contains"}, {"operator": "Choose how to compare."}),
        ({"field": "created_at", "operator": "is_empty"}, {"operator": "Choose how to compare."}),
        ({"field": "status", "operator": "is"}, {"place": "Choose where the contact stands."}),
        ({**CUSTOMER, "place": "3-won"}, {"place": "Choose where the contact stands."}),
        ({**CUSTOMER, "place": "5"}, {"place": "There is no such stage. Choose another one."}),
        ({"field": "entered", "operator": "ever", "stage": ""}, {"stage": "Choose a stage."}),
        (
            {"field": "label", "operator": "carried", "label": "5"},
            {"label": "There is no such label any more. Choose another one."},
        ),
        ({"field": "account_state", "operator": "is", "choice": "maybe"}, {"choice": "Choose one of these."}),
        ({"field": "company", "operator": "is", "text": "  "}, {"text": "Say what to compare with."}),
        ({"field": "company", "operator": "is", "text": "x" * 201}, {"text": "Give at most 200 characters."}),
        ({"field": "company", "operator": "is", "text": "a\0"}, {"text": "Leave out characters that cannot be seen."}),
        ({"field": "attribute:7", "operator": "is", "number": "NaN"}, {"number": "Give a number, such as 12 or 4.5."}),
        ({"field": "attribute:7", "operator": "is", "number": "٣"}, {"number": "Give a number, such as 12 or 4.5."}),
        (
            {"field": "attribute:7", "operator": "between", "number": "3", "most": "2"},
            {"most": "This number is less than the first one."},
        ),
        (
            {"field": "last_open_at", "operator": "before", "day": "2026-02-30"},
            {"day": "Give a date such as 2026-05-03."},
        ),
        (
            {"field": "last_open_at", "operator": "before", "day": "0001-01-01"},
            {"day": "Give a year between 1900 and 2199."},
        ),
        (
            {"field": "last_open_at", "operator": "between", "day": "2026-05-03", "until": "2026-05-02"},
            {"until": "This day is before the first one."},
        ),
        (
            {"field": "entered", "operator": "between"},
            {
                "stage": "Choose a stage.",
                "day": "Give a date such as 2026-05-03.",
                "until": "Give a date such as 2026-05-03.",
            },
        ),
        (
            {"field": "last_open_at", "operator": "within_last", "days": "0"},
            {"days": "Give a number of days, from 1 to 36,500."},
        ),
    ],
)
def test_each_problem_is_told_beside_its_input(said: dict[str, str], problems: dict[str, str]) -> None:
    with pytest.raises(InvalidConditions) as told:
        checked([[CUSTOMER], [CUSTOMER, said]], KNOWN)
    assert {one.input: one.message for one in told.value.problems} == problems
    assert {(one.group, one.condition) for one in told.value.problems} == {(1, 1)}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([], "Add a condition: without one nobody would match."),
        ([[], []], "Add a condition: without one nobody would match."),
        ([[CUSTOMER] * 41], "A segment has up to 40 conditions, and these are 41."),
        ([[CUSTOMER]] * 11, "A segment has up to 10 groups, and these are 11."),
    ],
)
def test_a_segment_has_some_conditions_and_not_too_many(groups: list[list[dict[str, str]]], message: str) -> None:
    with pytest.raises(InvalidConditions) as told:
        checked(groups, KNOWN)
    assert [one.message for one in told.value.problems] == [message]


def test_groups_are_said_with_or_between_them() -> None:
    label = {"field": "label", "operator": "carried", "label": "4"}
    conditions = checked([[CUSTOMER, label], [], [{**CUSTOMER, "place": "any-lost"}]], KNOWN)
    assert sentence(conditions, KNOWN, AT) == (
        "(Funnel status is Customer AND Carries purchased-q2) OR Funnel status is lost"
    )


def test_the_sentence_tells_what_days_mean_where_there_are_any() -> None:
    with_days = checked(typed({"field": "last_open_at", "operator": "within_last", "days": "3"}), KNOWN)
    assert about_days(with_days, AT) == (
        "Days begin at midnight in Europe/Berlin: before a day is before its first moment, "
        "after a day is after its last."
    )
    assert about_days(checked(typed(CUSTOMER), KNOWN), AT) == ""


def test_what_is_gone_is_said_to_be_gone() -> None:
    conditions = Conditions(
        (
            (Condition("status", Operator.IS, place=Place("99")),),
            (Condition("label", Operator.CARRIED, label=99),),
            (Condition("attribute:99", Operator.IS, text="x"),),
        )
    )
    assert sentence(conditions, KNOWN, AT) == (
        "Funnel status is a stage that is gone OR Carries a label that was deleted OR An attribute that was removed"
    )


def test_conditions_know_what_they_name_and_can_name_another_stage() -> None:
    conditions = Conditions(
        (
            (Condition("status", Operator.IS, place=Place("1", lost=True)), Condition("left", Operator.EVER, stage=1)),
            (Condition("label", Operator.CARRIED, label=4), Condition("attribute:7", Operator.IS, number=Decimal(0))),
        )
    )
    assert (conditions.stages, conditions.labels, conditions.attributes) == ({1}, {4}, {7})
    moved = conditions.naming(3, instead_of=1)
    assert moved.groups[0] == (
        Condition("status", Operator.IS, place=Place("3", lost=True)),
        Condition("left", Operator.EVER, stage=3),
    )
    assert moved.groups[1] == conditions.groups[1]
    assert conditions.naming(3, instead_of=5) == conditions


def test_days_ago_end_with_the_day_before() -> None:
    today = date(2026, 5, 21)
    ago = Condition("last_open_at", Operator.MORE_THAN_AGO, days=14)
    lately = Condition("last_open_at", Operator.WITHIN_LAST, days=14)
    assert (ago.span(today), lately.span(today)) == ((None, date(2026, 5, 6)), (date(2026, 5, 7), today))
