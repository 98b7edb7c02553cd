"""The client in Python behind a bad network: what the service has is what the app did, once each, in order."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from learntrack_client import AsyncClient, AsyncSession, Content, Interaction, MasteryModel
from tests.clients.at_work import Shift, Trouble, frozen, killed, learners_at_work
from tests.clients.conftest import LONG
from tests.clients.done import Doing, check
from tests.clients.fault_proxy import FaultProxy
from tests.processes import Service
from tests.support import Person, new_id, token

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.timeout(3600),
]

APP = Path(__file__).with_name("app.py")
FAST = {"first_wait": 0.02, "longest_wait": 0.2}


@pytest.fixture
async def network(service: Service) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(service.port) as proxy:
        yield proxy


def content_of(doing: Doing) -> Content:
    return Content(**{**doing.content, "mastery_model": MasteryModel(**doing.content["mastery_model"])})


def client(address: str, queue: Path, doing: Doing, clock: float = 0, **more: Any) -> AsyncClient:
    learner = doing.learner.id
    assert learner is not None
    given = {"token": lambda _: token(learner), "clock": lambda: time.time() + clock, **FAST, **more}
    return AsyncClient(address, queue=queue, learner=learner, **given)


async def step(session: AsyncSession, doing: Doing, number: int, *, poisoned: bool = False) -> None:
    done = Interaction("q", 1, 0, answer={"n": number}, replace=True, id=new_id() if poisoned else None)
    await session.update(time_spent_delta=1, interactions=[done])
    (doing.refused.add if poisoned else doing.did.append)(number)


async def steps_aside(app: AsyncClient) -> list[int]:
    return [each.body["interactions"][0]["answer"]["n"] for each in await app.aside()]


async def test_what_the_service_has_is_what_the_app_did(
    service: Service, network: FaultProxy, tmp_path: Path, runs: range
) -> None:
    for seed in runs:
        choice, doing = random.Random(seed), Doing()
        network.break_down(seed)
        off = choice.choice([0, 0, -1200, 1200])
        tabs = choice.choice([1, 1, 2])
        async with AsyncExitStack() as stack:
            apps = [
                await stack.enter_async_context(client(network.address, tmp_path / f"{seed}", doing, off))
                for _ in range(tabs)
            ]
            sessions = [await app.start(content_of(doing)) for app in apps]
            for number in range(choice.randrange(5, 15)):
                await step(choice.choice(sessions), doing, number, poisoned=choice.random() < 0.1)
                await apps[0].sync(choice.choice([0, 0, 0.01, 0.1]))
                if choice.random() < 0.1:
                    sessions[0] = await apps[0].start(content_of(doing))
            while (await apps[0].sync(1)).waiting:
                pass
            await network.quiet()
            check(service, doing, await steps_aside(apps[0]))
            await apps[-1].sync(1)
            assert [session.state.time_spent for session in sessions] == [len(doing.did)] * tabs
    print(f"\n{len(runs)} runs; {dict(network.met)}")


async def test_a_process_that_is_killed_at_any_moment_loses_and_doubles_nothing(
    service: Service, network: FaultProxy, tmp_path: Path, runs: range
) -> None:
    kills = 0
    for seed in runs if len(runs) >= LONG else runs[:1]:
        choice, doing = random.Random(seed), Doing()
        network.break_down(seed)
        log, queue = tmp_path / f"{seed}.log", tmp_path / f"{seed}"
        log.touch()
        while True:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(APP), network.address, str(queue), str(log), str(doing.learner.id)),
                *(doing.content["content_id"], token(str(doing.learner.id))),
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )
            kill_after = choice.uniform(0.2, 1.2) if kills < 3 * (seed + 1) else 60
            try:
                assert await asyncio.wait_for(process.wait(), kill_after) == 0
                break
            except TimeoutError:
                process.send_signal(signal.SIGKILL)
                await process.wait()
                kills += 1
                doing.uncertain |= {int(line.split()[1]) for line in log.read_text().splitlines()[-1:] if "do " in line}
        await network.quiet()
        doing.did = [int(line.split()[1]) for line in log.read_text().splitlines() if line.startswith("do ")]
        check(service, doing, [])
        assert len(doing.did) == 12
    print(f"\n{seed + 1} runs, {kills} kills; {dict(network.met)}")


async def visit(network: FaultProxy, seed: int, shift: Shift, *, folder: Path) -> tuple[Doing, list[int]]:
    """A learner at work with a queue in this folder (see `at_work.Visit`)."""
    choice, doing, number = random.Random(seed), Doing(), 0
    async with client(network.address, folder / f"{seed}", doing, choice.choice([0, 0, -1200, 1200])) as app:
        session = await app.start(content_of(doing))
        shift.begun.release()
        while number < 5 or not shift.over.is_set():
            await step(session, doing, number := number + 1, poisoned=choice.random() < 0.05)
            await app.sync(choice.choice([0, 0, 0.05]))
            await asyncio.sleep(choice.uniform(0, 0.8))
        while (await app.sync(1)).waiting:
            pass
        return doing, await steps_aside(app)


@pytest.mark.parametrize("trouble", [killed, frozen], ids=lambda trouble: trouble.__name__)
async def test_a_service_that_is_killed_or_whose_engine_stands_still(
    long_run: None, tmp_path: Path, runs: range, trouble: Trouble
) -> None:
    with Service(tmp_path / "data") as service:
        async with FaultProxy(service.port) as network:
            await learners_at_work(service, network, runs, partial(visit, folder=tmp_path), trouble)


async def test_a_learner_who_signs_in_on_another_ones_device_sends_nothing_of_theirs(
    service: Service, tmp_path: Path
) -> None:
    first, second = Doing(), Doing()
    signed_in: Person | None = None

    def current(_: str | None) -> str | None:
        return token(str(signed_in.id)) if signed_in else None

    async with (
        client(service.address, tmp_path / "queue", first, token=current) as one,
        client(service.address, tmp_path / "queue", second, token=current) as other,
    ):
        await step(await one.start(content_of(first)), first, 1)
        await step(await other.start(content_of(second)), second, 1)
        signed_in = second.learner
        assert (await other.sync(60)).waiting == 0
        async with asyncio.timeout(60):  # it may still have tried last when nobody had signed in
            while (status := await one.sync(0.05)).trouble != "The token is another learner's.":
                pass
        assert (status.waiting, status.state) == (2, "signed_out")
        signed_in = first.learner
        assert (await one.sync(60)).waiting == 0
        check(service, first, [])
        check(service, second, [])
