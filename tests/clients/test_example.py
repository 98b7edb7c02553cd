"""The sample app in a browser: a video and an exercise, offline and back."""

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.typescript import CHROMIUM, NODE_MODULES, SOURCE, built
from tests.processes import Service
from tests.support import AT_ONCE, Person, new_id, token

pytest.importorskip("playwright.async_api", reason="playwright is not installed")
axe_api = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium (scripts/test installs Debian's where it can)"
)


class Files(http.server.SimpleHTTPRequestHandler):
    """A folder, without a line for every request."""

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's folder."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(built() / "dist", folder / "dist")
    shutil.copytree(SOURCE / "example", folder / "example")
    shutil.copytree(NODE_MODULES / "idb", folder / "node_modules" / "idb")
    return folder


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Where a developer would serve it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(AT_ONCE,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture
async def context(browser: Any) -> AsyncIterator[Any]:
    context = await browser.new_context()
    context.set_default_timeout(60_000)
    yield context
    await context.close()


async def open_lesson(context: Any, site: str, service: Service, learner: Person) -> Any:
    tab = await context.new_page()
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.problems = problems
    await tab.goto(f"{site}/example/index.html?service={service.address}#token={token(str(learner.id))}")
    await tab.wait_for_selector("body[data-ready]")
    return tab


async def says(tab: Any, id_: str, text: str) -> None:
    await tab.wait_for_function(
        "([id, text]) => document.getElementById(id).textContent.includes(text)", arg=[id_, text]
    )


async def answer(tab: Any, *, right: bool) -> None:
    question = await tab.locator("#question").inner_text()
    one, other = (int(part) for part in question.removesuffix("=").split("+"))
    await tab.get_by_role("textbox").fill(str(one + other if right else 0))
    await tab.get_by_role("button", name="Answer").click()
    await tab.wait_for_function("before => document.getElementById('question').textContent !== before", arg=question)


async def test_a_lesson_that_is_done_offline_is_recorded_when_the_network_is_back(
    context: Any, site: str, service: Service
) -> None:
    learner = Person(new_id())
    tab = await open_lesson(context, site, service, learner)
    await answer(tab, right=False)
    await says(tab, "status", "All is recorded.")

    await context.set_offline(True)
    await tab.evaluate("document.querySelector('video').playbackRate = 8; document.querySelector('video').play()")
    await says(tab, "video-said", "Watched.")
    await answer(tab, right=True)
    await says(tab, "exercise-said", "1 of the last 3 right.")
    await answer(tab, right=True)
    await says(tab, "exercise-said", "Mastered!")
    await says(tab, "status", "Kept on this device")
    found = await axe_api.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()
    await context.set_offline(False)
    await says(tab, "status", "All is recorded. 0 waiting.")

    total = service.send("GET", f"/api/logger/totalcontentprogress/{learner.id}", learner).json()
    [tried] = service.send("GET", "/api/logger/masterylog", learner).json()
    attempts = service.send("GET", "/api/logger/attemptlog", learner).json()
    assert total["progress"] == 2
    assert (tried["complete"], tried["correct"]) == (True, 2)
    assert [attempt["item"] for attempt in attempts] == ["sum 0", "sum 1", "sum 2"]
    assert tab.problems == []

    again = await open_lesson(context, site, service, learner)
    await says(again, "video-said", "Watched.")
    await says(again, "exercise-said", "Mastered!")


async def test_what_the_service_refuses_is_shown_and_can_be_tried_again(
    context: Any, site: str, service: Service
) -> None:
    learner = Person(new_id())
    tab = await open_lesson(context, site, service, learner)
    refused = {"status": 400, "title": "Bad Request", "detail": "No such thing."}

    async def refuse(route: Any) -> None:
        items = route.request.post_data_json["items"]
        results = [{"key": item["key"], "status": 400, "replayed": False, "body": refused} for item in items]
        await route.fulfill(json={"results": results}, headers={"access-control-allow-origin": "*"})

    await tab.route("**/contentsession/batch", refuse)
    await answer(tab, right=True)
    await tab.get_by_text("update: No such thing.").wait_for()
    await tab.unroute("**/contentsession/batch")
    await tab.get_by_role("button", name="Try again").click()
    await tab.wait_for_function("document.getElementById('aside').children.length === 0")
    await says(tab, "status", "All is recorded.")

    attempts = service.send("GET", "/api/logger/attemptlog", learner).json()
    assert [attempt["item"] for attempt in attempts] == ["sum 0"]


async def test_a_page_that_was_open_once_opens_without_a_network_and_goes_on(
    context: Any, folder: Path, service: Service
) -> None:
    learner = Person(new_id())
    with served(folder) as site:
        tab = await open_lesson(context, site, service, learner)
        await tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await answer(tab, right=False)
        await says(tab, "status", "All is recorded.")
    # Nobody serves the page any more, and nobody answers it.
    await context.set_offline(True)
    await tab.reload()
    await tab.wait_for_selector("body[data-ready]")
    await answer(tab, right=True)
    await tab.reload()
    await tab.wait_for_selector("body[data-ready]")
    await says(tab, "exercise-said", "1 of the last 3 right.")
    await says(tab, "status", "Kept on this device")
    await context.set_offline(False)
    await says(tab, "status", "All is recorded. 0 waiting.")

    attempts = service.send("GET", "/api/logger/attemptlog", learner).json()
    assert [(attempt["item"], attempt["correct"]) for attempt in attempts] == [("sum 0", 0), ("sum 1", 1)]
    assert tab.problems == []


@pytest.mark.parametrize("address", ["", "?service=http://127.0.0.1:9", "?service=http://127.0.0.1:9#token=none"])
async def test_without_a_service_or_a_token_the_page_says_how_it_is_opened(
    context: Any, site: str, address: str
) -> None:
    tab = await context.new_page()
    await tab.goto(f"{site}/example/index.html{address}")

    await says(tab, "status", "Open this page as index.html?service=ADDRESS#token=TOKEN")
