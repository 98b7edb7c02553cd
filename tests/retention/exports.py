"""Exports for runs of which nothing is to be kept."""


class Nowhere:
    """An export that keeps nothing."""

    def write(self, lines: list[bytes]) -> None:
        """Forget them."""
