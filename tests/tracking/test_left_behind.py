"""What a start may meet that nobody looks for beforehand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, RecordingPermit
from learntrack.documents.base import Stored
from learntrack.domain.ids import new_id, summary_id
from learntrack.domain.mastery import Criterion
from learntrack.storage import Database
from learntrack.tracking.delivery import Delivery
from learntrack.tracking.left_behind import give_summary_back, is_forgotten, is_of_another
from tests.tracking.asking import EXERCISE, ID, NODE, NOW, start

HOUR = timedelta(hours=1)
KEY = summary_id(ID, ID)


def permit(*, given_again: bool) -> RecordingPermit:
    """That of somebody who is being forgotten, or was until an hour ago."""
    withdrawn = RecordingPermit.begin(ID)
    withdrawn.withdraw(ID)
    if given_again:
        withdrawn.give_again(NOW - HOUR, NOW + HOUR)
    return withdrawn


@pytest.mark.parametrize(
    ("stored", "before", "refused"),
    [
        ([], timedelta(), False),
        ([RecordingPermit.begin(ID)], timedelta(), False),
        ([permit(given_again=False)], timedelta(), True),
        ([permit(given_again=True)], timedelta(), False),
        ([permit(given_again=True)], HOUR, True),
        ([permit(given_again=True)], 2 * HOUR, True),
    ],
)
async def test_what_happened_before_somebody_was_forgotten_is_refused(
    memory: Database, stored: list[Stored], before: timedelta, refused: bool
) -> None:
    await memory.write(stored, None)
    job = replace(start(**NODE), at=NOW - before)

    assert await is_forgotten(memory, job) is refused
    assert not await is_forgotten(memory, start(user_id=None, **NODE))


@pytest.mark.parametrize(
    ("sharded", "delivered", "whose", "refused"),
    [(True, True, new_id(), True), (True, True, ID, False), (True, False, new_id(), False), (False, True, "", False)],
)
async def test_only_a_cluster_is_asked_whose_a_chosen_id_is(
    memory: Database, sharded: bool, delivered: bool, whose: str, refused: bool
) -> None:
    session = ContentSession.begin(
        ID, user_id=whose, visitor_id=None, content_id=ID, channel_id=None, kind="video", context={}, at=NOW
    )
    await memory.write([session], None)
    memory.capabilities = replace(memory.capabilities, sharded=sharded)
    job = replace(start(**NODE), delivery=Delivery(NOW) if delivered else None)

    assert await is_of_another(memory, job) is refused


def log(level: int, criterion: Criterion, **figures: object) -> MasteryLog:
    made = MasteryLog.begin(KEY, user_id=ID, content_id=ID, level=level, criterion=criterion, at=NOW - level * HOUR)
    made.change(facility_id=ID, **figures)
    return made


TRIES = [
    log(1, {"type": "do_all"}, time_spent=40.0, complete=True, completion_timestamp=NOW),
    log(2, {"type": "do_all"}, time_spent=2.0),
]


async def test_tries_that_have_lost_their_summary_get_one(memory: Database) -> None:
    await memory.write(TRIES, None)

    assert await give_summary_back(memory, start(**EXERCISE))

    [summary] = await memory.load(ContentSummary, {"_id": KEY}, None)
    assert (summary.facility_id, summary.time_spent, summary.start_timestamp) == (ID, 42.0, NOW - 2 * HOUR)
    assert (summary.has_tries, summary.finished_tries) == (True, 1)
    assert {kind: (each.tries, each.highest_level) for kind, each in summary.of_tries.items()} == {"exercise": (2, 2)}


SUMMARY = ContentSummary.begin(user_id=ID, content_id=ID, channel_id=None, kind="exercise", at=NOW)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ([SUMMARY, *TRIES], EXERCISE),
        ([], EXERCISE),
        (TRIES, NODE),  # no assessment looks for no tries
    ],
)
async def test_where_none_is_lost_none_is_made(
    memory: Database, stored: Sequence[Stored], asked: dict[str, object]
) -> None:
    await memory.write(stored, None)

    assert not await give_summary_back(memory, start(**asked))

    assert await memory.load(ContentSummary, {}, None) == [each for each in stored if each is SUMMARY]
