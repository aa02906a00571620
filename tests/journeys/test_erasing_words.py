"""Whoever is erased is found in a text whatever its case, and taken out; nobody else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.erasing.words import ERASED, Words

IDA = Words(["ida.berg@example.com", "+47 170 22-33", "CRM-8812", "Ida Berg", "Al", "12"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ida Berg called", "(erased) called"),
        ("IDA  BERG called.", "(erased) called."),
        ("Berg, Ida", "Berg, Ida"),
        ("write to ida.berg@example.com, or Ida.Berg@Example.com!", "write to (erased), or (erased)!"),
        ("not to linda.berg@example.com", "not to linda.berg@example.com"),
        ("not to ida.bergs@example.com", "not to ida.bergs@example.com"),
        ("call +47 170 22-33 or 471702233 or 47/1702233", "call +(erased) or (erased) or (erased)"),
        ("call 4717022334", "call 4717022334"),
        ("crm-8812 → Customer", "(erased) → Customer"),
        ("Al bought 12 of them", "Al bought 12 of them"),
        ("Ida, and Berg", "Ida, and Berg"),
        ("Ida", "Ida"),
        ("", ""),
    ],
)
def test_what_somebody_goes_by_is_taken_out(text: str, left: str) -> None:
    assert IDA.without(text) == left
    assert IDA.are_in(text) is (left != text)


def test_the_longest_name_is_taken() -> None:
    words = Words(["Ida Maria", "Ida Maria Berg"])
    assert words.without("Ida Maria Berg and Ida Maria") == "(erased) and (erased)"


def test_composed_and_decomposed_letters_are_alike() -> None:
    assert Words(["Zoë Müller"]).without("Zoe\u0308 Mu\u0308ller came") == "(erased) came"
    assert Words(["Zoe\u0308 Mu\u0308ller"]).without("ZOË MÜLLER came") == "(erased) came"


def test_nobody_is_in_no_text() -> None:
    assert Words([]).without("Ida Berg") == "Ida Berg"
    assert not Words(["Ab", "--"]).are_in("Ab --")


names = st.text(st.sampled_from("abcde1 .@-+é"), min_size=1, max_size=14)


@pytest.mark.hypothesis
@given(st.lists(names, max_size=4), st.lists(names, max_size=6).map(" ".join))
def test_what_was_taken_out_is_not_in_what_is_left(said: list[str], text: str) -> None:
    words = Words(said)
    left = words.without(text)
    assert not words.are_in(left.replace(ERASED, "|"))
    assert (left == text) is (not words.are_in(text))
