"""The way of an update that is as usual: straight to the use case.

Nineteen of twenty requests are updates. The framework's look at what one may be sent with, and what it makes to call
the handler, took an update a sixth of the service's time.
"""

from litestar.types import ASGIApp, Receive, Scope, Send

from learntrack.access.actor import Actor
from learntrack.tracking.schemas import SessionUpdate
from learntrack.tracking.service import Tracking
from learntrack.web.answers import send_json
from learntrack.web.bodies import JsonRequest, is_large
from learntrack.web.limits import WHOLLY_HERE

_KEY = b"idempotency-key"


class StraightUpdate:
    """Middleware of the route of an update, which answers it where there is nothing to look at but its body.

    What is around it knows who asks, and tells its errors as everywhere. Whatever comes with a key, or with a body that
    is not there yet, goes the framework's way, which leads to the same.

    Args:
        app: That way.

    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if WHOLLY_HERE not in scope or any(name == _KEY for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        request = JsonRequest(scope, receive, send)
        change: SessionUpdate = await request.json()
        tracking: Tracking = request.app.state["tracking"]
        actor: Actor = scope["user"]
        answer = await tracking.update(
            scope["path_params"]["session_id"], change, by=actor, large=await is_large(request)
        )
        await send_json(answer.body, send)
