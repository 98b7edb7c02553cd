"""A coach at a real browser: every page for everybody, by keyboard and by touch, and on paper."""

import io
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from learntrack.serving import demo
from tests.pages.browsing import (
    BESIDE_THE_PAPER,
    CHROMIUM,
    CLASS,
    FAULTS,
    LOOKS,
    NEXT_STOP,
    PAGES,
    PRINTED,
    UNDER_ITS_OWN_POINT,
    large_class,
    looked_at,
    signed_in,
)
from tests.processes import Service
from tests.support import ROOT, Person, new_id, token

playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
AXE = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed").AXE_SCRIPT
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no Chromium (scripts/test installs Debian's where it can)"
)


@pytest.fixture
async def tab(service: Service, browser: Any) -> AsyncIterator[Any]:
    """A page that loads from here only and has no error, opened by the very address that the service prints."""
    [address] = re.findall(r"http://\S+/reports/sign-in#token=\S+", service.log.read_text())
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(60_000)
    tab = await context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on(
        "request",
        lambda request: None if request.url.startswith((service.address, "data:")) else errors.append(request.url),
    )
    await tab.goto(address)
    await tab.wait_for_url("**/reports/class/*")
    yield tab
    assert errors == []
    await context.close()


@pytest.mark.parametrize("language", ["en-GB", "ar"])
async def test_every_page_is_accessible_in_light_and_dark_on_desktop_and_phone(
    service: Service, browser: Any, language: str
) -> None:
    tab = await signed_in(browser, service, locale=language)
    for path in PAGES:
        await tab.goto(service.address + path)
        assert await tab.evaluate("document.dir") == ("rtl" if language == "ar" else "ltr")
        await tab.evaluate(AXE)
        for width in (1280, 390):
            await tab.set_viewport_size({"width": width, "height": 800})
            assert await tab.evaluate(FAULTS) == [], (path, width)
            for scheme, what, rules in looked_at(language):
                await tab.emulate_media(color_scheme=scheme)
                violations, looked_into = await tab.evaluate(LOOKS, [what, rules])
                assert violations == [], (path, width, scheme)
                assert looked_into, (path, width, scheme)
        await tab.set_viewport_size({"width": 320, "height": 256})  # 400 % of 1280
        assert await tab.evaluate(FAULTS) == [], path
        await tab.emulate_media(forced_colors="active")
        assert await tab.evaluate(FAULTS) == [], path
        await tab.emulate_media(forced_colors="none")
    await tab.context.close()


async def test_a_name_without_a_break_pushes_nothing_off_a_phone(service: Service, browser: Any) -> None:
    room, _, _, roster = large_class()
    roster["users"][0]["full_name"] = "wolfeschlegelsteinhausenbergerdorff.unbroken@school.example.org"
    assert service.send("PUT", "/api/roster", ROOT, json=roster | {"lessons": []}).status_code == 200
    tab = await signed_in(browser, service, superuser=True, viewport={"width": 320, "height": 800})
    await tab.goto(f"{service.address}/reports/class/{room}")
    assert await tab.evaluate(FAULTS) == []
    await tab.context.close()


@pytest.mark.parametrize("language", ["en-GB", "ar"])
async def test_the_pages_own_tab_is_in_sight_on_a_phone(service: Service, browser: Any, language: str) -> None:
    tab = await signed_in(browser, service, locale=language, viewport={"width": 390, "height": 800})
    await tab.goto(f"{service.address}{CLASS}/activity")
    box = await tab.locator(".tabs [aria-current]").bounding_box()
    assert box["x"] >= -1  # a browser scrolls by whole pixels
    assert box["x"] + box["width"] <= 391
    await tab.context.close()


async def test_every_page_is_walked_by_keyboard_and_none_has_a_trap(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service)
    for path in PAGES:
        await tab.goto(service.address + path)
        await tab.evaluate("document.activeElement.blur()")
        stops = []
        while len(stops) < 150:
            await tab.keyboard.press("Tab")
            stop = await tab.evaluate(NEXT_STOP)
            if stop is None:
                break
            assert stop["seen"], (path, stop)
            stops.append(stop)
        assert len(stops) < 150, path
        assert "language" in {stop["id"] for stop in stops}, (path, stops[-1])  # the last control of every page
    await tab.context.close()


async def test_the_grid_is_one_stop_with_arrows_and_says_each_cell_in_words(tab: Any) -> None:
    assert await tab.locator("[data-grid] tbody [tabindex='0']").count() == 1
    await tab.locator("[data-grid] tbody [tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
        await tab.keyboard.press(key)
    focused = tab.locator("[data-grid] td a:focus")
    words = await focused.locator(".hidden").inner_text()
    assert re.search("done|started|needs help|not started", words)
    bar = await tab.locator("#reading").inner_text()
    assert words.split(" · ")[0] in bar
    learner = await focused.evaluate("cell => cell.closest('tr').querySelector('th a').textContent")
    assert learner in bar
    assert await focused.evaluate(UNDER_ITS_OWN_POINT)  # the stuck head and column do not hide it
    await tab.keyboard.press("Enter")
    await tab.wait_for_url("**/learner/*")
    assert await tab.locator("h1").inner_text() == learner


async def test_touch_says_what_a_cell_means_before_it_opens(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service, has_touch=True)
    await tab.goto(service.address + CLASS)
    await tab.locator("[data-grid] tbody td a").nth(3).tap()
    assert tab.url.endswith(CLASS)
    assert await tab.locator("#reading").is_visible()
    await tab.locator("#reading a").tap()
    await tab.wait_for_url("**/learner/*")
    await tab.context.close()


async def test_all_is_there_without_script(service: Service, browser: Any) -> None:
    tab = await signed_in(browser, service, java_script_enabled=False)
    await tab.goto(service.address + CLASS)
    assert await tab.get_by_role("row").count() > 12
    await tab.get_by_label("Find a learner").fill("ada")
    await tab.get_by_role("button", name="Show").click()
    # A click is over before the page is there that it leads to.
    await playwright_api.expect(tab.locator("[data-grid] tbody tr")).to_have_count(1, timeout=60_000)
    await tab.get_by_role("link", name="Ada Okafor").first.click()
    await playwright_api.expect(tab.locator("h1")).to_have_text("Ada Okafor", timeout=60_000)
    await tab.get_by_role("combobox", name="Language").select_option("ar")
    await tab.get_by_role("button", name="Change").click()
    await playwright_api.expect(tab.locator("html")).to_have_attribute("dir", "rtl", timeout=60_000)
    await tab.context.close()


@pytest.fixture(scope="module")
def large_room(service: Service) -> str:
    """A class of 40 learners and 60 contents, one of which somebody has visited."""
    room, users, contents, roster = large_class()
    assert service.send("PUT", "/api/roster", ROOT, json=roster).status_code == 200
    visit = {"node_id": new_id(), "content_id": contents[0], "channel_id": new_id(), "kind": "video"}
    service.send("POST", "/api/logger/contentsession", Person(users[0]), json=visit)
    return room


@pytest.mark.parametrize("language", ["en-GB", "ar"])
async def test_a_large_class_is_printed_whole_and_is_small_on_the_wire(
    service: Service, browser: Any, large_room: str, language: str
) -> None:
    pypdf = pytest.importorskip("pypdf")
    room = large_room
    tab = await signed_in(browser, service, superuser=True, locale=language)
    async with tab.expect_response(f"**/class/{room}") as waiting:
        await tab.goto(f"{service.address}/reports/class/{room}")
    assert (await (await waiting.value).request.sizes())["responseBodySize"] <= 100_000

    printed = pypdf.PdfReader(io.BytesIO(await tab.pdf(prefer_css_page_size=True)))

    texts = [(page, page.extract_text()) for page in printed.pages]
    grid = [page for page, text in texts if "K00" in text]
    text = "".join(text for page, text in texts if page in grid)
    assert sorted(set(re.findall(r"K\d\d", text))) == [f"K{number:02}" for number in range(60)]
    assert sorted(set(re.findall(r"Learner\d\d", text))) == [f"Learner{number:02}" for number in range(40)]
    assert all(page.mediabox.width > page.mediabox.height for page in grid)
    await tab.context.close()


@pytest.mark.parametrize("language", ["en-GB", "ar"])
async def test_nothing_of_a_page_is_lost_on_paper(service: Service, browser: Any, language: str) -> None:
    pypdf = pytest.importorskip("pypdf")
    tab = await signed_in(browser, service, locale=language)
    for path, width in PRINTED.items():
        await tab.goto(service.address + path)
        await tab.emulate_media(media="print")
        await tab.set_viewport_size({"width": width, "height": 800})
        assert await tab.evaluate(BESIDE_THE_PAPER) == [], path
        figures = tab.locator("dl.figures > div")
        assert len({(await each.bounding_box())["y"] for each in await figures.all()}) == 1, path
        printed = pypdf.PdfReader(io.BytesIO(await tab.pdf(prefer_css_page_size=True)))
        assert all((page.mediabox.width > page.mediabox.height) == (width > 800) for page in printed.pages), path
        text = "".join(page.extract_text() for page in printed.pages)
        for name in await tab.locator("tbody th[scope=row]:visible a").all_inner_texts():
            if name.isascii():  # what a PDF says of other scripts is in the order of its glyphs
                assert name.split()[0] in text, (path, name)
        await tab.emulate_media(media="screen")
    await tab.context.close()


async def test_a_token_in_the_address_of_a_tab_that_is_open_signs_in(service: Service, tab: Any) -> None:
    room, ada = tab.url, demo.PEOPLE["Ada"]
    tab = await tab.context.new_page()  # of its own: the browser notes each refusal that follows as an error
    await tab.goto(room)
    await tab.evaluate("token => { location.hash = `token=${token}` }", token(ada))
    # Carla is still signed in, and nobody takes her place without being asked.
    await tab.get_by_text("Somebody else is signed in here").wait_for()
    assert tab.url == room, "the token is out of the address"
    assert await tab.get_by_text("Carla").is_visible()
    await tab.get_by_role("button", name="Sign in with the new address instead").click()
    await tab.wait_for_url(f"**/reports/learner/{ada}")
    async with tab.expect_navigation(url="**/reports/sign-in*"):
        await tab.evaluate("location.hash = 'token=nonsense'")
    assert await tab.get_by_role("alert").is_visible()


async def test_signing_out_closes_the_pages(service: Service, tab: Any) -> None:
    await tab.get_by_role("button", name="Sign out").click()
    await tab.wait_for_url("**/reports/sign-in*")
    await tab.goto(f"{service.address}/reports/")
    assert tab.url.endswith("/reports/sign-in")
