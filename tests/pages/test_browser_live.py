"""An open page at a real browser: current by itself, and sent little."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from learntrack.serving import demo
from tests.pace import Pace
from tests.pages.browsing import (
    AFTER_THE_CUT,
    CHROMIUM,
    CLASS,
    NOTE_WHEN,
    answered,
    signed_in,
    visited_class,
)
from tests.processes import Service, when
from tests.support import ROOT, Person, new_id, right

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium (scripts/test installs Debian's where it can)"
)
LONG = 60_000
"""Milliseconds: nothing here takes so long on a slow machine."""
NOTE_AN_ARRIVAL = """() => {
  window.arrived = new Promise(done => document.addEventListener('updated', () => done()));
}"""
CELL = f"#r{demo.PEOPLE['Ada']} a[href$='#c{demo.EXERCISE}'] .hidden"


async def test_what_changes_appears_by_itself_also_after_the_network_was_cut(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service)
    await tab.goto(service.address + CLASS)
    live = tab.locator("#live.on")
    await live.wait_for(timeout=LONG)
    cell = tab.locator(CELL)
    before = await cell.text_content()
    await answered(service, 2)
    await playwright_api.expect(cell).not_to_have_text(before, timeout=LONG)

    taken: list[tuple[float, float]] = []
    while not taken or taken[-1][0] >= taken[-1][1]:
        assert len(taken) < 5, taken
        taken.append(await seconds_after_a_cut(tab, service, cell))
        await live.wait_for(timeout=LONG)

    await tab.context.clear_cookies()
    await answered(service, 1)
    notice = tab.locator("#notice")
    await playwright_api.expect(notice).to_contain_text("You are signed out.", timeout=LONG)
    assert await notice.get_by_role("link").get_attribute("href") == "/reports/sign-in"
    await tab.context.close()


async def seconds_after_a_cut(tab: Any, service: Service, cell: Any) -> tuple[float, float]:
    """How long a page takes to show what has changed while the network was cut, and how long it may."""
    before = await now_at(tab, service)
    await playwright_api.expect(cell).to_have_text(before, timeout=LONG)  # so that nothing new is on its way
    await tab.context.set_offline(True)
    await playwright_api.expect(tab.locator("#live:not(.on)")).to_contain_text("Not connected", timeout=LONG)
    await answered(service, 2)
    await tab.evaluate(NOTE_WHEN, f"r{demo.PEOPLE['Ada']}")
    with Pace() as pace:
        await tab.context.set_offline(False)
        await playwright_api.expect(cell).not_to_have_text(before, timeout=LONG)
        took = await tab.evaluate(AFTER_THE_CUT) / 1000
    return took, pace.here(3)


async def now_at(tab: Any, service: Service) -> str:
    """What Ada's cell says on a page that is opened now."""
    other = await tab.context.new_page()
    await other.goto(service.address + CLASS)
    said: str = await other.locator(CELL).text_content()
    await other.close()
    return said


async def test_an_answer_that_was_on_its_way_when_the_network_went_does_not_make_a_page_live(
    service: Service, browser: Any
) -> None:
    tab = await signed_in(browser, service)
    await tab.goto(service.address + CLASS)
    await tab.locator("#live.on").wait_for(timeout=LONG)
    on_its_way, cut = asyncio.Event(), asyncio.Event()

    async def arrive_late(route: Any) -> None:
        answer = await route.fetch()
        on_its_way.set()
        await cut.wait()
        with suppress(playwright_api.Error):  # the page does not wait for it any more
            await route.fulfill(response=answer)

    await tab.route(f"**{CLASS}", arrive_late)
    await tab.route("**/events", lambda route: route.abort())
    await tab.evaluate(NOTE_AN_ARRIVAL)
    await answered(service, 1)
    await on_its_way.wait()
    await tab.evaluate("dispatchEvent(new Event('offline'))")
    cut.set()
    await tab.evaluate("window.arrived")
    await tab.unroute_all(behavior="ignoreErrors")

    assert "Not connected" in await tab.locator("#live:not(.on)").inner_text()
    await tab.context.close()


async def test_a_network_that_is_silent_is_not_live(service: Service, browser: Any) -> None:
    """It says no error: nothing comes any more, and who asks has no answer."""
    tab = await signed_in(browser, service)
    await tab.clock.install()
    await tab.goto(service.address + CLASS)
    await tab.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    await tab.locator("#live.on").wait_for(timeout=LONG)

    async def stay_silent(_: Any) -> None:
        pass

    await tab.route("**/events", stay_silent)
    await tab.clock.run_for(16_000)

    await playwright_api.expect(tab.locator("#live:not(.on)")).to_contain_text("Not connected", timeout=LONG)
    await tab.context.close()


async def hanging(tab: Any, service: Service) -> asyncio.Event:
    """Let a page whose clock stands still ask, and never have an answer; it is told when the page asks again."""
    await tab.clock.install()
    await tab.goto(service.address + CLASS)
    await tab.locator("#live.on").wait_for(timeout=LONG)
    await tab.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    hangs, again = asyncio.Event(), asyncio.Event()

    async def hang_once(route: Any) -> None:
        if hangs.is_set():
            again.set()
            await route.continue_()
        hangs.set()

    await tab.route(f"**{CLASS}", hang_once)
    while not hangs.is_set():
        await answered(service, 1)
        await tab.clock.run_for(1000)
    return again


async def test_a_question_that_hangs_is_given_up_and_asked_again_soon(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service)
    again = await hanging(tab, service)
    await answered(service, 1)  # so that the page has a reason to ask once more

    for _ in range(18):
        await tab.clock.run_for(1000)
        if again.is_set():
            break

    await asyncio.wait_for(again.wait(), 20)
    await tab.locator("#live.on").wait_for(timeout=LONG)
    await tab.context.close()


async def test_a_question_that_was_asked_without_a_network_keeps_nothing_waiting(
    service: Service, browser: Any
) -> None:
    tab = await signed_in(browser, service)
    again = await hanging(tab, service)

    await tab.evaluate("dispatchEvent(new Event('online'))")

    await asyncio.wait_for(again.wait(), 20)
    await tab.locator("#live.on").wait_for(timeout=LONG)
    await tab.context.close()


async def test_a_failed_fetch_is_tried_again(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service)
    failed = 0

    async def fail_once(route: Any) -> None:
        nonlocal failed
        if "learntrack-have" in route.request.headers and failed < 2:
            failed += 1
            await (route.abort() if failed == 1 else route.fulfill(status=503, body=""))
        else:
            await route.continue_()

    await tab.route(f"**{CLASS}", fail_once)
    await tab.goto(service.address + CLASS)
    await tab.locator("#live.on").wait_for(timeout=LONG)
    assert failed == 2
    await tab.context.close()


async def test_a_quiz_that_nobody_had_begun_fills_by_itself(service: Service, browser: Any) -> None:
    quiz = {"id": new_id(), "title": "New", "collection_ids": [demo.CLASS]}
    assert service.send("PUT", "/api/roster", ROOT, json={"quizzes": [quiz]}).status_code == 200
    tab = await signed_in(browser, service)
    await tab.goto(f"{service.address}{CLASS}/quiz/{quiz['id']}")
    await tab.locator("[data-fills]").wait_for(timeout=LONG)

    ada = Person(demo.PEOPLE["Ada"])
    begun = service.send("POST", "/api/logger/contentsession", ada, json={"quiz_id": quiz["id"]}).json()
    sent = {"interactions": [right("a")]}
    service.send("PUT", f"/api/logger/contentsession/{begun['session_id']}", ada, json=sent)

    await tab.locator("#answers").wait_for(timeout=LONG)
    await tab.context.close()


async def test_an_update_of_a_large_class_is_small_on_the_wire(service: Service, browser: Any) -> None:
    room, learner, address = await visited_class(service)
    tab = await signed_in(browser, service, superuser=True)
    sizes: list[int] = []

    async def note(response: Any) -> None:
        if "learntrack-have" in response.request.headers and response.status == 200:
            sizes.append((await response.request.sizes())["responseBodySize"])

    tab.on("response", note)
    await tab.goto(f"{service.address}/reports/class/{room}")
    await tab.locator("#live.on").wait_for(timeout=LONG)
    row = tab.locator(f"#r{learner.id}")
    before = await row.text_content()
    change: dict[str, Any] = {"progress_delta": 0.5, "time_spent_delta": 60, "interactions": [right("more")]}
    assert service.send("PUT", address, learner, json=change).status_code == 200
    await playwright_api.expect(row).not_to_have_text(before, timeout=LONG)
    await when(lambda: sizes)
    await tab.context.close()
    assert max(sizes) <= 10_000, sizes
