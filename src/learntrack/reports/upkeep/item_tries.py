"""Reading learners' tries at a content, as they are stored, and counting what has changed in them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from learntrack.documents import AttemptOverflow, MasteryLog
from learntrack.domain.ids import summary_id
from learntrack.reports.upkeep.item_sums import ItemSums, Observation, correctness
from learntrack.storage import Database
from learntrack.storage.some_fields import LaterEntries, Values, WithLaterEntries

_LEARNERS = 50
"""Learners whose tries are asked for at once."""
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


@dataclass(slots=True)
class _Try:
    id: str
    user: str
    is_quiz: bool
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

    async def count(self, sums: ItemSums, place: FacilityContent, learners: Sequence[str]) -> set[str]:
        """Count the tries of these learners at a content of a facility, as they are now, instead of what was counted of
        them before; returns which questions' sums are others now. Indexes: summary, holder.
        """
        changed: set[str] = set()
        for first in range(0, len(learners), _LEARNERS):
            changed |= await _Counting(self, sums, place).of(learners[first : first + _LEARNERS])
        return changed

    async def read(self, place: FacilityContent, learners: Iterable[str]) -> Any:
        """The tries of learners, some at a time, and which of them have older attempts elsewhere."""
        of_content = {"summary_id": {"$in": [summary_id(user, place[1]) for user in learners]}}
        async with aclosing(self._db.parts(MasteryLog, of_content, self._tries, batch=_TRIES)) as parts:
            async for part in parts:
                yield [
                    (_Try(row["_id"], row["user_id"], row["mastery_level"] < 0, [attempts]), row.get("overflow"))
                    for row, attempts in part
                    if (row["facility_id"], row["content_id"]) == place
                ]

    async def add_older(self, place: FacilityContent, tries: Sequence[_Try]) -> None:
        """Give long tries their older attempts."""
        by_id = {each.id: each for each in tries}
        of_tries = {"holder_id": {"$in": sorted(by_id)}}
        async with aclosing(self._db.parts(AttemptOverflow, of_tries, self._chunks, batch=_CHUNKS)) as parts:
            async for part in parts:
                for row, attempts in part:
                    if (row["facility_id"], row["content_id"]) == place:
                        by_id[row["holder_id"]].attempts.append(attempts)


class _Counting:
    """Counts the tries of some learners."""

    def __init__(self, tries: ItemTries, sums: ItemSums, place: FacilityContent) -> None:
        self._tries = tries
        self._sums = sums
        self._place = place
        self._quizzes: dict[str, list[_Try]] = defaultdict(list)
        self._portions: dict[str, set[str]] = defaultdict(set)
        self._changed: set[str] = set()
        self._read = 0

    async def of(self, learners: Sequence[str]) -> set[str]:
        """Count those of these learners."""
        long: list[_Try] = []
        async with aclosing(self._tries.read(self._place, learners)) as parts:
            async for part in parts:
                for each, has_older in part:
                    if has_older:
                        long.append(each)
                    else:
                        await self._take(each)
                if len(long) >= _LONG:
                    await self._take_long(long)
                    long = []
        await self._take_long(long)
        for learner, quizzes in self._quizzes.items():
            digest = hash(tuple(sorted((each.id, each.digest) for each in quizzes)))
            await self._put(learner, _QUIZZES, digest, quizzes)
        for learner in learners:
            self._changed |= self._sums.keep_only(learner, self._portions[learner])
        return self._changed

    async def _take_long(self, long: Sequence[_Try]) -> None:
        if long:
            await self._tries.add_older(self._place, long)
        for each in long:
            await self._take(each)

    async def _take(self, each: _Try) -> None:
        if each.is_quiz:
            self._quizzes[each.user].append(each)
        else:
            await self._put(each.user, each.id, each.digest, [each])

    async def _put(self, learner: str, portion: str, digest: int, tries: Sequence[_Try]) -> None:
        self._portions[learner].add(portion)
        if self._sums.has(learner, portion, digest):
            return
        found: list[Observation] = []
        first: dict[str, tuple[Any, Observation]] = {}
        for values in _parts(tries):
            for each in values:
                observation = _observed(each)
                if portion != _QUIZZES:
                    found.append(observation)
                    continue
                sight = _order(each, observation)
                if each[0] not in first or sight < first[each[0]][0]:
                    first[each[0]] = sight, observation
            await self._rest(len(values))
        given = found or [observation for _, observation in first.values()]
        self._changed |= self._sums.put(learner, portion, digest, given)

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
