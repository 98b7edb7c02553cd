"""Idempotency keys: which requests were already answered, and how."""

from datetime import datetime
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

EXPIRY = IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)
"""Removes keys that have served their time."""
OWNER = IndexModel([("owner", ASCENDING)], name="owner")
"""Serves: forgetting a user."""


class IdempotencyKey(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """The first answer to a request with an Idempotency-Key, kept until `expires_at`.

    Its id is a digest of its scope and the key, `request` one of what was asked. `owner` is the scope: the caller's
    id, or the anonymous session's or visitor's. `answer` is the answer's JSON.
    """

    owner: str
    request: str
    answer: bytes
    expires_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "idempotency_keys"
        indexes: ClassVar = [EXPIRY, OWNER]

    @classmethod
    def begin(cls, key_id: str, *, owner: str, request: str, answer: bytes, expires_at: datetime) -> "IdempotencyKey":
        """The key of a request that has just been answered."""
        return cls.new(id=key_id, owner=owner, request=request, answer=answer, expires_at=expires_at)
