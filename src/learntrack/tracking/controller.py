"""The progress-tracking endpoints."""

from typing import Annotated

from litestar import Controller, post, put
from litestar.di import NamedDependency
from litestar.params import Body, CookieParameter, Parameter
from litestar.status_codes import HTTP_200_OK

from learntrack.access.actor import Actor
from learntrack.operations import examples
from learntrack.operations.examples import example
from learntrack.operations.problems import answers
from learntrack.tracking.schemas import SessionStart, SessionStarted, SessionUpdate, SessionUpdated
from learntrack.tracking.service import Tracking


class ContentSessionController(Controller):
    """Starting and updating content sessions."""

    path = "/api/logger"
    tags = ["Progress"]

    @post(
        ["/contentsession", "/trackprogress"],
        status_code=HTTP_200_OK,
        responses=answers(400, 401, 403, 413, 503, ok=(SessionStarted, "Where the learner left off.", example(examples.STARTED))),
        summary="Start a content session",
    )
    async def start(
        self,
        data: Annotated[SessionStart, Body(description="What is visited.", examples=example(examples.START))],
        actor: NamedDependency[Actor],
        tracking: NamedDependency[Tracking],
        visitor_id: Annotated[
            str | None, CookieParameter(name="visitor_id", description="Kept with an anonymous session if it is a UUID.")
        ] = None,
    ) -> SessionStarted:
        """Begin a visit of a content, and learn where the learner left off."""
        return await tracking.start(data, by=actor, visitor_id=visitor_id)

    @put(
        ["/contentsession/{session_id:str}", "/trackprogress/{session_id:str}"],
        responses=answers(400, 401, 403, 404, 413, 503, ok=(SessionUpdated, "What the update led to.", example(examples.UPDATED))),
        summary="Update a content session",
    )
    async def update(
        self,
        session_id: Annotated[str, Parameter(description="The session that the start returned.")],
        data: Annotated[SessionUpdate, Body(description="What happened since the last update.", examples=example(examples.UPDATE))],
        actor: NamedDependency[Actor],
        tracking: NamedDependency[Tracking],
    ) -> SessionUpdated:
        """Record what the learner did since the last update.

        Adds time and progress, and folds answers into attempts; all of it or nothing.
        """
        return await tracking.update(session_id, data, by=actor)
