"""Reading learners' tries at a content, as they are stored, and counting what has changed in them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.documents.base import Row
from learntrack.domain.ids import summary_id
from learntrack.domain.portions import in_parts
from learntrack.reports.upkeep.item_sums import ItemSums, Observation, correctness
from learntrack.storage import Database
from learntrack.storage.some_fields import LaterEntries, Values, WithLaterEntries

_PAIRS = 60
"""Learners at contents whose tries are asked for at once."""
_TRIES, _CHUNKS = 16, 4
"""Tries, and chunks of long ones, that come at once; a try has some 7 KB, a chunk up to half a megabyte."""
_LONG = 16
"""Long tries that are held at once."""
_OBSERVATIONS = 150
"""Attempts that are read before others have their turn."""
_ANSWER = 500
"""Characters of an answer that count."""
_OF_ATTEMPT = ("item", "correct", "hinted", "error", "simple_answer", "start_timestamp", "number")
_OF_TRY = ("user_id", "facility_id", "content_id", "mastery_level", "overflow")
_OF_CHUNK = ("holder_id", "facility_id", "content_id")
_QUIZZES = "quizzes"
"""The portion that all of a learner's quizzes are; a try has its id."""
FacilityContent = tuple[str, str]
"""A facility and a content."""
Pair = tuple[FacilityContent, str]
"""A content at a facility, and a learner."""
Changed = dict[FacilityContent, set[str]]
"""The questions whose sums are others now."""


@dataclass(slots=True)
class _Try:
    id: str
    pair: Pair
    is_quiz: bool
    is_long: bool
    attempts: list[LaterEntries]

    @property
    def digest(self) -> int:
        return hash(tuple(sorted(each.digest for each in self.attempts)))


class ItemTries:
    """Reads tries, and counts them; made for some time, since it learns how attempts lie.

    Args:
        db: Where they are. What it has committed is read, not what a copy of it has.

    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tries = WithLaterEntries(_OF_TRY, "attempts", _OF_ATTEMPT)
        self._chunks = WithLaterEntries(_OF_CHUNK, "attempts", _OF_ATTEMPT)

    async def learners(self, place: FacilityContent) -> list[str]:
        """Who of a facility has tries at a content. Index: facility_content."""
        match = {"facility_id": place[0], "content_id": place[1]}
        rows = await self._db.rows(MasteryLog, [{"$match": match}, {"$group": {"_id": "$user_id"}}])
        return sorted(row["_id"] for row in rows)

    async def count(self, sums: Mapping[FacilityContent, ItemSums], pairs: Sequence[Pair]) -> Changed:
        """Count the tries of these learners at these contents of their facilities, as they are now, instead of what was
        counted of them before. Indexes: summary, holder.
        """
        changed: Changed = defaultdict(set)
        for some in in_parts(pairs, _PAIRS):
            await _Counting(self, sums, changed).count(some)
        return changed

    async def read(self, pairs: Sequence[Pair]) -> AsyncGenerator[list[_Try], None]:
        """The tries of some, a few at a time; long ones without their older attempts."""
        of_these = {"summary_id": {"$in": [summary_id(user, content) for (_, content), user in pairs]}}
        known = set(pairs)
        async with aclosing(self._db.parts(MasteryLog, of_these, self._tries, batch=_TRIES)) as parts:
            async for part in parts:
                tries = [_try(row, attempts) for row, attempts in part]
                yield [each for each in tries if each.pair in known]

    async def add_older(self, tries: Sequence[_Try]) -> None:
        """Give long tries their older attempts."""
        by_id = {each.id: each for each in tries}
        of_tries = {"holder_id": {"$in": sorted(by_id)}}
        async with aclosing(self._db.parts(AttemptOverflow, of_tries, self._chunks, batch=_CHUNKS)) as parts:
            async for part in parts:
                for row, attempts in part:
                    holder = by_id[row["holder_id"]]
                    if (row["facility_id"], row["content_id"]) == holder.pair[0]:
                        holder.attempts.append(attempts)


def _try(row: Row, attempts: LaterEntries) -> _Try:
    pair = (row["facility_id"], row["content_id"]), row["user_id"]
    return _Try(row["_id"], pair, row["mastery_level"] < 0, row.get("overflow") is not None, [attempts])


class _Counting:
    """Counts the tries of some learners into sums; `changed` is told what is changed by it."""

    def __init__(self, tries: ItemTries, sums: Mapping[FacilityContent, ItemSums], changed: Changed) -> None:
        self._tries = tries
        self._sums = sums
        self._changed = changed
        self._quizzes: dict[Pair, list[_Try]] = defaultdict(list)
        self._portions: dict[Pair, set[str]] = defaultdict(set)
        self._read = 0

    async def count(self, pairs: Sequence[Pair]) -> None:
        """Count those of these."""
        long: list[_Try] = []
        async with aclosing(self._tries.read(pairs)) as parts:
            async for part in parts:
                for each in part:
                    if each.is_long:
                        long.append(each)
                    else:
                        await self._take(each)
                if len(long) >= _LONG:
                    await self._take_long(long)
                    long = []
        await self._take_long(long)
        for pair, quizzes in self._quizzes.items():
            digest = hash(tuple(sorted((each.id, each.digest) for each in quizzes)))
            await self._put(pair, _QUIZZES, digest, quizzes)
        for pair in pairs:
            place, learner = pair
            self._changed[place] |= self._sums[place].keep_only(learner, self._portions[pair])

    async def _take_long(self, long: Sequence[_Try]) -> None:
        if long:
            await self._tries.add_older(long)
        for each in long:
            await self._take(each)

    async def _take(self, each: _Try) -> None:
        if each.is_quiz:
            self._quizzes[each.pair].append(each)
        else:
            await self._put(each.pair, each.id, each.digest, [each])

    async def _put(self, pair: Pair, portion: str, digest: int, tries: Sequence[_Try]) -> None:
        self._portions[pair].add(portion)
        place, learner = pair
        if not self._sums[place].has(learner, portion, digest):
            made = await (self._first_answers(tries) if portion == _QUIZZES else self._answers(tries))
            self._changed[place] |= self._sums[place].put(learner, portion, digest, made)

    async def _answers(self, tries: Sequence[_Try]) -> list[Observation]:
        found: list[Observation] = []
        for attempts in _parts(tries):
            found += map(_observed, attempts)
            await self._rest(len(attempts))
        return found

    async def _first_answers(self, tries: Sequence[_Try]) -> list[Observation]:
        first: dict[str, tuple[tuple[Any, ...], Observation]] = {}
        for attempts in _parts(tries):
            for each in attempts:
                sight = _order(each, observation := _observed(each)), observation
                if each[0] not in first or sight[0] < first[each[0]][0]:
                    first[each[0]] = sight
            await self._rest(len(attempts))
        return [observation for _, observation in first.values()]

    async def _rest(self, read: int) -> None:
        """Let others have their turn where much has been read."""
        self._read += read
        if self._read >= _OBSERVATIONS:
            self._read = 0
            await asyncio.sleep(0)


def _parts(tries: Iterable[_Try]) -> Iterator[list[Values]]:
    for each in tries:
        for attempts in each.attempts:
            yield from attempts.parts()


def _observed(attempt: Values) -> Observation:
    item, correct, hinted, error, answer, _, _ = attempt
    right = correctness(correct)
    given = answer[:_ANSWER] if answer and not right >= 1 else None
    return Observation(item, given, right, bool(hinted), bool(error))


def _order(attempt: Values, each: Observation) -> tuple[Any, ...]:
    """What decides which of a learner's answers to a question is the first: as the pipeline compares documents."""
    begun, number = attempt[5:]
    when = (begun is not None, begun or 0, number or 0)
    return (*when, each.correct, each.hinted, each.error, each.answer or "")
