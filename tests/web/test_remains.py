"""What large requests leave behind is collected by its bytes."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from learntrack.web import remains as remains_of
from learntrack.web.remains import Remains

MIB = 1024 * 1024


class Holding:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """The collector does nothing by itself."""
    gc.disable()
    yield
    gc.enable()


async def test_much_that_holds_itself_is_collected_though_it_is_few_objects() -> None:
    """Refused requests were kept until 20,000 objects had come together."""
    remains, left = Remains(), weakref.ref(Holding())

    for _ in range(3):
        remains.add(16 * MIB)
    await asyncio.sleep(0)
    assert left() is not None
    remains.add(16 * MIB)
    await asyncio.sleep(0)

    assert left() is None


async def test_what_is_less_is_collected_a_while_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remains_of, "_SOON_SECONDS", 0.01)
    remains, left = Remains(), weakref.ref(Holding())

    remains.add(16 * MIB)

    async with asyncio.timeout(20):
        while left() is not None:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)
