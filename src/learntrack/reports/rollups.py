"""Rollups: what cannot be answered from the logs in time is kept ready, facility by facility and content by content.

A run computes anew what may have changed since the run before. A try's end_timestamp tells that, and since offline
clients deliver late, and an interaction alone moves no end, a run looks back further by `_LOOK_BACK`.
"""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime, timedelta

from learntrack.documents import RecordingPermit, RollupState
from learntrack.domain import moments
from learntrack.reports.questions import Question, Rollup, questions
from learntrack.storage import Database
from learntrack.storage.database import Row

_LOOK_BACK = timedelta(days=31)


def state_key(name: str, rollup: Rollup) -> str:
    """By which key the state of a rollup is kept; what was computed by another definition has another."""
    return f"{name}:{rollup.version}"


async def as_of_rollup(db: Database, key: str, facilities: Collection[str]) -> datetime | None:
    """When what is kept for a question about these facilities (none: all) was computed; None if it does not hold."""
    state = await _state(db, key)
    if state is None or (state.stale and (not facilities or not set(facilities).isdisjoint(state.stale))):
        return None
    return state.as_of


async def _state(db: Database, key: str) -> RollupState | None:
    row = await db.find_one(RollupState, {"_id": key})
    return None if row is None else RollupState.read(row)


async def roll_up(db: Database, progress: Callable[[int, int], None], *, everything: bool = False) -> dict[str, int]:
    """Bring every rollup up to date; returns how many contents were computed, by question. Safe to repeat and to
    interrupt.

    Args:
        db: Where everything is stored.
        progress: Is told how much is done, and of how much.
        everything: Compute all anew, whether or not it has changed, after learners have left.

    Raises:
        DatabaseUnavailable: the disk is nearly full, or the database does not answer.

    """
    counts: dict[str, int] = {}
    for name, question in questions().items():
        if question.rollup is None:
            continue
        began = moments.now()
        counts[name] = await _roll_up_one(db, name, question, question.rollup, progress, everything=everything)
        if await _somebody_was_forgotten_since(db, began):
            # What was read before may be in it: once more, of what is left now.
            counts[name] = await _roll_up_one(db, name, question, question.rollup, progress, everything=True)
    return counts


async def _roll_up_one(
    db: Database,
    name: str,
    question: Question,
    rollup: Rollup,
    progress: Callable[[int, int], None],
    *,
    everything: bool,
) -> int:
    """Bring one question's rollup up to date; returns how many contents were computed."""
    began = moments.now()
    key = state_key(name, rollup)
    state = None if everything else await _state(db, key)
    if state is None:
        await db.collection(RollupState).delete_one({"_id": key})
        await db.collection(rollup.collection).delete_many({})
    work = [
        (facility, content, learners)
        async for facility, learners in _facilities(db)
        for content in await _changed(db, learners, None if state is None or facility in state.stale else state.as_of)
    ]
    for number, (facility, content, learners) in enumerate(work):
        progress(number, len(work))
        db.check_disk()
        params = {"learners": {"$in": learners}, "content": content, "facility": facility}
        await db.rows(question.collection, question.rollup_stages(params))
    progress(len(work), len(work))
    state = RollupState.begin(key, began)
    await db.collection(RollupState).replace_one(state.key(), state.row(), upsert=True)
    if await _somebody_is_being_forgotten(db):
        # It may have been read before and stored after they were removed from it; the logs answer then.
        await db.collection(RollupState).delete_one(state.key())
        await db.collection(rollup.collection).delete_many({})
    return len(work)


async def _somebody_was_forgotten_since(db: Database, moment: datetime) -> bool:
    return await db.find_one(RecordingPermit, {"withdrawn_until": {"$gte": moment}}) is not None


async def _somebody_is_being_forgotten(db: Database) -> bool:
    return await db.find_one(RecordingPermit, RecordingPermit.being_forgotten()) is not None


async def _facilities(db: Database) -> AsyncIterator[tuple[str, list[str]]]:
    for facility in await db.find("facilities", {}, {"_id": 1}):
        members = await db.find("users", {"places": facility["_id"]}, {"_id": 1})
        if members:
            yield facility["_id"], [row["_id"] for row in members]


async def _changed(db: Database, learners: list[str], before: datetime | None) -> list[str]:
    recent: Row = {} if before is None else {"end_timestamp": {"$gte": before - _LOOK_BACK}}
    rows = await db.rows(
        "mastery_logs",
        [
            {"$match": {"user_id": {"$in": learners}, **recent}},
            {"$group": {"_id": "$content_id"}},
            {"$sort": {"_id": 1}},
        ],
    )
    return [row["_id"] for row in rows]
