from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from learntrack.domain.progress import advanced, is_complete, rounded

fractions = st.floats(0, 1, allow_nan=False)


@given(fractions, fractions)
def test_progress_is_rounded_up_to_thousandths_and_capped(progress: float, delta: float) -> None:
    after = advanced(progress, delta)

    assert after == min(1.0, ceil(1000 * (progress + delta)) / 1000)
    assert 0 <= after <= 1


@given(fractions)
def test_rounding_twice_is_rounding_once(progress: float) -> None:
    assert abs(rounded(rounded(progress)) - rounded(progress)) < 0.0011


@given(st.integers(2, 2000))
def test_many_tiny_steps_finish(steps: int) -> None:
    progress = 0.0
    for _ in range(steps):
        progress = advanced(progress, 1 / steps)

    assert is_complete(progress)
