"""What large requests leave behind is collected by its bytes."""

import asyncio
import gc
import weakref

from learntrack.web.remains import Remains

MIB = 1024 * 1024


class Holding:
    """Something that holds itself."""

    def __init__(self) -> None:
        self.itself = self


async def test_much_that_holds_itself_is_collected_though_it_is_few_objects() -> None:
    """Refused requests were kept until 20,000 objects had come together."""
    remains = Remains()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        left = [weakref.ref(Holding()) for _ in range(4)]
        for _ in range(3):
            remains.add(16 * MIB)
        await asyncio.sleep(0)
        assert all(each() is not None for each in left)
        remains.add(16 * MIB)
        await asyncio.sleep(0)
    finally:
        if was_enabled:
            gc.enable()

    assert all(each() is None for each in left)
