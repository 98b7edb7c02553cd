"""The way of an update that is as usual: straight to the use case.

Nearly all requests are updates. The framework's look at what one may be sent with, and what it makes to call the
handler, cost more than an update's own rules.
"""

from litestar.types import ASGIApp, Receive, Scope, Send

from learntrack.access.actor import Actor
from learntrack.tracking.idempotency import REPLAYED, is_key
from learntrack.tracking.schemas import SessionUpdate
from learntrack.tracking.service import Tracking
from learntrack.web.answers import send_json
from learntrack.web.bodies import JsonRequest, is_large

_KEY = b"idempotency-key"
_REPLAYED = [(name.lower().encode(), value.encode()) for name, value in REPLAYED.items()]


class StraightUpdate:
    """Middleware of the route of an update, which answers it where what it is sent with is as usual.

    What is around it knows who asks, and tells its errors as everywhere. What is no key goes the framework's way, which
    says what is wrong with it. What a handler may declare for within, such as guards and hooks, is not heeded here.

    Args:
        app: That way, to the handler.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        keys = [value.decode("latin-1") for name, value in scope["headers"] if name == _KEY]
        if len(keys) > 1 or not all(map(is_key, keys)):
            await self._app(scope, receive, send)
            return
        request = JsonRequest(scope, receive, send)
        change: SessionUpdate = await request.json()
        key = keys[0] if keys else None
        tracking: Tracking = request.app.state["tracking"]
        actor: Actor = scope["user"]
        session_id: str = scope["path_params"]["session_id"]
        answer = await tracking.update(session_id, change, by=actor, key=key, large=await is_large(request))
        await send_json(answer.body, send, _REPLAYED if answer.replayed else ())
