"""What a clone is called."""

import pytest

from stages.names import copied_name


@pytest.mark.parametrize(
    ("name", "taken", "copied"),
    [
        ("Customer", set(), "Customer (copy)"),
        ("Customer", {"customer (copy)"}, "Customer (copy 2)"),
        ("Customer", {"customer (copy)", "customer (copy 2)"}, "Customer (copy 3)"),
        ("x" * 100, set(), "x" * 93 + " (copy)"),
    ],
)
def test_a_copy_has_a_name_of_its_own(name: str, taken: set[str], copied: str) -> None:
    assert copied_name(name, taken) == copied
