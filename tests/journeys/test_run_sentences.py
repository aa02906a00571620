"""A preview in words: exact sentences, the matrix, and the number to be typed."""

from typing import Any

import pytest

from contacts.causes import Cause
from journeys.book.queries import Anywhere, ContactQuery
from journeys.runs.fates import BACK, DONE, ENTERS, FORWARD, LEVEL, LOSES, REASON, RECOVERS, UNCHANGED, Fate
from journeys.runs.forms import ConfirmForm
from journeys.runs.operations import Act, Operation, Selection
from journeys.runs.sentences import button, columns_of, has_to_be_typed, rows_of, sentence
from journeys.runs.words import in_words, matching
from journeys.status.transitions import Refusal

AWARE, CUSTOMER, PROMOTER = 1, 3, 5
MOVE = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=CUSTOMER)


def act(which: Act, **options: Any) -> Operation:
    return Operation(which, Cause.BULK, **options)


def test_a_move_is_said_in_one_sentence() -> None:
    fates = [
        Fate(AWARE, False, FORWARD, 8100),
        Fate(PROMOTER, False, BACK, 1104),
        Fate(CUSTOMER, False, UNCHANGED, 740),
        Fate(AWARE, True, Refusal.ACCOUNT_INACTIVE, 12),
    ]
    assert sentence(fates, MOVE) == (
        "9,204 will move: 8,100 forward, 1,104 back; 740 are there already; 12 stay lost, their account is inactive."
    )
    assert button(fates, MOVE) == "Move 9,204 contacts"


@pytest.mark.parametrize(
    ("fates", "operation", "words"),
    [
        ([], MOVE, "Nobody will move."),
        ([Fate(CUSTOMER, False, UNCHANGED, 1)], MOVE, "Nobody will move; 1 is there already."),
        ([Fate(None, False, ENTERS, 3)], MOVE, "3 will move from no status yet."),
        ([Fate(2, False, LEVEL, 1)], MOVE, "1 will move to a stage of the same weight."),
        (
            [Fate(AWARE, True, FORWARD, 2), Fate(CUSTOMER, True, RECOVERS, 1)],
            MOVE,
            "3 will move: 2 forward, 1 into the same stage, recovered; 3 of them are lost now and recover.",
        ),
        (
            [Fate(PROMOTER, False, Refusal.WOULD_GO_BACK, 5), Fate(AWARE, True, Refusal.LEFT_LOST, 7)],
            MOVE,
            "Nobody will move; 7 stay lost; 5 stay where they are, they would go back.",
        ),
        (
            [Fate(AWARE, False, Refusal.CLOSED_STAGE, 4)],
            MOVE,
            "Nobody will move; 4 stay where they are, the stage is closed.",
        ),
        (
            [Fate(AWARE, False, LOSES, 30), Fate(AWARE, True, REASON, 2), Fate(CUSTOMER, True, UNCHANGED, 6)],
            act(Act.MARK_LOST),
            "32 will be lost; 2 of them are lost already and get this reason; 6 are lost already.",
        ),
        (
            [Fate(AWARE, False, DONE, 30), Fate(AWARE, True, DONE, 4), Fate(AWARE, True, UNCHANGED, 1)],
            act(Act.DEACTIVATE),
            "34 will have an inactive account; 30 of them become lost with it; 1 is inactive already.",
        ),
        (
            [Fate(AWARE, False, DONE, 30), Fate(AWARE, False, UNCHANGED, 8)],
            act(Act.PUT_ON_LABEL, label=1),
            "30 will carry the label; 8 carry it already.",
        ),
        (
            [
                Fate(CUSTOMER, False, DONE, 1167),
                Fate(CUSTOMER, False, Refusal.MOVED_SINCE, 12, since="manual"),
                Fate(PROMOTER, False, Refusal.MOVED_SINCE, 25, since="campaign"),
            ],
            act(Act.PUT_BACK, run=41),
            "1,167 will go back to what they were; 37 were moved since: 25 by campaign, 12 by hand.",
        ),
    ],
)
def test_sentences(fates: list[Fate], operation: Operation, words: str) -> None:
    assert sentence(fates, operation) == words


def test_every_refusal_can_be_said() -> None:
    for refusal in Refusal:
        words = sentence([Fate(AWARE, False, refusal, 2)], MOVE)
        assert words.startswith("Nobody will move; 2 ")
        assert words.endswith(".")
        assert not words.endswith("..")


@pytest.mark.parametrize(
    ("fates", "typed"),
    [
        ([Fate(AWARE, False, FORWARD, 999)], False),
        ([Fate(AWARE, False, FORWARD, 1000)], True),
        ([Fate(AWARE, False, FORWARD, 998), Fate(PROMOTER, False, BACK, 1)], True),
        ([Fate(AWARE, False, FORWARD, 999), Fate(CUSTOMER, False, UNCHANGED, 5000)], False),
    ],
)
def test_a_large_number_or_a_way_back_has_to_be_typed(fates: list[Fate], typed: bool) -> None:
    assert has_to_be_typed(fates, Operation(Act.CHANGE_STATUS, Cause.BULK, stage=3)) is typed


def test_the_matrix_says_from_where() -> None:
    fates = [
        Fate(CUSTOMER, False, UNCHANGED, 740),
        Fate(AWARE, True, FORWARD, 5),
        Fate(AWARE, True, Refusal.ACCOUNT_INACTIVE, 12),
        Fate(AWARE, False, FORWARD, 8095),
        Fate(None, False, ENTERS, 4),
    ]
    assert [column.key for column in columns_of(fates)] == ["forward", "changed", "unchanged", "refused"]
    rows = rows_of(fates, [None, AWARE, CUSTOMER, PROMOTER])
    assert [(row.key, list(row.counts.values())) for row in rows] == [
        ("none", [0, 4, 0, 0]),
        ("1", [8095, 0, 0, 0]),
        ("1-lost", [5, 0, 0, 12]),
        ("3", [0, 0, 740, 0]),
    ]
    assert sum(row.total for row in rows) == 8856


@pytest.mark.parametrize(
    "typed", ["9204", "9,204", "9.204", "9 204", " 9204 ", "9\N{NARROW NO-BREAK SPACE}204", "9'204"]
)
def test_the_number_counts_however_it_is_written(typed: str) -> None:
    assert ConfirmForm({"typed": typed}, number=9204, has_to_be_typed=True, asks_again=False).is_valid()


@pytest.mark.parametrize("typed", ["", "9203", "92040", "-9204", "9204x", "9,204,", "٩٢٠٤", "9204\n1"])
def test_another_number_starts_nothing(typed: str) -> None:
    form = ConfirmForm({"typed": typed}, number=9204, has_to_be_typed=True, asks_again=False)
    assert not form.is_valid()
    assert list(form.errors) == ["typed"]


def test_a_rule_that_was_undone_is_run_again_only_if_said() -> None:
    form = ConfirmForm({}, number=2, has_to_be_typed=False, asks_again=True)
    assert form.errors == {"again": ["The last run of this rule was undone. Say that you want to run it again."]}
    assert ConfirmForm({"again": "on"}, number=2, has_to_be_typed=False, asks_again=True).is_valid()


@pytest.mark.parametrize(
    ("operation", "names", "words"),
    [
        (MOVE, {"stage": "Customer", "label": "purchased-q2"}, "label purchased-q2 → Customer"),
        (
            Operation(Act.CHANGE_STATUS, Cause.BULK, stage=3, only_forward=True, leave_lost=True),
            {"stage": "Customer"},
            "1,204 contacts → Customer, only forward, lost contacts left as they are",
        ),
        (act(Act.MARK_LOST), {}, "1,204 contacts lost"),
        (act(Act.ACTIVATE), {}, "accounts of 1,204 contacts made active"),
        (act(Act.PUT_BACK, run=41), {"run": "label a → B"}, "undo of run 41: label a → B"),
        (
            Operation(Act.MOVE_OUT, Cause.STAGE_RETIRED, leaves=4),
            {"leaves": "Trial"},
            "Trial retired: 1,204 contacts → no stage",
        ),
        (
            Operation(Act.MOVE_OUT, Cause.STAGE_MERGED, leaves=4, stage=3),
            {"leaves": "Trial", "stage": "Customer"},
            "Trial merged: 1,204 contacts → Customer",
        ),
    ],
)
def test_a_run_in_words(operation: Operation, names: dict[str, str], words: str) -> None:
    assert in_words(operation, 1204, **names) == words


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (ContactQuery(), ""),
        (ContactQuery(lost=True), "that are lost"),
        (ContactQuery(lost=False), "that are not lost"),
        (ContactQuery(stage=1), "in Aware"),
        (ContactQuery(stage=1, lost=True), "lost from Aware"),
        (ContactQuery(stage=Anywhere.NO_STAGE), "in no stage"),
        (ContactQuery(stage=Anywhere.ANY_STAGE, lost=True), "lost from any stage"),
        (
            ContactQuery(stage=1, labels=(4, 5), account_state="inactive", search="ada"),
            "in Aware carrying webinar-may carrying partner with an inactive account found by “ada”",
        ),
    ],
)
def test_what_contacts_have_in_common_is_said(query: ContactQuery, words: str) -> None:
    labels = ["webinar-may", "partner"] if query.labels else []
    assert matching(query, stage="Aware", labels=labels) == words


def test_a_run_over_all_that_match_says_which() -> None:
    move = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=3)
    assert in_words(move, 12, stage="Customer", which="in Aware") == "12 contacts in Aware → Customer"


def test_an_operation_and_a_selection_are_kept_as_data() -> None:
    out = Operation(Act.MOVE_OUT, Cause.STAGE_RETIRED, stage=3, leaves=4)
    assert out.as_json() == {"act": "move_out", "cause": "stage_retired", "stage": 3, "leaves": 4}
    assert Operation.read(out.as_json()) == out
    assert out.moves
    everybody = Selection(standing_in=4)
    assert everybody.as_json() == {"standing_in": 4}
    assert Selection.read(everybody.as_json()) == everybody


def test_one_contact_is_one() -> None:
    assert in_words(act(Act.RECOVER), 1) == "1 contact recovered"
