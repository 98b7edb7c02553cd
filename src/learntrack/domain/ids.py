"""Ids: UUIDs, written as 32 lowercase hex digits everywhere inside the service."""

import re
from uuid import UUID, uuid4, uuid5

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}")
_NAMESPACE = UUID("6c656172-6e74-5261-836b-000000000001")  # fixed for ever: derived ids depend on it


def parse_id(text: str) -> str:
    """The id that `text` writes, with or without dashes.

    Raises:
        ValueError: `text` is not a UUID.

    """
    if not _UUID.fullmatch(text):
        raise ValueError("Must be a valid UUID.")
    return text.replace("-", "").lower()


def is_id(text: str | None) -> bool:
    """Whether `text` is a UUID, with or without dashes."""
    return text is not None and _UUID.fullmatch(text) is not None


def new_id() -> str:
    """A random id."""
    return uuid4().hex


def summary_id(user_id: str, content_id: str) -> str:
    """The id of the one summary log of this user and content."""
    return uuid5(_NAMESPACE, f"summary:{user_id}:{content_id}").hex


def try_id(summary: str, mastery_level: int) -> str:
    """The id of the one mastery log of this summary log and mastery level."""
    return uuid5(_NAMESPACE, f"try:{summary}:{mastery_level}").hex


def ended_assignment_id(assigned_id: str, collection_id: str) -> str:
    """The id of what is remembered of this ended assignment to this collection."""
    return uuid5(_NAMESPACE, f"ended assignment:{assigned_id}:{collection_id}").hex
