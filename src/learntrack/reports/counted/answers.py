"""What was answered in tries: the latest answer to each question, and how many questions there are."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from learntrack.documents import AttemptOverflow, Content, FormerEntry, MasteryLog, Quiz
from learntrack.domain.portions import in_parts
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values, WithEntries

_AT_ONCE = 1000
"""Keys that are asked for at once."""
_OF_ATTEMPT = ("item", "end_timestamp", "number", "correct")
_TRIES, _CHUNKS = 32, 32
"""Tries, and chunks of long ones, that come at once; a try has some 7 KB."""

_Latest = dict[str, tuple[int, int, float]]
"""The end, number and correctness of the latest attempt at each question."""
_Long = dict[str, tuple[Row, _Latest]]
"""Tries that have older attempts elsewhere, by their ids, each with its latest answers so far."""


class Answered(NamedTuple):
    """A try's figures (`row`), how many questions were answered in it, and the sum of the latest answers'
    correctness.
    """

    row: Row
    answered: int
    correct: float


async def answered_in(
    db: Reading, summaries: Sequence[str], fields: Iterable[str], of_owners: Mapping[str, Any]
) -> AsyncIterator[Answered]:
    """What was answered in the tries of these summaries that are quizzes, one by one as they are read, in no order; no
    more than `_AT_ONCE` are held meanwhile. Indexes: summary, holder.

    Args:
        db: Where they are.
        summaries: Their ids.
        fields: Which figures of each try are wanted.
        of_owners: What is to be said beside the ids of whose they are.

    """
    tries = WithEntries((*fields, "mastery_level", "overflow.chunk_count", "faded"), "attempts", _OF_ATTEMPT)
    long: _Long = {}
    for some in in_parts(summaries, _AT_ONCE):
        query = {"summary_id": {"$in": list(some)}, **of_owners}
        async for part in db.parts(MasteryLog, query, tries, batch=_TRIES):
            for row, attempts in part:
                if row["mastery_level"] >= 0:
                    continue
                latest = _latest({}, attempts)
                if row.get("overflow") is None:
                    yield _answered(row, latest)
                    continue
                long[row["_id"]] = row, latest
                if len(long) == _AT_ONCE:
                    for each in await _with_older(db, long, of_owners):
                        yield each
                    long = {}
    for each in await _with_older(db, long, of_owners):
        yield each


async def _with_older(db: Reading, long: _Long, of_owners: Mapping[str, Any]) -> list[Answered]:
    """What was answered in long tries, whose older attempts are in chunks. Index: holder."""
    of_long = {"holder_id": {"$in": list(long)}, **of_owners}
    if long:
        chunks = WithEntries(("holder_id",), "attempts", _OF_ATTEMPT)
        async for part in db.parts(AttemptOverflow, of_long, chunks, batch=_CHUNKS):
            for chunk, attempts in part:
                _latest(long[chunk["holder_id"]][1], attempts)
    return [_answered(row, latest) for row, latest in long.values()]


def _latest(found: _Latest, attempts: Iterable[Values]) -> _Latest:
    """The latest attempt at each question, added to what was found."""
    for item, *rest in attempts:
        sight: tuple[int, int, float] = (rest[0], rest[1], rest[2])
        before = found.get(item)
        if before is None or sight > before:
            found[item] = sight
    return found


def _answered(row: Row, latest: _Latest) -> Answered:
    faded = row.get("faded") or {}
    correct: float = sum(sight[2] for sight in latest.values()) + faded.get("correct", 0)
    return Answered(row, len(latest) + faded.get("answered", 0), correct)


async def question_counts(db: Reading, contents: Collection[str]) -> dict[str, int]:
    """How many questions there are, as the roster says: of quizzes, else of contents, else of what is removed; without
    those of which nobody has said it. Index: the key.
    """
    found: dict[str, int] = {}
    for kind in (FormerEntry, Content, Quiz):
        rows = await db.find(kind, {"_id": {"$in": list(contents)}}, {"question_count": 1}) if contents else []
        found |= {row["_id"]: row["question_count"] for row in rows if row.get("question_count") is not None}
    return found


def score_of(answered: Answered, question_count: int | None) -> float | None:
    """The score of what was handed in: over all questions where it is known how many there are, else over those
    answered; None where there is nothing to score.
    """
    over = max(question_count or 0, answered.answered)
    return answered.correct / over if over else None


async def scores(db: Reading, summaries: Sequence[str], of_owners: Mapping[str, Any]) -> dict[str, float | None]:
    """The scores of the quizzes that were handed in, of several the newest, by their summaries."""
    handed_in: dict[str, list[Answered]] = defaultdict(list)
    fields = ("summary_id", "content_id", "complete", "end_timestamp")
    async for each in answered_in(db, summaries, fields, of_owners):
        if each.row["complete"]:
            handed_in[each.row["summary_id"]].append(each)
    newest = {key: newest_first(tries)[0] for key, tries in handed_in.items()}
    counts = await question_counts(db, {each.row["content_id"] for each in newest.values()})
    return {key: score_of(each, counts.get(each.row["content_id"])) for key, each in newest.items()}


def newest_first(tries: Iterable[Answered]) -> list[Answered]:
    """Tries by their ends, then by their ids."""
    by_id = sorted(tries, key=lambda each: str(each.row["_id"]))
    return sorted(by_id, key=lambda each: each.row["end_timestamp"], reverse=True)
