"""Shapes of an offline client's queue, in and out."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.domain.ids import parse_id
from learntrack.tracking.schemas import (
    SESSION_START_EXAMPLE,
    SESSION_STARTED_EXAMPLE,
    SESSION_UPDATE_EXAMPLE,
    SESSION_UPDATED_EXAMPLE,
    OccurredAt,
    SessionStart,
    SessionUpdate,
)
from learntrack.web import examples
from learntrack.web.values import Id

LONGEST_KEY = 255


class BatchItem(Struct):
    """A start or an update as it happened while the client was offline: one of the two, not both."""

    key: Annotated[str, Meta(min_length=1, max_length=LONGEST_KEY, description="The item's Idempotency-Key.")]
    occurred_at: Annotated[
        datetime,
        Meta(
            description="When it happened (ISO 8601, UTC) by the device's clock: its timestamps. "
            "Ahead of now it counts as now."
        ),
    ]
    session_id: Annotated[Id, Meta(description="The session. The client makes a UUID for each session that it starts.")]
    start: SessionStart | None = None
    update: SessionUpdate | None = None

    def __post_init__(self) -> None:
        """Write the id in one way."""
        self.session_id = parse_id(self.session_id)


MOST_ITEMS = 2000


class Batch(Struct):
    """A queue: starts and updates."""

    items: Annotated[
        list[BatchItem],
        Meta(min_length=1, max_length=MOST_ITEMS, description="Starts and updates, oldest first."),
    ]
    sent_at: Annotated[
        datetime | None,
        Meta(
            description="The device's clock when this is sent: by its difference to the service's every `occurred_at` "
            "is corrected."
        ),
    ] = None


_QUEUED = "0d9b4c570a4f4b8fa3a0a1c2d3e4f507"
BATCH_EXAMPLE = {
    "items": [
        {
            "key": "7f2c-1",
            "occurred_at": "2026-03-02T09:14:05Z",
            "session_id": _QUEUED,
            "start": SESSION_START_EXAMPLE,
        },
        {
            "key": "7f2c-2",
            "occurred_at": "2026-03-02T09:14:18Z",
            "session_id": _QUEUED,
            "update": SESSION_UPDATE_EXAMPLE,
        },
        {
            "key": "7f2c-3",
            "occurred_at": "2026-03-02T09:15:00Z",
            "session_id": examples.LEARNER,
            "update": {"time_spent_delta": 3},
        },
    ],
    "sent_at": "2026-03-02T12:30:00Z",
}


class BatchResult(Struct):
    """What became of an item."""

    key: Annotated[str | None, Meta(description="The item's key; null where it is none.")]
    status: Annotated[int, Meta(description="As if the item had been a request of its own.")]
    replayed: Annotated[bool, Meta(description="It had been answered before; this is the answer of then.")]
    body: Annotated[
        Any,
        Meta(
            description="The answer, or the problem document of a refusal.",
            extra_json_schema={
                "anyOf": [
                    {"$ref": f"#/components/schemas/{name}"}
                    for name in ("SessionStarted", "SessionUpdated", "ProblemDocument")
                ]
                + [{"type": "null"}]
            },
        ),
    ]
    occurred_at: OccurredAt | UnsetType = UNSET
    left_out: Annotated[list[str], Meta(description="As in `body`, which may be omitted.")] | UnsetType = UNSET
    body_omitted: (
        Annotated[bool, Meta(description="There is too much in this batch's answer: `body` is null.")] | UnsetType
    ) = UNSET


class BatchResults(Struct):
    """A result an item, in the items' order."""

    results: list[BatchResult]


BATCH_RESULTS_EXAMPLE = {
    "results": [
        {
            "key": "7f2c-1",
            "status": 200,
            "replayed": False,
            "body": SESSION_STARTED_EXAMPLE | {"session_id": _QUEUED},
        },
        {"key": "7f2c-2", "status": 200, "replayed": False, "body": SESSION_UPDATED_EXAMPLE},
        {
            "key": "7f2c-3",
            "status": 404,
            "replayed": False,
            "body": {"status": 404, "title": "Not Found", "detail": "There is no such content session."},
        },
    ]
}
