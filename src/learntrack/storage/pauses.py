"""How long to wait before each further try where many may be trying."""

import random
from collections.abc import Iterator


def pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds to wait before each further try, without end: longer and longer, and never the same for two who wait.

    Args:
        first: The first is at the most this long.
        longest: None is longer than this.

    """
    most = first
    while True:
        yield random.random() * most  # noqa: S311 - no secret
        most = min(most * 1.5, longest)
