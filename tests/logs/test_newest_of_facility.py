"""Lists of a whole facility, of which only the newest part is sorted: they say what the lists along an index say."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from learntrack.access.may_read import Readable
from learntrack.errors import NotFound
from learntrack.logs import lists_by_group, newest_of_facility
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists import Lists
from learntrack.logs.lists_by_group import ListsByGroup
from learntrack.logs.lists_by_index import ListsByIndex
from learntrack.logs.newest_of_facility import NewestPart, newest_part
from learntrack.web.paging import PageRequest
from tests.support import ANONYMOUS, Api, School, exercise, right, video

pytestmark = pytest.mark.engines("embedded", "real")
PAGES = [PageRequest(number, size) for number in range(1, 5) for size in (1, 2, 5, 40)]


@pytest.fixture
async def readable(api: Api, school: School, monkeypatch: pytest.MonkeyPatch) -> Readable:
    """All learners of a school: with tries that end in the same moment, a long one, and attempts outside of tries."""
    monkeypatch.setattr(newest_of_facility, "MORE_TRIES", 0)
    monkeypatch.setattr(lists_by_group, "_SEVERAL", 1)
    monkeypatch.setattr(lists_by_group, "MORE_HOLDERS", 0)
    learners = [await school.learner() for _ in range(3)]
    for number, learner in enumerate(learners):
        for many in (1, 3, 30 if number == 0 else 2):
            session = await api.start(learner, **exercise())
            answers = [right(f"q{each}") for each in range(many)]
            await api.update(learner, session, interactions=answers, time_spent_delta=1)
        await api.update(learner, await api.start(learner, **video()), interactions=[right("a"), right("b")])
    await api.start(learners[0], **exercise())  # nothing was answered in this one
    stranger = await api.start(ANONYMOUS, **exercise())
    await api.update(ANONYMOUS, stranger, interactions=[right("q")])
    newest = await api.db.rows("mastery_logs", [{"$sort": {"end_timestamp": -1}}, {"$limit": 1}])
    two = await api.db.find("mastery_logs", {"user_id": learners[1].id}, {"_id": 1})
    for tie in two[:2]:
        end = {"end_timestamp": newest[0]["end_timestamp"]}
        await api.db.collection("mastery_logs").update_one({"_id": tie["_id"]}, {"$set": end})
    ids = sorted(learner.id for learner in learners if learner.id is not None)
    return Readable(ids, school.facility, is_whole=True, narrows_to=school.facility)


async def pages(lists: Lists, readable: Readable) -> list[object]:
    """All that there is, page by page, in pages of several sizes."""
    filters, found = LogFilters(facility=readable.facility), list[object]()
    for page in PAGES:
        for ask in (lists.tries_page, lists.attempts_page):
            try:
                found.append(await ask(readable, filters, page))
            except NotFound:
                found.append(None)
    return found


async def test_they_are_what_the_index_says(api: Api, readable: Readable) -> None:
    assert await pages(ListsByGroup(api.db), readable) == await pages(ListsByIndex(api.db), readable)


async def test_they_are_right_whatever_part_the_engine_hands_out(
    api: Api, readable: Readable, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await pages(ListsByIndex(api.db), readable)
    ends = sorted(
        row["end_timestamp"] for row in await api.db.find("mastery_logs", {"user_id": (readable.users or [""])[0]})
    )
    parts: list[NewestPart] = []
    of_newest = lists_by_group.of_newest
    monkeypatch.setattr(lists_by_group, "of_newest", lambda part, *more: parts.append(part) or of_newest(part, *more))
    for since in (ends[0] - timedelta(days=1), ends[1], ends[-1] + timedelta(days=1)):
        monkeypatch.setattr(lists_by_group, "newest_part", part_since(str(readable.facility), since))
        assert await pages(ListsByGroup(api.db), readable) == expected
    assert len(parts) == 3 * len(PAGES)


def part_since(facility: str, since: datetime):  # type: ignore[no-untyped-def]
    async def part(*_: object) -> NewestPart:
        return NewestPart(facility, {"$gte": since})

    return part


async def test_no_part_is_asked_for_by_a_facility_that_lists_may_not_narrow_to(api: Api, readable: Readable) -> None:
    """As while somebody moves: its logs are not yet those of whom the reader may read."""
    filters, page = LogFilters(facility=readable.facility), PageRequest(1, 1)
    assert await newest_part(api.db, readable, filters, page) is not None
    assert await newest_part(api.db, replace(readable, narrows_to=None), filters, page) is None


async def test_a_part_of_a_facility_is_not_taken_for_the_whole(api: Api, readable: Readable) -> None:
    some = Readable(list(readable.users or ())[:2], readable.facility, narrows_to=readable.narrows_to)
    assert await pages(ListsByGroup(api.db), some) == await pages(ListsByIndex(api.db), some)
