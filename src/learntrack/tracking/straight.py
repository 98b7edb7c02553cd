"""The way of a start or an update that is as usual: straight to the use case.

Nearly all requests are these. The framework's look at what one may be sent with, and what it makes to call the handler,
cost more than an update's own rules.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from litestar.types import ASGIApp, Receive, Scope, Send

from learntrack.access.actor import Actor
from learntrack.tracking.idempotency import REPLAYED, is_key
from learntrack.tracking.schemas import SessionStart, SessionUpdate
from learntrack.tracking.service import Recorded, Tracking
from learntrack.web.answers import send_json
from learntrack.web.bodies import JsonRequest, is_large

_KEY = b"idempotency-key"
_REPLAYED = [(name.lower().encode(), value.encode()) for name, value in REPLAYED.items()]


class Straight(ABC):
    """Middleware of a route, which answers a request where what it is sent with is as usual.

    What is around it knows who asks, and tells its errors as everywhere. What is no key goes the framework's way, which
    says what is wrong with it. What a handler may declare for within, such as guards and hooks, is not heeded here.

    Args:
        app: That way, to the handler.

    """

    unusual: ClassVar[bytes | None] = None
    """A header that only the framework reads, if there is one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        keys = []
        usual = True
        for name, value in scope["headers"]:
            if name == _KEY:
                keys.append(value.decode("latin-1"))
            elif name == self.unusual:
                usual = False
        if not usual or len(keys) > 1 or not all(map(is_key, keys)):
            await self._app(scope, receive, send)
            return
        request, key = JsonRequest(scope, receive, send), keys[0] if keys else None
        answer = await self.recorded(request, request.app.state["tracking"], scope["user"], key)
        await send_json(answer.body, send, _REPLAYED if answer.replayed else ())

    @staticmethod
    @abstractmethod
    async def recorded(request: JsonRequest, tracking: Tracking, by: Actor, key: str | None) -> Recorded:
        """Do what is asked."""


class StraightStart(Straight):
    """The same of a start; who has no account is told by a cookie."""

    unusual = b"cookie"

    @staticmethod
    async def recorded(request: JsonRequest, tracking: Tracking, by: Actor, key: str | None) -> Recorded:
        """Start a session."""
        start: SessionStart = await request.json()
        return await tracking.start(start, by=by, key=key)


class StraightUpdate(Straight):
    """The same of an update."""

    @staticmethod
    async def recorded(request: JsonRequest, tracking: Tracking, by: Actor, key: str | None) -> Recorded:
        """Update a session."""
        change: SessionUpdate = await request.json()
        session_id: str = request.scope["path_params"]["session_id"]
        return await tracking.update(session_id, change, by=by, key=key, large=await is_large(request))
