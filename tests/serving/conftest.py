"""A protocol on a wire."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from learntrack.serving.protocol import PatientProtocol
from tests.serving.on_a_wire import Served, Wire


@pytest.fixture
def app() -> Served:
    return Served()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def protocol(app: Served, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setattr("learntrack.serving.orderly._REST_SECONDS", 0)
    made: Any = PatientProtocol(Config(app, http=PatientProtocol, interface="asgi3"), ServerState(), {})
    made.connection_made(wire)
    yield made
    if made.parser is not None:  # as it has been lost already
        made.connection_lost(None)
    app.told.set()
    await asyncio.gather(*made.tasks, return_exceptions=True)
