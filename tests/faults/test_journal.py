"""What a journal of acknowledged changes finds in a history."""

from tests.faults.people import UNANSWERED, Attempt, Journal, Recorded


def asked(words: str, contact: int, status: int, at: float) -> Attempt:
    return Attempt(words, contact, status, status in (200, 302), at)


JOURNAL = Journal(
    [
        asked("a", 1, 302, 1.0),
        asked("b", 2, UNANSWERED, 1.5),
        asked("c", 1, 200, 4.0),
        asked("d", 2, 409, 4.5),
        asked("e", 2, 500, 5.0),
    ]
)

A, B, C, D, E = (Recorded(words, contact, 0) for words, contact in [("a", 1), ("b", 2), ("c", 1), ("d", 2), ("e", 2)])


def history(*rows: Recorded) -> list[Recorded]:
    return [Recorded(row.words, row.contact, number) for number, row in enumerate(rows, 1)]


def test_what_got_no_answer_may_have_been_done_or_not() -> None:
    assert JOURNAL.offences(history(A, C)) == {}
    assert JOURNAL.offences(history(A, B, C, E)) == {}
    assert JOURNAL.unanswered == 1


def test_an_acknowledged_change_that_is_missing_is_found() -> None:
    assert JOURNAL.offences(history(A)) == {"an acknowledged change is in the history": 1}


def test_what_was_done_twice_is_found() -> None:
    assert JOURNAL.offences(history(A, B, B, C)) == {"nothing is done twice": 1}


def test_what_was_refused_and_done_is_found() -> None:
    assert JOURNAL.offences(history(A, C, D)) == {"what is refused is not done": 1}


def test_another_order_is_found() -> None:
    assert JOURNAL.offences(history(C, A)) == {"changes of one contact are in the order of their answers": 1}


def test_what_nobody_asked_for_is_found() -> None:
    broken = {"nothing is done that nobody asked for": 2}
    assert JOURNAL.offences(history(A, Recorded("b", 1, 0), C, Recorded("z", 3, 0))) == broken
