"""Tells open pages that something has changed."""

from collections.abc import AsyncIterator

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent

from learntrack.pages.listeners import Listeners
from learntrack.pages.live import Live
from learntrack.pages.rendering import AnyRequest
from learntrack.pages.viewer import Viewer, classroom_for, learners_in, may_still_look
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.web.afterwards import afterwards
from learntrack.web.limits import ENDLESS

_BEAT_SECONDS = 5.0
"""How long after its viewer's token or role has ended an open page hears no more, at the most."""


class EventController(Controller):
    """Streams that an open page listens to."""

    path = "/reports"

    @get("/class/{classroom_id:str}/events", opt={ENDLESS: True})
    async def events(
        self,
        classroom_id: FromPath[str],
        request: AnyRequest,
        viewer: NamedDependency[Viewer],
        db: NamedDependency[Database],
        live: NamedDependency[Live],
        listeners: NamedDependency[Listeners],
    ) -> ServerSentEvent:
        """Tells a page when something of the class has changed, for as long as the viewer may look at it.

        Raises:
            TooManyRequestsException: too many pages listen already.

        """
        room = await classroom_for(db, viewer, classroom_id)
        learners = await _learners(db, viewer, room)

        afterwards(request.scope).enter_context(listeners.another(viewer.user_id))

        async def told() -> AsyncIterator[dict[str, str]]:
            yield {"event": "beat", "data": ""}
            async for changed in live.changes(learners, beat=_BEAT_SECONDS):
                if not await may_still_look(request, db, classroom_id):
                    return
                if await _learners(db, viewer, room) != learners:
                    return  # the page asks again, and hears of whoever has come
                yield {"event": "changed" if changed else "beat", "data": ""}

        return ServerSentEvent(told())


async def _learners(db: Database, viewer: Viewer, room: Row) -> frozenset[str]:
    return frozenset(row["_id"] for row in await learners_in(db, viewer, [room["_id"]]))
