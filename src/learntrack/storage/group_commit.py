"""Group commit: requests that arrive together share one transaction, so that a full house costs few round trips.

The jobs of a process are done one group after the other, in the order of their arrival, so they never conflict within
it. Bulk, such as an offline client's queue, stands in a line of its own beside the live one, and has its turn in parts:
what is live never waits for more than one of them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from learntrack.errors import kept_without_frames
from learntrack.storage.errors import NOT_IN_TIME, DatabaseBusy, DatabaseUnavailable, TooMuchAtOnce
from learntrack.storage.monitoring import GROUP_JOBS

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Stored = Callable[[Sequence[Answer | Exception]], Sequence[Job]]
"""Is told what became of a group once it is stored, in whatever thread; returns the next group, or nothing."""


GROUP_BYTES = 2 * 1024 * 1024
"""What a group of jobs may have been sent at the most; one job alone may be larger.

The embedded engine stops for ever in a transaction that does not fit into a part of its cache (`engine.choice`), and
stores an answer twice: as the attempt's, and in its history.
"""
_SMALL = 8
"""Jobs that are done together, whatever else is under way."""
PART_SECONDS = 0.1
"""How long bulk goes on, group by group, while something live waits."""
_TURN_SECONDS = 1.0
"""How long groups follow each other without coming back to the loop: the room on the disk is looked at before, and the
session is one that has not grown old. So long one that is cancelled may still go on.
"""


@dataclass(slots=True)
class _Waiting(Generic[Job, Answer]):
    job: Job
    answer: "asyncio.Future[Answer]"
    after: "asyncio.Future[Answer] | None" = None

    def is_to_be_done(self) -> bool:
        """Whether it still is; if what has to come before it could not be stored just now, it is not either."""
        before = self.after
        if not self.answer.done() and before is not None and before.done() and not before.cancelled():
            error = before.exception()
            if isinstance(error, DatabaseUnavailable):
                self.answer.set_exception(error)
        return not self.answer.done()


class GroupCommit(Generic[Job, Answer]):
    """Runs jobs in groups; while one group is being stored, the next one gathers.

    Args:
        run: Does a group of jobs in one transaction, tells `stored` for each its answer, or the exception that refuses
            it alone, and goes on with the group that this returns. Where it raises, nothing is known to be stored of
            the group at which it is.
        size: The bytes that a job was sent with.
        may_join: Whether a job may be in one transaction with those before it.
        patience: Seconds until a job that nobody has got to is given up.
        most: The most jobs in a group.
        most_bulk: The most in a group of bulk, of which many are mostly one person's, and so change few documents.
        most_bytes: The most bytes of a group of several.

    """

    def __init__(
        self,
        run: Callable[[Sequence[Job], Stored[Answer, Job]], Awaitable[None]],
        *,
        may_join: Callable[[Sequence[Job], Job], bool],
        patience: float,
        size: Callable[[Job], int] = lambda _: 0,
        most: int = 32,
        most_bulk: int = 100,
        most_bytes: int = GROUP_BYTES,
    ) -> None:
        self._run = run
        self._may_join = may_join
        self._patience = patience
        self._size = size
        self._most = most
        self._most_bulk = self._bulk_now = most_bulk
        self._most_bytes = most_bytes
        self._line: deque[_Waiting[Job, Answer]] = deque()
        self._bulk: deque[_Waiting[Job, Answer]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def enqueue(
        self, job: Job, *, bulk: bool = False, after: "asyncio.Future[Answer] | None" = None
    ) -> "asyncio.Future[Answer]":
        """Put a job at the end of the line. Cancel its future to withdraw it again, unless it is under way.

        Args:
            job: What is to be done.
            bulk: Whether it is one of many that may wait while others are served.
            after: What of the bulk must be stored before it: where that could not be just now, neither is this.

        """
        assert bulk or after is None, "what has become of it is looked at in any thread but for bulk"
        waiting: _Waiting[Job, Answer] = _Waiting(job, asyncio.get_running_loop().create_future(), after)
        (self._bulk if bulk else self._line).append(waiting)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return waiting.answer

    async def submit(self, job: Job) -> Answer:
        """Do a job and return its answer, or raise what refuses it.

        Raises:
            DatabaseUnavailable: it was not stored in time; it may or may not have been stored.

        """
        answer = self.enqueue(job)
        # Not `asyncio.timeout`, which takes a hundredth of an update.
        too_late = asyncio.get_running_loop().call_later(self._patience, _give_up, answer)
        try:
            return await answer
        finally:
            too_late.cancel()
            del answer  # an error in it would hold itself, by its traceback, and with it the request

    async def _work(self) -> None:
        before = 0
        try:
            while self._line or self._bulk:
                group = self._next_group(self._line, self._share(len(self._line) + before))
                before = await self._settle(group, goes_on=True) if group else 0
                await self._do_a_part_of_the_bulk()
        finally:
            self._worker = None

    def _share(self, at_work: int) -> int:
        """How many jobs the next group may have, when so many wait or have just been answered: half of them.

        Those who were answered send their next job while the others' are stored. Without that, nearly all of a class
        who send one job after the other come to stand in one group, and nothing is left to gather meanwhile.
        """
        return min(self._most, max(_SMALL, -(-at_work // 2)))

    async def _do_a_part_of_the_bulk(self) -> None:
        now = asyncio.get_running_loop().time
        end = now() + PART_SECONDS
        while self._bulk:
            if group := self._next_group(self._bulk, self._bulk_now):
                self._bulk_now = min(self._most_bulk, 2 * self._bulk_now)
                await self._settle(group, bulk=True)
            if self._line and now() >= end:
                return

    def _next_group(self, line: deque[_Waiting[Job, Answer]], most: int) -> list[_Waiting[Job, Answer]]:
        group: list[_Waiting[Job, Answer]] = []
        jobs: list[Job] = []
        size = 0
        while line and len(group) < most:
            first = line[0]
            if first.is_to_be_done():
                size += self._size(first.job)
                if jobs and (size > self._most_bytes or not self._may_join(jobs, first.job)):
                    break
                group.append(first)
                jobs.append(first.job)
            line.popleft()
        return group

    async def _settle(self, group: list[_Waiting[Job, Answer]], *, bulk: bool = False, goes_on: bool = False) -> int:
        """Do a group; if it `goes_on`, also those that have gathered by its end, and so forth for a while. Returns how
        many were in the last one.
        """
        end = time.monotonic() + _TURN_SECONDS if goes_on else 0.0
        answered = asyncio.get_running_loop().call_soon_threadsafe
        size = len(group)

        def stored(outcomes: Sequence[Answer | Exception]) -> Sequence[Job]:
            """Mostly called in a thread, that in which it was stored: who waits is answered while the next begins."""
            nonlocal group, size
            done, group = group, []  # whatever goes wrong from here on, these are not done again
            try:
                if time.monotonic() < end and not self._bulk:
                    group = self._next_group(self._line, self._share(len(self._line) + len(done)))
            finally:  # Not sooner: whether what they send next came in here would be chance.
                answered(_answer, done, outcomes)
            GROUP_JOBS.observe(len(done))
            size = len(group) or size
            return [each.job for each in group]

        try:
            await self._run([each.job for each in group], stored)
        except Exception as error:
            await self._settle_otherwise(group, error, bulk=bulk)
        return size

    async def _settle_otherwise(self, group: list[_Waiting[Job, Answer]], error: Exception, *, bulk: bool) -> None:
        """Do a group in parts that could not be done as a whole, or say why it could not be done."""
        if len(group) > 1 and isinstance(error, TooMuchAtOnce):
            half = len(group) // 2
            if bulk:  # the rest has its turn again, in smaller groups: what is live does not wait for all of them
                self._bulk.extendleft(reversed(group[half:]))
                self._bulk_now = half
                await self._settle(group[:half], bulk=True)
                return
            await self._settle(group[:half])
            if rest := [each for each in group[half:] if each.is_to_be_done()]:
                await self._settle(rest)
            return
        # One job may have spoilt it for all, unless there is no database at all.
        if len(group) > 1 and (isinstance(error, DatabaseBusy) or not isinstance(error, DatabaseUnavailable)):
            for each in group:
                if each.is_to_be_done():
                    await self._settle([each])
            return
        if isinstance(error, DatabaseUnavailable):
            kept_without_frames(error)
        _answer(group, [error] * len(group))


def _answer(group: Sequence[_Waiting[Any, Answer]], outcomes: Sequence[Answer | Exception]) -> None:
    for each, outcome in zip(group, outcomes, strict=True):
        if each.answer.done():
            continue
        if isinstance(outcome, Exception):
            each.answer.set_exception(outcome)
        else:
            each.answer.set_result(outcome)


def _give_up(answer: "asyncio.Future[Any]") -> None:
    if not answer.done():
        answer.set_exception(DatabaseUnavailable(NOT_IN_TIME))
