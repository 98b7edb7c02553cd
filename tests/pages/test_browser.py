"""A coach at a real browser: signs in, filters, walks by keyboard, and sees a learner's answer appear."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from learntrack.serving import demo
from tests.processes import Service
from tests.support import Person, right, token

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
axe_api = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium (scripts/test installs Debian's where it can)"
)

IMAGES = Path(__file__).parents[2] / "docs" / "images"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("browser") / "data", "--demo") as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def tab(service: Service, browser: Any) -> AsyncIterator[Any]:
    """A page, signed in as Carla by the very address that the service prints."""
    [address] = re.findall(r"http://\S+/reports/sign-in#token=\S+", service.log.read_text())
    context = await browser.new_context(viewport={"width": 1200, "height": 800})
    tab = await context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on(
        "request",
        lambda request: None if request.url.startswith((service.address, "data:")) else errors.append(request.url),
    )
    await tab.goto(address)
    await tab.wait_for_url("**/reports/class/*")
    yield tab
    assert errors == []
    await context.close()


async def accessible(tab: Any) -> None:
    found = await axe_api.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


def coach(service: Service, path: str) -> Any:
    return service.send("GET", path, Person(demo.PEOPLE["Carla"])).json()


async def test_a_coach_finds_the_figures_of_the_api(service: Service, tab: Any) -> None:
    room = tab.url.rsplit("/", 1)[1]
    rows = coach(service, f"/api/reports/progress?classroom={room}")["results"]
    mastered = sum(row["status"] == "mastered" for row in rows)
    assert await tab.locator("td.mastered").count() == mastered
    assert sum(int(text) for text in await tab.locator("tbody tr td:nth-child(2)").all_inner_texts()) == mastered

    await tab.get_by_label("Group").select_option(label="Red group")
    await tab.get_by_role("button", name="Show").click()
    await tab.wait_for_url("**group=*")
    assert await tab.locator("tbody tr").count() == 1
    assert await tab.locator("tbody th").inner_text() == "Ada"


async def test_every_page_is_accessible_in_light_and_dark_on_desktop_and_phone(service: Service, tab: Any) -> None:
    room = tab.url
    pages = [
        room,
        f"{room}/activity",
        f"{room}/quiz/{demo.QUIZ}",
        f"{service.address}/reports/learner/{demo.PEOPLE['Ada']}",
    ]
    for scheme in ("light", "dark"):
        for width in (1200, 390):
            await tab.emulate_media(color_scheme=scheme)
            await tab.set_viewport_size({"width": width, "height": 800})
            for address in pages:
                await tab.goto(address)
                await accessible(tab)
                assert await tab.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (address, width)
    await tab.goto(f"{service.address}/reports/sign-in")
    await accessible(tab)


async def test_a_token_in_the_address_of_a_tab_that_is_open_signs_in(service: Service, tab: Any) -> None:
    room, ada = tab.url, demo.PEOPLE["Ada"]
    tab = await tab.context.new_page()  # of its own: the browser notes each refusal that follows as an error
    await tab.goto(room)
    async with tab.expect_navigation():
        await tab.evaluate("token => { location.hash = `token=${token}` }", token(ada))
    # Ada may not look at a class's page: the tab has become hers.
    await tab.wait_for_function("!document.body.innerText.includes('Carla')")
    assert tab.url == room, "the token is out of the address"
    await tab.goto(f"{service.address}/reports/")
    assert tab.url.endswith(f"/reports/learner/{ada}")
    async with tab.expect_navigation(url="**/reports/sign-in*"):
        await tab.evaluate("location.hash = 'token=nonsense'")
    assert await tab.get_by_role("alert").is_visible()


async def test_the_table_is_walked_by_keyboard_and_told_in_words(tab: Any) -> None:
    await tab.keyboard.press("Tab")
    assert await tab.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        await tab.keyboard.press("Tab")
        if await tab.evaluate("document.activeElement.closest('td') !== null"):
            break
    words = tab.locator("td a:focus .words")
    assert re.search("mastered|finished|started|needs help", await words.inner_text())
    box = await words.bounding_box()
    assert box["width"] > 20  # it can be seen, not only be heard
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/reports/learner/*")
    assert await tab.locator("h1").inner_text() in ("Ada", "Ben", "Cleo", "Dan")


async def test_a_learners_answer_appears_by_itself(service: Service, tab: Any) -> None:
    room = tab.url.rsplit("/", 1)[1]
    await tab.goto(f"{service.address}/reports/class/{room}/quiz/{demo.EXERCISE}")
    ada = Person(demo.PEOPLE["Ada"])
    body = {
        "node_id": "1" * 32,
        "content_id": demo.EXERCISE,
        "channel_id": demo.CHANNEL,
        "kind": "exercise",
        "mastery_model": {"type": "m_of_n", "m": 3, "n": 5},
        "repeat": True,
    }
    async with httpx.AsyncClient(base_url=service.address, headers=ada.headers, verify=False) as learner:
        session = (await learner.post("/api/logger/contentsession", json=body)).json()["session_id"]
        # Until the stream is open an answer would only be seen on the next load, so one after the other is sent.
        for number in range(30):
            change = {"time_spent_delta": 1, "progress": 0.5, "interactions": [right(f"live {number}")]}
            assert (await learner.put(f"/api/logger/contentsession/{session}", json=change)).status_code == 200
            row = tab.get_by_role("rowheader", name=f"live {number}", exact=True)
            with suppress(playwright_api.TimeoutError):
                await row.wait_for(timeout=2000)
            if await row.count():
                return
    raise AssertionError("no answer appeared within two seconds")


async def test_pictures_for_the_documentation(service: Service, tab: Any, tmp_path: Path) -> None:
    folder = IMAGES if not (IMAGES / "class.png").exists() else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    room = tab.url
    for name, address in (("class", room), ("activity", f"{room}/activity"), ("quiz", f"{room}/quiz/{demo.QUIZ}")):
        await tab.goto(address)
        await tab.screenshot(path=folder / f"{name}.png")
        assert (folder / f"{name}.png").stat().st_size > 5000


async def test_signing_out_closes_the_pages(service: Service, tab: Any) -> None:
    await tab.get_by_role("button", name="Sign out").click()
    await tab.wait_for_url("**/reports/sign-in*")
    await tab.goto(f"{service.address}/reports/")
    assert tab.url.endswith("/reports/sign-in")
