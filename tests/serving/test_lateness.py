"""Who sends too slowly is told so, and nobody whom the server itself was too slow to hear."""

import asyncio
from typing import Any

import pytest

from tests.serving.on_a_wire import WHOLE, Served, Wire, all_answered


@pytest.mark.parametrize("begun", [b"", b"GET /0 HTT", WHOLE % 0], ids=["new", "half a head", "idle"])
@pytest.mark.parametrize("comes", [True, False])
async def test_what_came_while_the_process_stood_still_is_read_before_it_is_too_late(
    protocol: Any, app: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch, begun: bytes, comes: bool
) -> None:
    """After 14 s in which it stood still requests sent in time were reset unread."""
    monkeypatch.setattr("learntrack.serving.protocol.LAST_LOOK_SECONDS", 0)
    app.told.set()
    protocol.data_received(begun)
    await all_answered(protocol)
    before = wire.written
    late = protocol.timeout_keep_alive_handler if before else protocol._is_too_slow

    late()  # the loop looks at what is due before it looks at what has come
    if comes:
        protocol.data_received((WHOLE % 0).removeprefix(b"" if before else begun))
    for _ in range(5):
        await asyncio.sleep(0)
    await all_answered(protocol)

    assert (wire.written.removeprefix(before).startswith(b"HTTP/1.1 200 ")) is comes
    assert (wire.closed or protocol._refused) is not comes
