"""Shares for people to read: rounded down, so that nothing is called done, or passed, that is not."""

from math import floor

_TOLERANCE = 1e-9
"""So that 0.57, which no computer can hold, stays 57 %."""


def rounded_down(share: float, digits: int) -> float:
    """A share of 0.0–1.0 with so many digits behind the point, never more than it is."""
    units: int = 10**digits
    return floor(share * units + _TOLERANCE) / units


def per_cent(share: float) -> int:
    """A share of 0.0–1.0 in whole per cent, never more than it is: 0.9996 is 99, and 0.499 is 49."""
    return floor(share * 100 + _TOLERANCE)
