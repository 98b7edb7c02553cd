"""The two ways to list give the same rows in the same order, whatever is stored and asked for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from learntrack.access.may_read import Readable
from learntrack.errors import NotFound
from learntrack.logs import lists_by_group
from learntrack.logs.filters import LogFilters
from learntrack.logs.lists import Lists, lists_of
from learntrack.logs.lists_by_group import ListsByGroup
from learntrack.logs.lists_by_index import ListsByIndex
from learntrack.storage import Database
from learntrack.storage.capabilities import Capabilities
from learntrack.web.paging import PageRequest
from tests.api.test_reading_model import World
from tests.engines import mongomock_engine
from tests.support import Api, new_id


def test_the_engine_decides_which_way() -> None:
    def database(*, walks_indexes: bool) -> Database:
        client = mongomock_engine.connect("ways").client
        return Database(client, "ways", Capabilities(transactions=False, walks_indexes=walks_indexes))

    assert isinstance(lists_of(database(walks_indexes=True)), ListsByIndex)
    assert isinstance(lists_of(database(walks_indexes=False)), ListsByGroup)


async def listed(lists: Lists, readable: Readable, tries: LogFilters, attempts: LogFilters, page: PageRequest) -> Any:
    """Everything that the lists can say: the four lists, a page that is not there as None."""
    found: list[Any] = [
        [row async for row in lists.all_tries(readable, tries)],
        [row async for row in lists.all_attempts(readable, attempts)],
    ]
    pages = [lists.tries_page(readable, tries, page)]
    if attempts.item is None:
        pages.append(lists.attempts_page(readable, attempts, page))
    for asked in pages:
        try:
            found.append(await asked)
        except NotFound:
            found.append(None)
    return found


def draw_filters(draw: Callable[[Any], Any], **possible: list[Any]) -> LogFilters:
    names = draw(st.sets(st.sampled_from(sorted(possible)), max_size=2))
    return LogFilters(**{name: draw(st.sampled_from(possible[name])) for name in sorted(names)})


def check(api: Api, loop: asyncio.AbstractEventLoop, data: st.DataObject) -> None:
    world = World(api, loop)
    world.populate(data)
    draw = data.draw
    people = [person.id for person in world.learners]
    levels = [log["mastery_level"] for log in world.tries] or [1]
    for _ in range(3):
        asked = draw_filters(draw, content=world.contents, complete=[True, False], quiz=[True, False])
        of_attempts = draw_filters(
            draw,
            content=world.contents,
            complete=[True, False],
            item=world.items,
            masterylog=[*(log["_id"] for log in world.tries), new_id()],
            mastery_level=levels,
        )
        readable = Readable(sorted(draw(st.sets(st.sampled_from(people), min_size=1))))
        page = PageRequest(draw(st.integers(1, 3)), draw(st.integers(1, 4)))
        by_group, by_index = (
            world.run(listed(lists, readable, asked, of_attempts, page))
            for lists in (ListsByGroup(api.db), ListsByIndex(api.db))
        )
        assert by_group == by_index, (asked, of_attempts, page)


WAYS: dict[str, dict[str, int]] = {
    "few learners": {},
    "a class": {"_SEVERAL": 1},
    "a class, with no more holders looked at than a page needs": {"_SEVERAL": 1, "MORE_HOLDERS": 0},
    "a class, with more sessions than are sent along": {"_SEVERAL": 1, "_MOST_SESSIONS": 0},
    "many learners": {"_SEVERAL": 1, "_ASKED_APART": 0},
}


@pytest.mark.engines("embedded", "real")  # the others lack $sortArray or $setWindowFields
@pytest.mark.parametrize("way", WAYS)
async def test_both_ways_give_the_same(api: Api, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WAYS[way].items():
        monkeypatch.setattr(lists_by_group, name, value)
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        check(api, loop, data)

    await asyncio.to_thread(run)
