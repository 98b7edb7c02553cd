"""Attempts of tries and sessions as rows of a list, in its order: within a try by start_timestamp, then id."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.documents.base import Stored
from learntrack.domain.attempts import Attempt
from learntrack.logs import pipelines
from learntrack.logs.filters import LogFilters
from learntrack.logs.schemas import AttemptLogDiffRow, AttemptLogRow, CorrectDiff
from learntrack.storage import Database
from learntrack.storage.at_once import AtOnce, bytes_of
from learntrack.storage.database import Row
from learntrack.storage.parts import in_parts_of
from learntrack.web.paging import Page, PageRequest, page_with

_PART = 200
"""Holders whose attempts are read in one round trip at the most."""
_HOLDERS: tuple[tuple[type[Stored], str], ...] = ((MasteryLog, "try_id"), (ContentSession, "holder_session_id"))
"""What holds attempts, and the field that such a holder is told by."""
_OF_ATTEMPT = tuple(name for name in AttemptLogRow.__struct_fields__ if name in Attempt.model_fields)
"""The fields of a row that are the attempt's own; those that follow say where it belongs."""


def attempt_row(attempt: Row, *, user_id: str | None, try_id: str | None) -> AttemptLogRow:
    """An attempt as the API shows it; `try_id` is None outside a try."""
    return AttemptLogRow(*_values(attempt, user_id, try_id))


def attempt_diff_row(attempt: Row, diff: Row, *, user_id: str | None, try_id: str | None) -> AttemptLogDiffRow:
    """An attempt with its `diff`, as the API shows it."""
    return AttemptLogDiffRow(*(*_values(attempt, user_id, try_id), CorrectDiff(**diff)))


def _values(attempt: Row, user_id: str | None, try_id: str | None) -> list[Any]:
    return [*[attempt[name] for name in _OF_ATTEMPT], user_id, try_id, attempt["session_id"]]


async def rows_of(
    db: Database, holder: Row, filters: LogFilters, older_at_once: AtOnce | None = None
) -> AsyncIterator[AttemptLogRow]:
    """The rows of one holder (as of `with_their_attempts`), the older ones of a long try read from its chunks.

    Args:
        db: Where they are.
        holder: Which.
        filters: Which attempts.
        older_at_once: How many older ones are read at once, where those of other holders have told that.

    """
    user_id, try_id = holder["user_id"], holder.get("try_id")
    embedded: list[Row] = sorted(holder["attempts"], key=_order)
    if holder.get("overflow"):
        # Chunks are older than what is embedded, but for attempts that started in the very same moment.
        moment = holder["overflow"]["newest_start"]
        older_ones = pipelines.overflow_of(holder["_id"], user_id, filters)
        async for older in db.stream(AttemptOverflow, older_ones, at_once=older_at_once or AtOnce(_PART)):
            if older["start_timestamp"] < moment:
                yield attempt_row(older, user_id=user_id, try_id=try_id)
            else:
                embedded.append(older)
        embedded.sort(key=_order)
    for attempt in embedded:
        yield attempt_row(attempt, user_id=user_id, try_id=try_id)


async def rows_of_all(db: Database, holders: AsyncIterator[Row], filters: LogFilters) -> AsyncIterator[AttemptLogRow]:
    """The rows of these holders, one holder after the other.

    They are read some at a time, and of a list that is read slowly these wait: so many that they have few bytes.
    """
    at_once, older_at_once = AtOnce(_PART), AtOnce(_PART)
    async for part in in_parts_of(holders, lambda: at_once.now):
        for holder in await with_their_attempts(db, part, filters, at_once):
            async for row in rows_of(db, holder, filters, older_at_once):
                yield row


async def with_their_attempts(
    db: Database, holders: Sequence[Row], filters: LogFilters, at_once: AtOnce | None = None
) -> list[Row]:
    """These holders with their matching attempts, in their order; those that are no more are left out.

    Args:
        db: Where they are.
        holders: Which: `_id`, `try_id` or `holder_session_id`, and where the data is sharded `user_id`.
        filters: Which attempts.
        at_once: Is told how many bytes that was, where there are more to come.

    """
    attempts: dict[str, Row] = {}
    for kind, name in _HOLDERS:
        if found := [holder for holder in holders if name in holder]:
            match = db.by_ids(kind, [holder["_id"] for holder in found], [holder.get("user_id") for holder in found])
            attempts |= {row["_id"]: row for row in await _with_matching(db, kind.collection(), match, filters)}
    if at_once is not None:
        at_once.learn(bytes_of(list(attempts.values())), len(attempts))
    return [holder | attempts[holder["_id"]] for holder in holders if holder["_id"] in attempts]


async def _with_matching(db: Database, collection: str, match: Row, filters: LogFilters) -> list[Row]:
    """Holders with their matching attempts: all of them by a find, which looks into none."""
    shown: dict[str, Any] = {"user_id": 1, "overflow": 1, "attempts": 1}
    attempts = pipelines.matching_attempts("$attempts", filters)
    if attempts == "$attempts":
        return await db.find(collection, match, shown, in_turn=True)
    return await db.rows(collection, [{"$match": match}, {"$project": shown | {"attempts": attempts}}])


async def page_of_attempts(
    db: Database, holders: Sequence[Row], filters: LogFilters, page: PageRequest
) -> Page[AttemptLogRow]:
    """The page whose attempts these holders have, of which each says how many attempts are `before` it and in `total`.

    Raises:
        NotFound: it is out of range.

    """
    if not holders:
        return page_with([], 0, page)
    rows = await _rows_between(db, holders, filters, page.skip - holders[0]["before"], page.size)
    return page_with(rows, holders[0]["total"], page)


async def _rows_between(
    db: Database, holders: Iterable[Row], filters: LogFilters, skip: int, most: int
) -> list[AttemptLogRow]:
    """Rows `skip` to `skip + most` of the rows of these holders."""
    found: list[AttemptLogRow] = []
    for holder in holders:
        async for row in rows_of(db, holder, filters):
            if skip > 0:
                skip -= 1
            else:
                found.append(row)
                if len(found) == most:
                    return found
    return found


def _order(attempt: Row) -> tuple[Any, str]:
    return attempt["start_timestamp"], attempt["id"]
