"""Recording permits: whether what a user does may be recorded, or they are being forgotten."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel, UpdateOne

from learntrack.documents.base import Row, Stored, Write

EXPIRY = IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)
"""Removes permits that nobody has used for a while, and what is known of those who were forgotten."""
FORGETTING = IndexModel([("user_id", ASCENDING)], name="forgetting", partialFilterExpression={"user_id": {"$gt": ""}})
"""Serves: taking up again what was interrupted; partial, because hardly anybody is being forgotten."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FOR_NOW = datetime(9999, 1, 1, tzinfo=UTC)
_KEPT = timedelta(minutes=10)
"""How long a permit is kept after its last use: no write takes so long, and the fewer there are the better, because for
every use the embedded engine looks through them all.
"""


class RecordingPermit(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Whether what a user does may be recorded. A start of theirs that makes a summary writes it (`starts` counts
    them), and forgetting them withdraws it, so that a start that runs meanwhile conflicts and cannot bring anything
    back. A start that goes on with a summary conflicts by that.

    Its id is a digest of the user's id. What happened at `withdrawn_until` or before is not recorded; `user_id` is
    there while the user is being forgotten, and with the last of them it goes.
    """

    starts: int = 0
    withdrawn_until: datetime
    user_id: str | None = None
    expires_at: datetime

    class Settings:
        """Collection and indexes."""

        name = "recording_permits"
        indexes: ClassVar = [EXPIRY, FORGETTING]

    @staticmethod
    def id_of(user_id: str) -> str:
        """The id of a user's permit."""
        return hashlib.sha256(f"recording permit:{user_id}".encode()).hexdigest()[:32]

    @staticmethod
    def being_forgotten() -> Row:
        """What matches the permits of those who are being forgotten. Index: forgetting."""
        return {"user_id": {"$gt": ""}}

    @classmethod
    def begin(cls, user_id: str) -> "RecordingPermit":
        """The permit of somebody who has not used it yet."""
        return cls.new(id=cls.id_of(user_id), starts=0, withdrawn_until=_LONG_AGO, user_id=None, expires_at=_FOR_NOW)

    def use_for_entry(self, at: datetime) -> None:
        """Write the user's entry of the roster only if they are not being forgotten; who does so conflicts."""
        self.change(starts=self.starts + 1)
        if self.is_new:
            self.change(expires_at=at + _KEPT)

    def withdraw(self, user_id: str) -> None:
        """Let nothing of this user, whose permit it is, be recorded any more."""
        self.change(withdrawn_until=_FOR_NOW, user_id=user_id, expires_at=_FOR_NOW, starts=self.starts + 1)

    def give_again(self, until: datetime, expires_at: datetime) -> None:
        """Let be recorded what happens after a moment, and know no more whose it is."""
        self.change(withdrawn_until=until, user_id=None, expires_at=expires_at, starts=self.starts + 1)

    def refuses(self, at: datetime) -> bool:
        """Whether what happened at this moment may not be recorded."""
        return at <= self.withdrawn_until


@dataclass(frozen=True, slots=True)
class PermitUse:
    """A start's use of its user's permit, made where there is none; a duplicate key where it has been withdrawn."""

    user_id: str
    at: datetime

    @staticmethod
    def collection() -> str:
        """The name of the collection."""
        return RecordingPermit.collection()

    def write(self, namespace: str | None = None, *, sharded: bool = False) -> Write:
        """The write of it; the arguments are those of `Stored.write`."""
        fresh = RecordingPermit.begin(self.user_id).row()
        made = {name: fresh[name] for name in ("schema_version", "withdrawn_until", "user_id")}
        return UpdateOne(
            {"_id": fresh["_id"], "withdrawn_until": {"$lt": self.at}},
            {"$inc": {"starts": 1}, "$max": {"expires_at": self.at + _KEPT}, "$setOnInsert": made},
            upsert=True,
            namespace=namespace,
        )
