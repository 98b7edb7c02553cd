"""Shapes of what is handed out about a person, and of what is said about forgetting them."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from learntrack.web import examples


class ExportLine(Struct):
    """A document that is stored about a person."""

    collection: Annotated[str, Meta(description="Where it is stored.")]
    document: Annotated[Mapping[str, object], Meta(description="What is stored; docs/data-model.md describes it.")]


EXPORT_LINE_EXAMPLE = {
    "collection": "users",
    "document": {"_id": examples.LEARNER, "username": "ada", "full_name": "Ada"},
}


class Forgotten(Struct):
    """What has been removed."""

    complete: Annotated[bool, Meta(description="False where there was too much for one request: send it again.")]
    removed: Annotated[dict[str, int], Meta(description="How many documents, by collection.")]


FORGOTTEN_EXAMPLE = {
    "complete": True,
    "removed": {
        "content_sessions": 12,
        "content_summaries": 5,
        "mastery_logs": 4,
        "attempt_overflow": 0,
        "idempotency_keys": 2,
        "users": 1,
    },
}
