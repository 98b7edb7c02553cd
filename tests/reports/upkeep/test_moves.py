"""Logs follow their learner into another facility."""

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, User
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.reports.upkeep.moves import facilities_of, follow
from learntrack.storage import Database

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

    touched = await follow(memory, [ADA, BEN])

    assert touched == {(NORTH, CONTENT), (SOUTH, CONTENT), (SOUTH, OTHER)}
    for kind in (ContentSummary, MasteryLog, ContentSession):
        found = {(each.user_id, each.facility_id) for each in await memory.load(kind, {}, None)}
        assert found <= {(ADA, SOUTH), (BEN, NORTH)}
    assert await follow(memory, [ADA, BEN]) == set()  # where they are already nothing is to be done


async def test_who_is_not_on_the_roster_stays_where_they_were(memory: Database) -> None:
    await memory.write(tried(ADA, CONTENT, NORTH), None)

    assert (await facilities_of(memory, [ADA]), await follow(memory, [ADA])) == ({}, set())
    [log] = await memory.load(MasteryLog, {}, None)
    assert log.facility_id == NORTH
