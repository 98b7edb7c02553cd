"""Shares as people read them."""

import pytest

from learntrack.domain.shares import per_cent, rounded_down


@pytest.mark.parametrize(
    ("share", "whole", "thousandth"),
    [(0, 0, 0), (0.4999, 49, 0.499), (0.57, 57, 0.57), (0.29, 29, 0.29), (0.9996, 99, 0.999), (1, 100, 1)],
)
def test_a_share_is_never_shown_as_more_than_it_is(share: float, whole: int, thousandth: float) -> None:
    assert per_cent(share) == whole
    assert rounded_down(share, 3) == thousandth


def test_whole_per_cents_stay_what_they_are() -> None:
    assert [per_cent(number / 100) for number in range(101)] == list(range(101))
