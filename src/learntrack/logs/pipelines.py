"""The aggregation pipelines of the totals, and the stages that the lists and the differences share.

Each answers its question in one round trip, with stages that MongoDB 6.0 documents. Indexes are named beside each
question (see documents/). A *holder* is a document that holds attempts: a try, or a session without one.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.documents import AttemptOverflow, ContentSession, MasteryLog
from learntrack.domain import moments
from learntrack.logs.filters import LogFilters
from learntrack.logs.schemas import INCLUDABLE, MasteryLogRow
from learntrack.storage.database import Row, Stage

NEWEST = {"end_timestamp": -1, "_id": 1}
EVER = {"$gte": moments.FIRST}
"""The condition on a moment that each fulfils, for an index that begins with it."""
TRIES, SESSIONS, OVERFLOW = (kind.collection() for kind in (MasteryLog, ContentSession, AttemptOverflow))

_ELSEWHERE = {"id": "_id", "correct": "correct_sum"}
_ALWAYS = [name for name in MasteryLogRow.__struct_fields__ if name not in INCLUDABLE]
_INCLUDED: dict[str, str | None] = {
    "user": "user_id",
    "content": "content_id",
    "mastery_level": "mastery_level",
    "question_count": None,  # looked up afterwards
}


def try_fields(filters: LogFilters, holder: str = "$") -> dict[str, Any]:
    """A try as the lists show it, each field by where it stands in the document; `holder` as of `matching_count`."""
    return {
        name: {"$literal": None} if place is None else f"{holder}{place}" for name, place in _places(filters).items()
    }


def _places(filters: LogFilters) -> dict[str, str | None]:
    """Where each field of a try that is shown stands in the document."""
    return {name: _ELSEWHERE.get(name, name) for name in _ALWAYS} | {name: _INCLUDED[name] for name in filters.include}


def try_projection(filters: LogFilters) -> dict[str, int]:
    """What a find shows of tries for `shown_tries`."""
    return {place: 1 for place in _places(filters).values() if place is not None}


def shown_tries(found: Iterable[Row], filters: LogFilters) -> Iterator[Row]:
    """Tries that a find has shown, as `try_fields` shows them."""
    places = _places(filters).items()
    for row in found:
        yield {name: row[place] if place else None for name, place in places if place is None or place in row}


_QUIZ_LEVELS, _EXERCISE_LEVELS = {"$lt": 0}, {"$gte": 0}
"""The levels that `domain.mastery.next_level` gives to either kind of try."""


# Tries


def tries_matching(readable: Readable, filters: LogFilters) -> list[Stage]:
    """The tries asked for, but for `complete`, which asks for attempts in one list and for tries in the other.

    Indexes: owner_end, owner_content, content, newest; a try's id is the key. In two stages, though MongoDB makes one
    of them: the embedded engine uses an index only for a `$match` that the index covers whole, so what it covers comes
    first.
    """
    rest = readable.query()
    if filters.content is not None:
        rest["content_id"] = filters.content
    levels = {} if filters.quiz is None else dict(_QUIZ_LEVELS if filters.quiz else _EXERCISE_LEVELS)
    if filters.mastery_level is not None:
        levels["$eq"] = filters.mastery_level
    if levels:
        rest["mastery_level"] = levels
    first: dict[str, Any] = {}
    if filters.masterylog is not None:
        first["_id"] = filters.masterylog
    else:
        owner = rest.pop("user_id", None)
        if owner is not None:
            first["user_id"] = owner
        if not isinstance(owner, dict) and filters.content is not None:
            first["content_id"] = rest.pop("content_id")
    return [{"$match": condition} for condition in (first, rest) if condition]


def tries_listed(readable: Readable, filters: LogFilters) -> list[Stage]:
    """The tries of a list, `complete` or not included, in no order."""
    stages = tries_matching(readable, filters)
    if filters.complete is not None:
        stages.append({"$match": {"complete": filters.complete}})
    return stages


def one_try(try_id: str, readable: Readable) -> list[Stage]:
    """Whose a try of theirs is. Index: the key."""
    return [{"$match": {"_id": try_id} | readable.query()}, {"$project": {"user_id": 1}}]


# Attempts and what holds them

_HOLDING: dict[str, Any] = {"attempt_count": {"$gt": 0}}


def sessions_matching(readable: Readable) -> list[Stage]:
    """Documents of these learners. Index: owner_start_id (sessions)."""
    return [{"$match": query}] if (query := readable.query()) else []


def sessions_holding(
    readable: Readable, filters: LogFilters, end_timestamp: Mapping[str, datetime] | None = None
) -> list[Stage]:
    """The sessions that may hold matching attempts: of these learners, or of those that ended in a time. Indexes:
    owner_attempts; newest_attempts of everybody's, and of a time's.

    These are on a part of the sessions. For one MongoDB wants the part's condition as it stands in the index, and one
    on the index's first field; the embedded engine wants both in one `$match`, and no condition more. So everybody's
    are those that ended at any time, and whose they are is asked last where few ended in a time.
    """
    theirs = readable.query()
    first, *rest = [theirs] if theirs and end_timestamp is None else [{"end_timestamp": end_timestamp or EVER}, theirs]
    by_item = [may_hold_matching(filters)] if filters.item is not None else []
    return [{"$match": _HOLDING | first}, *({"$match": condition} for condition in rest if condition), *by_item]


def may_hold_matching(filters: LogFilters) -> Stage:
    """Only holders that may hold a matching attempt; by item it may also be in an overflow chunk."""
    query: dict[str, Any] = dict(_HOLDING)
    if filters.item is not None:
        query["$or"] = [{"attempts.item": filters.item}, {"overflow.chunk_count": {"$gt": 0}}]
    return {"$match": query}


def holding(attempt_id: str, readable: Readable) -> list[Stage]:
    """What holds an attempt of these learners (a try, a session or a chunk), with that attempt alone as `attempts`.

    Indexes: owner_end (tries), owner_start_id (sessions), holder_attempt (chunks). No index leads from an attempt's id
    to its try, since every write would pay for it: a superuser's question, which has no owner, reads them all.
    """
    is_it = {"$eq": ["$$attempt.id", attempt_id]}
    only = {"$filter": {"input": "$attempts", "as": "attempt", "cond": is_it}}
    return [
        *sessions_matching(readable),
        {"$match": {"attempts.id": attempt_id}},
        {"$project": {"user_id": 1, "holder_id": 1, "attempts": only}},
    ]


def matching_count(filters: LogFilters, holder: str = "$") -> Any:
    """How many matching attempts a holder has, as far as it counts them (not by item); without those that have faded.

    Args:
        filters: What they must match.
        holder: How an expression names the holder's fields: "$", or of a variable "$$name.".

    """
    everything, completed = (
        {"$subtract": [f"{holder}{field}", {"$ifNull": [f"{holder}faded.{field}", 0]}]}
        for field in ("attempt_count", "completed_attempts")
    )
    if filters.complete is None:
        return everything
    return completed if filters.complete else {"$subtract": [everything, completed]}


def matching_attempts(attempts: str, filters: LogFilters) -> Any:
    """Of embedded attempts those that match."""
    if conditions := _attempt_conditions(filters, "$$attempt"):
        return {"$filter": {"input": attempts, "as": "attempt", "cond": {"$and": conditions}}}
    return attempts


def _attempt_conditions(filters: LogFilters, attempt: str) -> list[dict[str, Any]]:
    """Conditions on one attempt, which stands at `attempt` (an expression), for `$and`."""
    conditions: list[dict[str, Any]] = []
    if filters.item is not None:
        conditions.append({"$eq": [f"{attempt}.item", {"$literal": filters.item}]})
    if filters.complete is not None:
        conditions.append({"$eq": [f"{attempt}.complete", filters.complete]})
    return conditions


def with_attempts(filters: LogFilters, owners: Readable = EVERYBODY) -> list[Stage]:
    """Look the attempts up of holders that were ordered without them.

    Rows in: `_id, user_id, try_id | holder_session_id, before?, total?`; a missing key finds nothing, so each is found
    in one place. Rows out: `_id, try_id?, user_id, attempts, overflow?, before?, total?`. `owners` as of `looked_up`.
    """
    stages: list[Stage] = [looked_up(TRIES, "try_id", "_id", "found_try", owners)]
    holder: Any = "$found_try"
    if not filters.of_tries_only:
        stages.append(looked_up(SESSIONS, "holder_session_id", "_id", "found_session", owners))
        holder = {"$concatArrays": ["$found_try", "$found_session"]}
    stages.append({"$addFields": {"holder": {"$arrayElemAt": [holder, 0]}}})
    shown: dict[str, Any] = {"try_id": 1, "user_id": 1, "before": 1, "total": 1, "overflow": "$holder.overflow"}
    shown["attempts"] = matching_attempts("$holder.attempts", filters)
    return [*stages, {"$project": shown}]


def looked_up(collection: str, local: str, foreign: str, name: str, owners: Readable = EVERYBODY) -> Stage:
    """Look documents up by a key.

    Args:
        collection: Where.
        local: The key's field here.
        foreign: The key's field there.
        name: The field for what is found.
        owners: Whose documents they are, to be told where the data is sharded: else each row would ask every shard.

    """
    stage: dict[str, Any] = {"from": collection, "localField": local, "foreignField": foreign, "as": name}
    if of_owners := owners.query():
        stage["pipeline"] = [{"$match": of_owners}]
    return {"$lookup": stage}


def overflow_of(holder_id: str, user_id: str | None, filters: LogFilters) -> list[Stage]:
    """The wanted attempts of a long try that moved to chunks, in list order. Index: holder_attempt."""
    stages: list[Stage] = [
        {"$match": {"user_id": user_id, "holder_id": holder_id}},
        {"$unwind": "$attempts"},
        {"$replaceRoot": {"newRoot": "$attempts"}},
    ]
    if conditions := _attempt_conditions(filters, "$$ROOT"):
        stages.append({"$match": {"$expr": {"$and": conditions}}})
    return [*stages, {"$sort": {"start_timestamp": 1, "id": 1}}]


# Totals


def total(user_id: str) -> list[Stage]:
    """How much a learner has finished: finished tries, plus summaries done without tries. Index: owner_progress."""
    done = {"$cond": ["$has_tries", "$finished_tries", {"$cond": [{"$gte": ["$progress", 1]}, 1, 0]}]}
    return [{"$match": {"user_id": user_id}}, {"$group": {"_id": None, "progress": {"$sum": done}}}]
