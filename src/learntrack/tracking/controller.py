"""The progress-tracking endpoints."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, post, put
from litestar.di import NamedDependency
from litestar.params import Body, CookieParameter, HeaderParameter, Parameter
from litestar.status_codes import HTTP_200_OK

from learntrack.access.actor import ActorRequest
from learntrack.tracking.batch import BatchRecorder
from learntrack.tracking.batch_request import BatchRequest
from learntrack.tracking.batch_schemas import BATCH_EXAMPLE, BATCH_RESULTS_EXAMPLE, Batch, BatchResults
from learntrack.tracking.idempotency import REPLAYED
from learntrack.tracking.schemas import (
    SESSION_START_EXAMPLE,
    SESSION_STARTED_EXAMPLE,
    SESSION_UPDATE_EXAMPLE,
    SESSION_UPDATED_EXAMPLE,
    JsonObject,
    SessionStart,
    SessionStarted,
    SessionUpdate,
    SessionUpdated,
)
from learntrack.tracking.service import Recorded, Tracking
from learntrack.tracking.straight import StraightStart, StraightUpdate
from learntrack.web.answers import json_response
from learntrack.web.bodies import DescribedAs, is_large
from learntrack.web.examples import example
from learntrack.web.kolibri_errors import kolibri_alias
from learntrack.web.parameters import TEXT
from learntrack.web.problems import answers

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        schema_extra={"one_of": None, "min_length": 1, "max_length": 255, "pattern": r"^[!-~]*$"} | TEXT,
        description=(
            "1–255 visible ASCII characters that name this request: sent again with the same key, it is "
            "answered as the first time (`Idempotent-Replayed: true`) and changes nothing. An anonymous start is "
            "remembered only with a visitor_id."
        ),
    ),
]


class ContentSessionController(Controller):
    """Starting and updating content sessions."""

    path = "/api/logger"
    tags = ["Progress"]

    @post(
        "/contentsession",
        middleware=[StraightStart],
        operation_id="start_session",
        status_code=HTTP_200_OK,
        responses=answers(
            400,
            401,
            403,
            409,
            413,
            422,
            503,
            ok=(SessionStarted, "Where the learner left off.", example(SESSION_STARTED_EXAMPLE)),
        ),
        summary="Start a content session",
    )
    async def start(
        self,
        data: Annotated[SessionStart, Body(description="What is visited.", examples=example(SESSION_START_EXAMPLE))],
        request: ActorRequest,
        tracking: NamedDependency[Tracking],
        visitor_id: Annotated[
            str | None,
            CookieParameter(name="visitor_id", description="Kept with an anonymous session if it is a UUID."),
        ] = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Begin a visit of a content, and learn where the learner left off."""
        return _response(await tracking.start(data, by=request.user, visitor_id=visitor_id, key=idempotency_key))

    kolibri_start = kolibri_alias(start, "/trackprogress")

    @put(
        "/contentsession/{session_id:str}",
        middleware=[StraightUpdate],
        operation_id="update_session",
        responses=answers(
            400,
            401,
            403,
            404,
            409,
            413,
            422,
            503,
            ok=(SessionUpdated, "What the update led to.", example(SESSION_UPDATED_EXAMPLE)),
        ),
        summary="Update a content session",
    )
    async def update(
        self,
        session_id: Annotated[str, Parameter(description="The session that the start returned.")],
        data: Annotated[
            SessionUpdate,
            Body(description="What happened since the last update.", examples=example(SESSION_UPDATE_EXAMPLE)),
        ],
        request: ActorRequest,
        tracking: NamedDependency[Tracking],
        idempotency_key: IdempotencyKey = None,
    ) -> Response[Any]:
        """Record what the learner did since the last update.

        Adds time and progress, and folds answers into attempts; all of it or nothing.
        """
        return _response(
            await tracking.update(session_id, data, by=request.user, key=idempotency_key, large=await is_large(request))
        )

    kolibri_update = kolibri_alias(update, "/trackprogress/{session_id:str}")


class BatchController(Controller):
    """An offline client's queue."""

    request_class = BatchRequest

    path = "/api/logger"
    tags = ["Progress"]

    @post(
        "/contentsession/batch",
        operation_id="record_batch",
        status_code=HTTP_200_OK,
        responses=answers(
            400, 401, 413, 503, ok=(BatchResults, "A result an item, in order.", example(BATCH_RESULTS_EXAMPLE))
        ),
        summary="Record what was done offline",
    )
    async def record(
        self,
        data: Annotated[
            JsonObject, Body(description="The queue.", examples=example(BATCH_EXAMPLE)), DescribedAs(Batch)
        ],
        request: ActorRequest,
        batch: NamedDependency[BatchRecorder],
    ) -> Response[Any]:
        """Start and update sessions as they happened while the client was offline.

        A bad item stops neither the others nor the later ones of its session. Sending the whole batch again is safe.
        """
        results = await batch.record(data, by=request.user)
        # Encoded here: the answers in it are encoded already, and their keys are shown as they were sent only once.
        return json_response(msgspec.json.encode(results))


def _response(answer: Recorded) -> Response[Any]:
    return json_response(answer.body, REPLAYED if answer.replayed else None)
