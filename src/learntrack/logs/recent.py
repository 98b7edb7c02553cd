"""The latest answers of learners at contents, and their tries at one of them, for pages that show them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from math import ceil
from operator import itemgetter

from learntrack.access.may_read import Readable, owners_named
from learntrack.documents import AttemptOverflow, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.domain.attempt_places import EMBEDDED_KEPT, EMBEDDED_MOST
from learntrack.domain.ids import summary_id
from learntrack.domain.mastery import is_quiz_level
from learntrack.domain.portions import in_parts
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage

ANSWERS_OF_A_TRY = 300
"""The newest attempts of a try that are shown; a coach reads no more of them on one page."""
_MOST_QUESTIONS = 2000
"""Questions of a quiz whose answers are shown."""
TRIES_WITH_ANSWERS = 100
"""The newest tries of a learner whose answers are read for one page."""
_AT_ONCE = 1000
"""Keys, or pairs of a learner and a content, that are asked for at once."""
_OF_TRY = ("user_id", "content_id", "complete", "start_timestamp", "end_timestamp", "completion_timestamp")
_FIGURES = ("attempt_count", "correct_sum", "time_spent", "mastery_level")
_OF_ATTEMPT = ("item", "number", "correct", "simple_answer", "answer", "hinted", "end_timestamp", "time_spent")


async def recent_tries(
    db: Database, readable: Readable, pairs: Sequence[tuple[str, str]], *, answers: int
) -> list[Row]:
    """The tries of these pairs of a learner and a content, each with its newest `answers`. Index: summary."""
    if readable.is_nobody:
        return []
    # By their summaries, whose ids follow from the pairs: for an `$or` of pairs the embedded engine uses no index.
    these = sorted(summary_id(user, content) for user, content in pairs)
    # What people wrote stays where it is: only how it went is counted here.
    shown = {name: 1 for name in _OF_ATTEMPT if name not in ("answer", "simple_answer")}
    return await _with_attempts(db, readable, "summary_id", these, answers, shown)


async def tries_at(db: Database, readable: Readable, content: str, questions: int = 0) -> list[Row]:
    """Each learner's try at a content that counts and the one before it (as `rank` 0 and 1), with their newest
    attempts: as many as are shown of any, or as it has `questions`.

    Of quizzes the finished try counts, as in the report quiz-results, then the newest; of exercises the newest.
    Index: summary. The two are looked up by their ids, so that the attempts of a long history are not read.
    """
    of_learner: dict[str, list[Row]] = defaultdict(list)
    brief = dict.fromkeys(("user_id", "end_timestamp", "complete", "mastery_level"), 1)
    for row in await _at(db, readable, [content], brief):
        of_learner[row["user_id"]].append(row)
    rank: dict[str, int] = {}
    for tries in of_learner.values():
        newest = _newest_first(tries)
        counts = next((each for each in newest if each["complete"] and is_quiz_level(each["mastery_level"])), newest[0])
        rank |= {each["_id"]: number for number, each in enumerate(newest[newest.index(counts) :][:2])}
    answers = max(ANSWERS_OF_A_TRY, min(questions, _MOST_QUESTIONS))
    found = await _with_attempts(db, readable, "_id", list(rank), answers, dict.fromkeys(_OF_ATTEMPT, 1))
    return [row | {"rank": rank[row["_id"]]} for row in found]


def _newest_first(tries: Sequence[Row]) -> list[Row]:
    by_id = sorted(tries, key=lambda each: str(each["_id"]))
    return sorted(by_id, key=itemgetter("end_timestamp"), reverse=True)


async def tries_of(db: Database, readable: Readable) -> tuple[list[Row], dict[str, list[Row]]]:
    """All tries of a learner, newest first, and of the newest `TRIES_WITH_ANSWERS` the attempts with their histories,
    by try. Index: owner_end.
    """
    brief = dict.fromkeys((*_OF_TRY, *_FIGURES), 1)
    rows = _newest_first(await db.find(MasteryLog, readable.query(), brief))
    newest = [row["_id"] for row in rows[:TRIES_WITH_ANSWERS]]
    shown = dict.fromkeys((*_OF_ATTEMPT, "interaction_history"), 1)
    found = await _with_attempts(db, readable, "_id", newest, ANSWERS_OF_A_TRY, shown)
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
    brief = {"content_id": 1, "mastery_criterion.type": 1}
    rows = await _at(db, readable, sorted(among), brief) if among else []
    return {row["content_id"] for row in rows if row["mastery_criterion"].get("type") == "pre_post_test"}


async def _at(db: Database, readable: Readable, contents: Sequence[str], shown: Mapping[str, int]) -> list[Row]:
    """What is shown of the tries of these learners at contents, by their summaries. Index: summary."""
    found: list[Row] = []
    for part in readable.in_parts(max(1, _AT_ONCE // len(contents))):
        keys = [summary_id(user, content) for user in part.users or () for content in contents]
        query = {"summary_id": {"$in": keys}} | owners_named(db, part).query()
        found += await db.find(MasteryLog, query, shown)
    return found


async def _with_attempts(
    db: Database, readable: Readable, key: str, values: Sequence[str], answers: int, of_attempt: Mapping[str, int]
) -> list[Row]:
    """The tries of which `key` is one of these, each with its newest `answers`; of long tries some of those are in
    chunks. Index: the key.

    They are handed out as they are, with all the few attempts that a try holds itself: an aggregation would cut them,
    and takes the embedded engine three times as long.
    """
    of_attempts = {"attempts.number": 1} | {f"attempts.{name}": 1 for name in of_attempt}
    shown = dict.fromkeys((*_OF_TRY, *_FIGURES, "overflow.chunk_count"), 1) | of_attempts
    tries = await _of_keys(db, readable, MasteryLog, key, values, shown)
    keys: list[str] = []
    for row in tries:
        moved, missing = (row.pop("overflow", None) or {}).get("chunk_count", 0), answers - len(row["attempts"])
        first = max(0, moved - ceil(missing / (EMBEDDED_MOST - EMBEDDED_KEPT)))
        keys += [AttemptOverflow.id_of(row["_id"], number) for number in range(first, moved)]
    older: dict[str, list[Row]] = defaultdict(list)
    for chunk in await _of_keys(db, readable, AttemptOverflow, "_id", keys, {"holder_id": 1} | of_attempts):
        older[chunk["holder_id"]] += chunk["attempts"]
    for row in tries:
        every = sorted([*older[row["_id"]], *row["attempts"]], key=lambda attempt: int(attempt["number"]))
        row["attempts"] = every[-answers:]
    return tries


async def _of_keys(
    db: Database, readable: Readable, kind: type[Stored], key: str, values: Sequence[str], shown: Mapping[str, int]
) -> list[Row]:
    """What is shown of the documents of which `key` is one of these, all of them a reader's."""
    found: list[Row] = []
    for some in in_parts(values, _AT_ONCE):
        query = {key: {"$in": list(some)}} | owners_named(db, readable).query()
        found += await db.find(kind, query, shown)
    return found
