"""What changes between the small questions of a list is shown as it is."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.access.may_read import EVERYBODY
from learntrack.documents import MasteryLog
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists_by_group import ListsByGroup
from learntrack.storage import Database
from learntrack.web.paging import PageRequest

NOW = moments.now()


def log(minutes_ago: int) -> MasteryLog:
    about = {"user_id": new_id(), "content_id": new_id(), "level": 1, "criterion": {"type": "do_all"}}
    return MasteryLog.begin(new_id(), **about, at=NOW - timedelta(minutes=minutes_ago))


async def test_a_try_that_goes_on_meanwhile_is_in_order_and_as_it_was_asked_for(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, finished = logs = [log(minutes) for minutes in range(1, 5)]
    await db.write(logs, None)
    going, finishing = (MasteryLog.read(each.row()) for each in (third, finished))
    find = db.find

    async def meanwhile(*asked: Any, **more: Any) -> Any:
        going.advance(1.0, NOW, finish=False)
        finishing.advance(1.0, NOW, finish=True)
        await db.write([going, finishing], None)
        return await find(*asked, **more)

    monkeypatch.setattr(db, "find", meanwhile)
    page = await ListsByGroup(db).tries_page(EVERYBODY, LogFilters(complete=False), PageRequest(1, 5))

    assert [row.id for row in page.results] == [third.id, first.id, second.id]
    assert not any(row.complete for row in page.results)
    assert page.count == 3


async def test_a_page_is_full_though_a_try_of_it_is_completed_meanwhile(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads pages until one is short would have missed the rest."""
    completed, *others = logs = [log(minutes) for minutes in range(1, 5)]
    await db.write(logs, None)
    completing = MasteryLog.read(completed.row())
    find = db.find

    async def meanwhile(*asked: Any, **more: Any) -> Any:
        completing.advance(1.0, NOW, finish=True)
        await db.write([completing], None)
        return await find(*asked, **more)

    monkeypatch.setattr(db, "find", meanwhile)
    page = await ListsByGroup(db).tries_page(EVERYBODY, LogFilters(complete=False), PageRequest(1, 2))

    assert [row.id for row in page.results] == [each.id for each in others[:2]]
    assert page.count == 3


async def test_of_one_end_the_ids_decide(db: Database) -> None:
    logs = [log(1) for _ in range(8)]
    await db.write(logs, None)

    page = await ListsByGroup(db).tries_page(EVERYBODY, LogFilters(), PageRequest(1, 8))

    assert [row.id for row in page.results] == sorted(each.id for each in logs)
