"""Learners at work, many at once, while the service is killed or its engine stands still: in any app, what the service
has in the end is what the apps did.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from tests.clients.done import Doing, check
from tests.clients.fault_proxy import FaultProxy
from tests.processes import Service

AT_ONCE = 20
_BEGIN_SECONDS = 240


@dataclass
class Shift:
    """When a group is at work: from when all of its learners have `begun`, each for itself, until it is `over`."""

    begun: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 0))
    over: asyncio.Event = field(default_factory=asyncio.Event)


Visit = Callable[[FaultProxy, int, Shift], Awaitable[tuple[Doing, list[int]]]]
"""A learner at work, by this seed, until it is over, and until all is sent; what they did, and what was set aside."""
Trouble = Callable[[Service, random.Random], Awaitable[None]]


async def killed(service: Service, choice: random.Random) -> None:
    """The service and its engine are killed and started again, twice."""
    for _ in range(2):
        await asyncio.sleep(choice.uniform(0.5, 3))
        service.kill_everything()
        await asyncio.to_thread(service.start)


async def frozen(service: Service, choice: random.Random) -> None:
    """The engine stands still for 12 seconds."""
    await asyncio.sleep(choice.uniform(0.5, 3))
    [engine] = service.engine_pids()
    os.kill(engine, signal.SIGSTOP)
    await asyncio.sleep(12)
    with suppress(ProcessLookupError):  # it was given up and replaced
        os.kill(engine, signal.SIGCONT)


async def learners_at_work(service: Service, network: FaultProxy, runs: range, visit: Visit, trouble: Trouble) -> None:
    """So many runs, some at once, each group of them in this trouble and on a bad network."""
    steps = 0
    for begin in runs[::AT_ONCE]:
        group = runs[begin : begin + AT_ONCE]
        network.break_down(begin)
        shift = Shift()
        visits = [asyncio.create_task(visit(network, seed, shift)) for seed in group]
        async with asyncio.timeout(_BEGIN_SECONDS):
            for _ in group:
                await shift.begun.acquire()
        await trouble(service, random.Random(begin))
        shift.over.set()
        done = await asyncio.gather(*visits)
        await network.quiet()
        for doing, aside in done:
            check(service, doing, aside)
            steps += len(doing.did)
        print(f"{group.stop} runs, {steps} steps; {dict(network.met)}")
