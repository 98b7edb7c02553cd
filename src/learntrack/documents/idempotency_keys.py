"""Idempotency keys: which requests were already answered, and how."""

from datetime import datetime
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

EXPIRY = IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)
"""Removes keys that have served their time."""


class IdempotencyKey(Stored):
    """The first answer to a request with an Idempotency-Key, kept until `expires_at`.

    Its id is a digest of the caller and the key, `request` one of method, path and body.
    """

    request: str
    answer: dict[str, Any]
    expires_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "idempotency_keys"
        indexes: ClassVar = [EXPIRY]
