"""What work that takes long says of itself while it goes on, to whoever waits for it."""

from collections.abc import Callable

OnProgress = Callable[[int], None]
"""Is told how many more are done since it was last told."""

OnProgressOf = Callable[[int, int], None]
"""Is told how many are done by now, and of how many."""
