import pytest
from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.progress import advanced, is_complete, rounded

THOUSANDTHS = {number / 1000 for number in range(1001)}
LAST_BIT = 1e-12

fractions = st.floats(0, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("progress", "delta", "after"),
    [
        (0, 0, 0),
        (0, 0.0001, 0.001),
        (0.3, 0.0004, 0.301),
        (0.25, 0.5, 0.75),
        (0.1, 0.2, 0.301),  # as a float the sum is a little more than 0.3; Kolibri says so too
        (0.9991, 0, 1),
        (0.999, 0.5, 1),
        (1, 1, 1),
    ],
)
def test_progress_is_rounded_up_to_thousandths_and_capped(progress: float, delta: float, after: float) -> None:
    assert advanced(progress, delta) == after


@given(fractions, fractions)
def test_progress_is_the_first_thousandth_that_is_not_less(progress: float, delta: float) -> None:
    after, reached = advanced(progress, delta), min(1.0, progress + delta)

    assert after in THOUSANDTHS
    assert -LAST_BIT < after - reached < 0.001 + LAST_BIT


@given(fractions)
def test_rounding_twice_is_rounding_once(progress: float) -> None:
    assert rounded(rounded(progress)) == rounded(progress)


@given(st.integers(2, 2000))
def test_many_tiny_steps_finish(steps: int) -> None:
    progress = 0.0
    for _ in range(steps):
        progress = advanced(progress, 1 / steps)

    assert is_complete(progress)
