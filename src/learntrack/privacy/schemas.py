"""Shapes of what is said about forgetting."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct


class ExportLine(Struct):
    """A document that is stored about a person."""

    collection: Annotated[str, Meta(description="Where it is stored.")]
    document: Annotated[Mapping[str, object], Meta(description="What is stored; docs/data-model.md describes it.")]


class Forgotten(Struct):
    """What has been removed."""

    complete: Annotated[bool, Meta(description="False where there was too much for one request: send it again.")]
    removed: Annotated[dict[str, int], Meta(description="How many documents, by collection.")]
