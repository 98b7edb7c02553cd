"""What is written at once, before others have their turn."""

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.portions import in_parts, portions


@given(st.lists(st.integers(0, 12)))
def test_everything_is_in_one_portion_in_order_and_none_is_too_large(entries: list[int]) -> None:
    found = list(portions(entries, lambda each: each, most=3, most_size=10))

    assert [each for portion in found for each in portion] == entries
    for portion in found:
        assert 1 <= len(portion) <= 3
        assert sum(portion) <= 10 or len(portion) == 1


@given(st.lists(st.integers()), st.integers(1, 5))
def test_parts_have_as_many_as_they_may_but_for_the_last(things: list[int], most: int) -> None:
    found = list(in_parts(things, most))

    assert [each for part in found for each in part] == things
    assert all(len(part) == most for part in found[:-1])
    assert all(0 < len(part) <= most for part in found[-1:])
