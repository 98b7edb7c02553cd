"""Group commit: requests that arrive together share one transaction, so that a full house costs few round trips.

All jobs of a process stand in one line, in the order of their arrival, so they never conflict within it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from learntrack.storage.errors import DatabaseBusy, DatabaseUnavailable

Job = TypeVar("Job")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Waiting(Generic[Job, Answer]):
    job: Job
    answer: "asyncio.Future[Answer]"


class GroupCommit(Generic[Job, Answer]):
    """Runs jobs in groups; while one group is being stored, the next one gathers.

    Args:
        run: Does a group of jobs in one transaction and returns for each its answer, or the exception that refuses it
            alone. Where it raises, nothing of the group is known to be stored.
        may_join: Whether a job may be in one transaction with those before it.
        patience: Seconds until a job that nobody has got to is given up.
        most: The most jobs in a group.

    """

    def __init__(
        self,
        run: Callable[[Sequence[Job]], Awaitable[Sequence[Answer | Exception]]],
        *,
        may_join: Callable[[Sequence[Job], Job], bool],
        patience: float,
        most: int = 32,
    ) -> None:
        self._run = run
        self._may_join = may_join
        self._patience = patience
        self._most = most
        self._line: deque[_Waiting[Job, Answer]] = deque()
        self._worker: asyncio.Task[None] | None = None

    def enqueue(self, job: Job) -> "asyncio.Future[Answer]":
        """Put a job at the end of the line. Cancel its future to withdraw it again, unless it is under way."""
        waiting: _Waiting[Job, Answer] = _Waiting(job, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return waiting.answer

    async def submit(self, job: Job) -> Answer:
        """Do a job and return its answer, or raise what refuses it.

        Raises:
            DatabaseUnavailable: it was not stored in time; it may or may not have been stored.

        """
        try:
            return await asyncio.wait_for(self.enqueue(job), self._patience)
        except TimeoutError as error:
            raise DatabaseUnavailable("The database did not answer in time.") from error

    async def _work(self) -> None:
        try:
            while self._line:
                if group := self._next_group():
                    await self._settle(group)
        finally:
            self._worker = None

    def _next_group(self) -> list[_Waiting[Job, Answer]]:
        group: list[_Waiting[Job, Answer]] = []
        jobs: list[Job] = []
        while self._line and len(group) < self._most:
            if not self._line[0].answer.done():
                if jobs and not self._may_join(jobs, self._line[0].job):
                    break
                group.append(self._line[0])
                jobs.append(self._line[0].job)
            self._line.popleft()
        return group

    async def _settle(self, group: Sequence[_Waiting[Job, Answer]]) -> None:
        outcomes: Sequence[Answer | Exception]
        try:
            outcomes = await self._run([each.job for each in group])
        except Exception as error:
            # One job may have spoilt it for all, unless there is no database at all.
            if len(group) > 1 and (isinstance(error, DatabaseBusy) or not isinstance(error, DatabaseUnavailable)):
                for each in group:
                    await self._settle([each])
                return
            outcomes = [error] * len(group)
        for each, outcome in zip(group, outcomes, strict=True):
            if each.answer.done():
                continue
            if isinstance(outcome, Exception):
                each.answer.set_exception(outcome)
            else:
                each.answer.set_result(outcome)
