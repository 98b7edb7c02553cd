"""A store of groups of jobs, which does them when it is let."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from learntrack.storage.group_commit import GroupCommit, Stored

Job, Answer = str, str


class Store:
    """Stores groups of jobs, when it is let."""

    def __init__(self, refuse: Callable[[Sequence[Job]], Exception | None] = lambda _: None) -> None:
        self.groups: list[list[Job]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self._refuse = refuse

    async def run(self, jobs: Sequence[Job], stored: Stored[Answer, Job]) -> None:
        while jobs:
            self.groups.append(list(jobs))
            self.asked.set()
            await self.open.wait()
            if (error := self._refuse(jobs)) is not None:
                raise error
            jobs = stored([ValueError(job) if job.startswith("refused") else job.upper() for job in jobs])
            await asyncio.sleep(0)  # who waits is answered

    def line(self, **more: Any) -> GroupCommit[Job, Answer]:
        return GroupCommit(self.run, **{"may_join": lambda _, __: True, "patience": 60} | more)


async def settled(*answers: "asyncio.Future[Answer]") -> list[Any]:
    return list(await asyncio.gather(*answers, return_exceptions=True))
