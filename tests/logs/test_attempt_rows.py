"""Attempts in their order: within a try by start, then id, whether they are embedded or in chunks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.documents.base import Row
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import new_id
from learntrack.errors import NotFound
from learntrack.logs import attempt_rows
from learntrack.logs.attempt_rows import page_of_attempts, rows_of, rows_of_all, with_their_attempts
from learntrack.logs.filters import LogFilters
from learntrack.storage import Database
from learntrack.storage.at_once import AtOnce
from learntrack.web.paging import PageRequest

NOW = moments.now()
ID = new_id()
MANY = 250


def long_try(*, at_once: bool) -> list[Any]:
    """A try of more attempts than are embedded, all of one moment or one after the other; with its chunks."""
    log = MasteryLog.begin(new_id(), user_id=ID, content_id=ID, level=1, criterion={"type": "do_all"}, at=NOW)
    book = log.book(AttemptLimits())
    for number in range(MANY):
        moment = NOW if at_once else NOW + timedelta(seconds=number)
        book.record([Interaction(f"q{number}", 1.0, 0.0, answer={})], session_id=ID, now=moment)
    log.keep(book)
    return [log, *(AttemptOverflow.begin(log, ID, chunk) for chunk in book.new_chunks)]


def holder(log: MasteryLog, **more: Any) -> Row:
    """As a list finds it."""
    return {"_id": log.id, "user_id": ID, "try_id": log.id, "before": 0, "total": MANY, **more}


@pytest.mark.parametrize("at_once", [True, False])
async def test_chunks_do_not_show(memory: Database, at_once: bool) -> None:
    log, *chunks = long_try(at_once=at_once)
    assert chunks
    await memory.write([log, *chunks], None)
    everything = sorted((attempt.start_timestamp, attempt.id) for each in (log, *chunks) for attempt in each.attempts)

    [found] = await with_their_attempts(memory, [holder(log)], LogFilters())
    rows = [each async for each in rows_of(memory, found, LogFilters())]

    assert [(each.start_timestamp, each.id) for each in rows] == everything
    assert {(each.user, each.masterylog) for each in rows} == {(ID, log.id)}


@pytest.mark.parametrize(("number", "size"), [(1, 100), (3, 100), (25, 10), (1, 1000)])
async def test_a_page_is_a_part_of_the_whole(memory: Database, number: int, size: int) -> None:
    """What comes before a holder's attempts is said by the holder."""
    log, *chunks = long_try(at_once=False)
    await memory.write([log, *chunks], None)
    holders = await with_their_attempts(memory, [holder(log)], LogFilters())

    page = await page_of_attempts(memory, holders, LogFilters(), PageRequest(number, size))

    first = (number - 1) * size
    assert [each.item for each in page.results] == [f"q{each}" for each in range(MANY)][first : first + size]
    assert (page.count, page.total_pages) == (MANY, -(-MANY // size))


async def test_only_what_is_asked_for_is_read(memory: Database) -> None:
    log, *chunks = long_try(at_once=False)
    await memory.write([log, *chunks], None)
    for item in ("q0", f"q{MANY - 1}"):
        filters = LogFilters(item=item)
        [found] = await with_their_attempts(memory, [holder(log)], filters)
        assert [each.item async for each in rows_of(memory, found, filters)] == [item]


async def test_a_try_that_is_gone_meanwhile_is_left_out(memory: Database) -> None:
    log, *_ = long_try(at_once=False)

    assert await with_their_attempts(memory, [holder(log)], LogFilters()) == []
    assert (await page_of_attempts(memory, [], LogFilters(), PageRequest(1, 5))).results == []
    with pytest.raises(NotFound):
        await page_of_attempts(memory, [], LogFilters(), PageRequest(2, 5))


async def test_of_a_list_that_is_read_slowly_few_bytes_wait(memory: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempts of 200 holders waited for each that read one, though they were 100 MB."""
    logs = [long_try(at_once=False)[0] for _ in range(20)]
    await memory.write(logs, None)
    asked: list[int] = []

    def noted(rows: list[Row]) -> int:
        asked.append(len(rows))
        return len(rows) * AtOnce.BYTES // 3

    monkeypatch.setattr(attempt_rows, "bytes_of", noted)

    async def holders() -> AsyncIterator[Row]:
        for log in logs:
            yield holder(log)

    rows = rows_of_all(memory, holders(), LogFilters())
    first = await anext(rows)
    assert asked == [AtOnce.FIRST]
    found = [first] + [row async for row in rows]

    assert asked == [AtOnce.FIRST, 3, 3, 3, 3]
    assert [each.masterylog for each in found[:: len(found) // 20]] == [log.id for log in logs]
