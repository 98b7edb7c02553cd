"""How many open pages may listen at once: each keeps a connection, and asks every few seconds whether it still may."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from litestar.exceptions import TooManyRequestsException

from learntrack.settings import Settings

_RETRY_AFTER = {"Retry-After": "15"}
"""Seconds, after which a page asks again by itself."""


class Listeners:
    """The streams that this process feeds, by who listens.

    Args:
        settings: How many there may be.

    """

    def __init__(self, settings: Settings) -> None:
        self._in_all = settings.max_open_pages
        self._per_person = settings.max_open_pages_per_person
        self._of: Counter[str | None] = Counter()

    @contextmanager
    def another(self, person: str | None) -> Iterator[None]:
        """One more stream, for as long as this lasts.

        Raises:
            TooManyRequestsException: the person has too many, or all together.

        """
        if self._of[person] >= self._per_person:
            raise _too_many(f"at most {self._per_person} of one person")
        if self._of.total() >= self._in_all:
            raise _too_many(f"at most {self._in_all}")
        self._of[person] += 1
        try:
            yield
        finally:
            self._of[person] -= 1
            self._of += Counter()  # whoever has none any more is forgotten


def _too_many(most: str) -> TooManyRequestsException:
    return TooManyRequestsException(f"Too many open pages are listening: {most}.", headers=_RETRY_AFTER)
