"""The two lists of what was recorded and the difference between tries, and which way to ask for them."""

from collections.abc import AsyncIterator
from typing import Protocol

from learntrack.access.may_read import Readable
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists_by_group import ListsByGroup
from learntrack.logs.lists_by_index import ListsByIndex
from learntrack.logs.schemas import AttemptLogRow, MasteryLogRow
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.paging import Page, PageRequest


class Lists(Protocol):
    """Tries and attempts of whom the caller may read (not nobody), narrowed by filters: a page, or all as a stream.

    Tries: newest end_timestamp first, then id. Attempts: by try in that order (sessions without a try among them), then
    by start_timestamp, then id.
    """

    async def tries_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[MasteryLogRow]:
        """A page of tries.

        Raises:
            NotFound: it is out of range.

        """
        ...

    def all_tries(self, readable: Readable, filters: LogFilters) -> AsyncIterator[MasteryLogRow]:
        """All tries."""
        ...

    async def attempts_page(self, readable: Readable, filters: LogFilters, page: PageRequest) -> Page[AttemptLogRow]:
        """A page of attempts. Not for a filter by item: no document counts the attempts on an item.

        Raises:
            NotFound: it is out of range.

        """
        ...

    def all_attempts(self, readable: Readable, filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
        """All attempts."""
        ...

    async def diff(self, readable: Readable, filters: LogFilters, index: int) -> list[Row]:
        """The difference between the try at this place of a list and the one before: rows as of `differences.diff`."""
        ...


def lists_of(db: Database) -> Lists:
    """The lists, the way that is the fast one on this database's engine."""
    return ListsByIndex(db) if db.capabilities.walks_indexes else ListsByGroup(db)
