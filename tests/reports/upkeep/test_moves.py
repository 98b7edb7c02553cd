"""Logs follow their learner into another facility."""

from typing import Any

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, Touched, User
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.reports.upkeep import moves
from learntrack.reports.upkeep.moves import facilities_of, follow, marked
from learntrack.storage import Database, DatabaseUnavailable

NOW = moments.now()
NORTH, SOUTH, ADA, BEN, CONTENT, OTHER = "north", "south", *(new_id() for _ in range(4))


def tried(user: str, content: str, facility: str | None) -> list[ContentSummary | MasteryLog]:
    summary = ContentSummary.begin(
        user_id=user, content_id=content, channel_id=None, kind="exercise", at=NOW, facility_id=facility
    )
    log = MasteryLog.begin(
        summary.id,
        user_id=user,
        content_id=content,
        level=1,
        criterion={"type": "do_all"},
        at=NOW,
        facility_id=facility,
    )
    return [summary, log]


def visited(user: str, facility: str) -> ContentSession:
    return ContentSession.begin(
        new_id(),
        user_id=user,
        visitor_id=None,
        content_id=CONTENT,
        channel_id=None,
        kind="video",
        context={},
        at=NOW,
        facility_id=facility,
    )


async def test_they_are_where_the_learner_is_and_both_facilities_are_computed_anew(memory: Database) -> None:
    users = [User.begin(ADA, username="", facility_id=SOUTH), User.begin(BEN, username="", facility_id=NORTH)]
    logs = [*tried(ADA, CONTENT, NORTH), *tried(ADA, OTHER, None), visited(ADA, NORTH), *tried(BEN, CONTENT, NORTH)]
    await memory.write([*users, *logs], None)

    marks = await follow(memory, [ADA, BEN])

    assert marked(marks) == {(NORTH, CONTENT), (SOUTH, CONTENT), (SOUTH, OTHER)}
    for kind in (ContentSummary, MasteryLog, ContentSession):
        found = {(each.user_id, each.facility_id) for each in await memory.load(kind, {}, None)}
        assert found <= {(ADA, SOUTH), (BEN, NORTH)}
    assert await follow(memory, [ADA, BEN]) == []  # where they are already nothing is to be done


async def test_what_is_to_be_computed_anew_is_known_also_where_it_ends_half_way(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await memory.write([User.begin(ADA, username="", facility_id=SOUTH), *tried(ADA, CONTENT, NORTH)], None)

    def full() -> None:
        raise DatabaseUnavailable("the disk is nearly full")

    with monkeypatch.context() as patch:
        patch.setattr(moves, "_LOGS", (MasteryLog, ContentSummary))
        patch.setattr(memory, "check_disk", full)
        patch.setattr(memory, "transaction", lambda work: work(None))
        with pytest.raises(DatabaseUnavailable):
            await follow(memory, [ADA])

    assert marked(await memory.load(Touched, {}, None)) == {(NORTH, CONTENT), (SOUTH, CONTENT)}


async def test_who_is_not_on_the_roster_stays_where_they_were(memory: Database) -> None:
    await memory.write(tried(ADA, CONTENT, NORTH), None)

    assert (await facilities_of(memory, [ADA]), await follow(memory, [ADA])) == ({}, [])
    [log] = await memory.load(MasteryLog, {}, None)
    assert log.facility_id == NORTH


async def test_many_are_asked_for_some_at_a_time(memory: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a large roster was loaded: the embedded engine never came to the end of all of them in one."""
    users = [f"user {number}" for number in range(2500)]
    await memory.collection(User).insert_many([{"_id": user, "facility_id": NORTH} for user in users])
    find, asked = memory.find, list[int]()

    async def noted(kind: Any, query: Any, *more: Any) -> Any:
        asked.append(len(query["_id"]["$in"]))
        return await find(kind, query, *more)

    monkeypatch.setattr(memory, "find", noted)

    assert await facilities_of(memory, users) == dict.fromkeys(users, NORTH)
    assert asked == [1000, 1000, 500]
    await memory.collection(User).delete_many({})
