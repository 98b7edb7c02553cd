"""What is written at once, before others have their turn."""

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.portions import portions


@given(st.lists(st.integers(0, 12)))
def test_everything_is_in_one_portion_in_order_and_none_is_too_large(entries: list[int]) -> None:
    found = list(portions(entries, lambda each: each, most=3, most_size=10))

    assert [each for portion in found for each in portion] == entries
    for portion in found:
        assert 1 <= len(portion) <= 3
        assert sum(portion) <= 10 or len(portion) == 1
