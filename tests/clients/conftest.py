"""One service for all tests of clients; each uses learners and contents of its own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.clients.typescript import CHROMIUM, FLAGS
from tests.processes import Service

LONG = 20


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("clients") / "data", LEARNTRACK_CORS_ORIGINS="*") as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, timeout=120_000)
        yield browser
        await browser.close()


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> range:
    """The seeds of the random runs."""
    return range(request.config.getoption("--random-runs"))


@pytest.fixture
def long_run(runs: range) -> None:
    """For what takes long: named before other fixtures, so that they are not made in vain."""
    if len(runs) < LONG:
        pytest.skip("takes long; scripts/test-clients runs it")
