"""Shapes of what is said about forgetting."""

from typing import Annotated

from msgspec import Meta, Struct


class Forgotten(Struct):
    """What has been removed."""

    complete: Annotated[bool, Meta(description="False where there was too much for one request: send it again.")]
    removed: Annotated[dict[str, int], Meta(description="How many documents, by collection.")]
