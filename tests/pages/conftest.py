"""A class whose pages are looked at, and a browser to look at the demo's."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.pages.browsing import CHROMIUM, FLAGS
from tests.pages.opening import Class
from tests.processes import Service
from tests.support import School


@pytest.fixture
async def room(school: School) -> Class:
    return await Class(school).open()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("browser") / "data", "--demo") as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    playwright_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with playwright_api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=120_000)
        yield browser
        await browser.close()
