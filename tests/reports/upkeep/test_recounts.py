"""The numbers of a summary's tries, counted anew."""

import pytest

from learntrack.documents import ContentSummary, MasteryLog
from learntrack.domain import moments
from learntrack.domain.ids import new_id, summary_id
from learntrack.reports.upkeep.recounts import recount, recount_unsure
from learntrack.storage import Database

NOW = moments.now()
USER, CONTENT = new_id(), new_id()
KEY = summary_id(USER, CONTENT)


def log(level: int) -> MasteryLog:
    return MasteryLog.begin(KEY, user_id=USER, content_id=CONTENT, level=level, criterion={"type": "do_all"}, at=NOW)


def summary(counted: list[MasteryLog], **fields: object) -> ContentSummary:
    made = ContentSummary.begin(user_id=USER, content_id=CONTENT, channel_id=None, kind="exercise", at=NOW)
    made.count_tries(counted)
    made.change(**fields)
    return made


@pytest.mark.parametrize("unsure", [True, None])
@pytest.mark.parametrize("counted", [[1], [1, 2], []])
async def test_what_is_wrong_or_unsure_is_counted_from_the_tries(
    memory: Database, unsure: bool | None, counted: list[int]
) -> None:
    more = {} if unsure is None else {"recount": unsure}
    await memory.write([summary([log(level) for level in counted], **more), log(1), log(2)], None)

    assert await recount(memory, KEY, USER) is (counted != [1, 2] or bool(unsure))

    [found] = await memory.load(ContentSummary, {}, None)
    assert (found.of_tries["exercise"].tries, found.of_tries["exercise"].highest_level) == (2, 2)
    assert not found.recount
    assert not await recount(memory, KEY, USER)


async def test_a_summary_that_is_gone_needs_no_numbers(memory: Database) -> None:
    assert not await recount(memory, KEY, USER)


async def test_those_that_ask_for_it_are_counted_until_none_does(memory: Database) -> None:
    await memory.write([summary([], recount=True), log(1)], None)

    assert [await recount_unsure(memory) for _ in range(2)] == [1, 0]
