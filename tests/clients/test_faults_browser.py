"""The client in TypeScript behind a bad network, in Chromium: what the service has is what the app did."""

import asyncio
import random
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.clients.at_work import Shift, Trouble, frozen, killed, learners_at_work
from tests.clients.done import Doing, check, recorded
from tests.clients.fault_proxy import FaultProxy
from tests.clients.typescript import CHROMIUM, modules
from tests.processes import Service
from tests.support import new_id, token

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium (scripts/test installs Debian's where it can)"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    page = tmp_path_factory.mktemp("page")
    for name in ("page.html", "visiting.js"):
        shutil.copy(Path(__file__).with_name(name), page)
    return {"/client/": modules(tmp_path_factory.mktemp("client") / "dist"), "/page/": page}


@pytest.fixture
async def network(service: Service, files: dict[str, Path]) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(service.port, files=files) as proxy:
        yield proxy


class Tab:
    """A tab with the client in it, of a learner at an exercise."""

    def __init__(self, page: Any, address: str, doing: Doing, off: int = 0) -> None:
        self.page, self.address, self.doing, self.off = page, address, doing, off

    async def open(self) -> "Tab":
        await self.page.goto(f"{self.address}/page/page.html")
        return await self._ready()

    async def reload(self) -> "Tab":
        await self.page.reload()
        return await self._ready()

    async def _ready(self) -> "Tab":
        await self.page.wait_for_function("globalThis.visiting !== undefined")
        learner = self.doing.learner.id
        await self.do("open", {"learner": learner, "token": token(str(learner)), "off": self.off})
        await self.do("start", self.doing.content)
        return self

    async def do(self, what: str, given: Any = None) -> Any:
        return await self.page.evaluate("([what, given]) => visiting(what, given)", [what, given])

    async def step(self, number: int, *, poisoned: bool = False, seconds: float = 0) -> None:
        wrong = new_id() if poisoned else None
        (self.doing.refused.add if poisoned else self.doing.did.append)(number)
        await self.do("step", {"n": number, "id": wrong, "seconds": seconds})

    async def step_and_reload(self, number: int, after: float) -> None:
        """Reload while a step is under way: nobody knows whether it is stored."""
        self.doing.did.append(number)
        self.doing.uncertain.add(number)
        step = asyncio.create_task(self.do("step", {"n": number, "id": None, "seconds": 0}))
        await asyncio.sleep(after)
        await self.reload()
        with suppress(playwright_api.Error):
            await step

    async def sent(self) -> None:
        while await self.do("sync", 1):
            pass


async def test_what_the_service_has_is_what_the_tabs_did(
    service: Service, network: FaultProxy, browser: Any, runs: range
) -> None:
    reloads = 0
    for seed in runs:
        choice, doing = random.Random(seed), Doing()
        context = await browser.new_context()
        off = choice.choice([0, 0, -1200, 1200])
        network.break_down(seed)
        tabs = [
            await Tab(await context.new_page(), network.address, doing, off).open()
            for _ in range(choice.choice([1, 1, 2]))
        ]
        for number in range(choice.randrange(5, 15)):
            tab = choice.choice(tabs)
            if choice.random() < 0.15:
                await tab.step_and_reload(number, choice.choice([0, 0.005, 0.02]))
                reloads += 1
            else:
                await tab.step(number, poisoned=choice.random() < 0.1, seconds=choice.choice([0, 0, 0.01, 0.1]))
        await tabs[0].sent()
        await network.quiet()
        check(service, doing, await tabs[0].do("aside"))
        for tab in tabs:
            await tab.sent()
            state = await tab.do("state")
            assert state["time_spent"] == len(recorded(service, doing))
        await context.close()
    print(f"\n{len(runs)} runs, {reloads} reloads; {dict(network.met)}")


async def test_a_worker_sends_as_a_tab_does(service: Service, network: FaultProxy, browser: Any) -> None:
    doing = Doing()
    network.break_down(1)
    page = await browser.new_page()
    await page.goto(f"{network.address}/page/page.html")
    await page.evaluate(
        """() => {
          const worker = new Worker("/page/visiting.js", { type: "module" });
          const waiting = [];
          worker.onmessage = ({ data: [number, answer] }) => waiting[number](answer);
          globalThis.visiting = (what, given) =>
            new Promise((tell) => worker.postMessage([waiting.push(tell) - 1, what, given]));
        }"""
    )
    tab = await Tab(page, network.address, doing)._ready()
    for number in range(10):
        await tab.step(number, seconds=0.01)
    await tab.sent()
    await network.quiet()
    check(service, doing, [])


async def test_offline_and_back(service: Service, network: FaultProxy, browser: Any) -> None:
    doing = Doing()
    context = await browser.new_context()
    tab = await Tab(await context.new_page(), network.address, doing).open()
    await tab.step(0)
    await tab.sent()
    await context.set_offline(True)
    for number in range(1, 5):
        await tab.step(number)
    assert (await tab.do("state"))["time_spent"] == 5
    assert (await tab.do("status"))["waiting"] == 4
    await context.set_offline(False)
    await tab.sent()
    check(service, doing, [])


async def visit(network: FaultProxy, seed: int, shift: Shift, *, device: Any) -> tuple[Doing, list[int]]:
    """A learner at work in a tab, which is reloaded now and then, of this device (see `at_work.Visit`)."""
    choice, doing, number = random.Random(seed), Doing(), 0
    off = choice.choice([0, 0, -1200, 1200])
    tab = await Tab(await device.new_page(), network.address, doing, off).open()
    shift.begun.release()
    while number < 5 or not shift.over.is_set():
        number += 1
        if choice.random() < 0.1:
            await tab.step_and_reload(number, choice.choice([0, 0.005, 0.02]))
        else:
            await tab.step(number, poisoned=choice.random() < 0.05, seconds=choice.choice([0, 0, 0.05]))
        await asyncio.sleep(choice.uniform(0, 0.8))
    await tab.sent()
    aside = await tab.do("aside")
    await tab.page.close()
    return doing, aside


@pytest.mark.parametrize("trouble", [killed, frozen], ids=lambda trouble: trouble.__name__)
async def test_a_service_that_is_killed_or_whose_engine_stands_still(
    long_run: None, tmp_path: Path, runs: range, files: dict[str, Path], browser: Any, trouble: Trouble
) -> None:
    with Service(tmp_path / "data") as service:
        async with FaultProxy(service.port, files=files) as network:
            device = await browser.new_context()  # all learners share it, and its queue
            await learners_at_work(service, network, runs, partial(visit, device=device), trouble)
