"""The latest answers of learners at contents, and their tries at one of them, for pages that show them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from learntrack.access.may_read import Readable
from learntrack.documents import AttemptOverflow, ContentSummary
from learntrack.domain.attempt_places import EMBEDDED_KEPT, EMBEDDED_MOST
from learntrack.domain.ids import summary_id
from learntrack.logs.pipelines import NEWEST, TRIES
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage

ANSWERS_OF_A_TRY = 300
"""The newest attempts of a try that are shown; a coach reads no more of them on one page."""
_MOST_QUESTIONS = 2000
"""Questions of a quiz whose answers are shown."""
TRIES_WITH_ANSWERS = 100
"""The newest tries of a learner whose answers are read for one page."""
MOST_SUMMARIES = 1000
"""Pairs of a learner and a content whose tries are found by their summaries."""
_OF_TRY = ("user_id", "content_id", "complete", "start_timestamp", "end_timestamp", "completion_timestamp")
_FIGURES = ("attempt_count", "correct_sum", "time_spent", "mastery_level")
_OF_ATTEMPT = ("item", "number", "correct", "simple_answer", "answer", "hinted", "end_timestamp", "time_spent")


async def recent_tries(
    db: Database, readable: Readable, pairs: Sequence[tuple[str, str]], *, answers: int
) -> list[Row]:
    """The tries of these pairs of a learner and a content, each with its newest `answers`. Index: summary."""
    if readable.is_nobody or not pairs:
        return []
    # By their summaries, whose ids follow from the pairs: for an `$or` of pairs the embedded engine uses no index.
    these = {"summary_id": {"$in": sorted(summary_id(user, content) for user, content in pairs)}}
    # What people wrote stays where it is: only how it went is counted here.
    shown = {name: 1 for name in _OF_ATTEMPT if name not in ("answer", "simple_answer")}
    return await _with_attempts(db, readable, these, answers, shown)


async def tries_at(db: Database, readable: Readable, content: str, questions: int = 0) -> list[Row]:
    """Each learner's latest try at a content and the one before it (as `rank` 0 and 1), with their newest attempts: as
    many as are shown of any, or as it has `questions`.

    Index: summary. The two are looked up by their ids, so that no group holds all attempts of a long history.
    """
    if readable.is_nobody:
        return []
    stages: list[Stage] = [
        {"$match": _at(readable, [content])},
        {"$match": readable.query()},
        {"$project": {"user_id": 1, "end_timestamp": 1}},
        {"$sort": {"end_timestamp": -1, "_id": 1}},
        {"$group": {"_id": "$user_id", "tries": {"$push": "$_id"}}},
        {"$project": {"tries": {"$slice": ["$tries", 2]}}},
    ]
    rank = {try_id: number for row in await db.rows(TRIES, stages) for number, try_id in enumerate(row["tries"])}
    found: list[Row] = []
    answers = max(ANSWERS_OF_A_TRY, min(questions, _MOST_QUESTIONS))
    ids = list(rank)
    for part in range(0, len(ids), 200):
        matching: dict[str, Any] = {"_id": {"$in": ids[part : part + 200]}}
        found += await _with_attempts(db, readable, matching, answers, dict.fromkeys(_OF_ATTEMPT, 1))
    return [row | {"rank": rank[row["_id"]]} for row in found]


async def tries_of(db: Database, readable: Readable) -> tuple[list[Row], dict[str, list[Row]]]:
    """All tries of a learner, newest first, and of the newest `TRIES_WITH_ANSWERS` the attempts with their histories,
    by try. Index: owner_end.
    """
    brief = dict.fromkeys((*_OF_TRY, *_FIGURES), 1)
    rows = await db.rows(TRIES, [{"$match": readable.query()}, {"$project": brief}, {"$sort": NEWEST}])
    newest = [row["_id"] for row in rows[:TRIES_WITH_ANSWERS]]
    shown = dict.fromkeys((*_OF_ATTEMPT, "interaction_history"), 1)
    found = await _with_attempts(db, readable, {"_id": {"$in": newest}}, ANSWERS_OF_A_TRY, shown)
    return rows, {row["_id"]: row["attempts"] for row in found}


async def last_activity(db: Database, readable: Readable) -> dict[str, datetime]:
    """When each of these learners last did something; who never has is left out. Index: owner_progress."""
    if readable.is_nobody:
        return {}
    latest: list[Stage] = [
        {"$match": readable.query()},
        {"$group": {"_id": "$user_id", "last": {"$max": "$end_timestamp"}}},
    ]
    return {row["_id"]: row["last"] for row in await db.rows(ContentSummary, latest)}


async def unit_tests(db: Database, readable: Readable, among: Collection[str]) -> set[str]:
    """Those of these contents as which these learners have taken pre- and post-tests. Index: summary."""
    if readable.is_nobody or not among:
        return set()
    stages: list[Stage] = [
        {"$match": {"mastery_criterion.type": "pre_post_test", **_at(readable, sorted(among))}},
        {"$match": readable.query()},
        {"$group": {"_id": "$content_id"}},
    ]
    return {row["_id"] for row in await db.rows(TRIES, stages)}


def _at(readable: Readable, contents: Sequence[str]) -> dict[str, Any]:
    """The tries of these learners at contents: by their summaries, as long as those are not very many."""
    users = readable.users
    if users is None or len(users) * len(contents) > MOST_SUMMARIES:
        return {"content_id": {"$in": list(contents)}}
    return {"summary_id": {"$in": [summary_id(user, content) for user in users for content in contents]}}


async def _with_attempts(
    db: Database, readable: Readable, matching: dict[str, Any], answers: int, of_attempt: dict[str, int]
) -> list[Row]:
    """The matching tries, each with its newest `answers`; of long tries some of those are in chunks. Index: the key."""
    tries = await db.rows(TRIES, _tries(readable, matching, answers, of_attempt))
    keys: list[str] = []
    for row in tries:
        moved, missing = (row.pop("overflow", None) or {}).get("chunk_count", 0), answers - len(row["attempts"])
        first = max(0, moved - ceil(missing / (EMBEDDED_MOST - EMBEDDED_KEPT)))
        keys += [AttemptOverflow.id_of(row["_id"], number) for number in range(first, moved)]
    if not keys:
        return tries
    older: dict[str, list[Row]] = defaultdict(list)
    shown = {"holder_id": 1, "attempts.number": 1} | {f"attempts.{name}": 1 for name in of_attempt}
    for chunk in await db.find(AttemptOverflow, {"_id": {"$in": keys}, **readable.query()}, shown):
        older[chunk["holder_id"]] += chunk["attempts"]
    for row in tries:
        every = sorted([*older[row["_id"]], *row["attempts"]], key=lambda attempt: int(attempt["number"]))
        row["attempts"] = every[-answers:]
    return tries


def _tries(readable: Readable, matching: dict[str, Any], answers: int, of_attempt: dict[str, int]) -> list[Stage]:
    of_try = dict.fromkeys((*_OF_TRY, *_FIGURES, "overflow.chunk_count"), 1)
    return [
        {"$match": matching},  # the first, because it is by this that the embedded engine chooses an index
        {"$match": readable.query()},
        {"$project": of_try | {"attempts": {"$slice": ["$attempts", -answers]}}},
        {"$project": of_try | {f"attempts.{name}": 1 for name in of_attempt}},
    ]
