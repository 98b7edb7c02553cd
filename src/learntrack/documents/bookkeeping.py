"""Bookkeeping: requests that were answered, reports that are kept ready, who writes, the version of it all."""

from datetime import datetime, timedelta
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

EXPIRY = IndexModel([("expires_at", ASCENDING)], name="expiry", expireAfterSeconds=0)
"""Removes keys that have served their time."""
FILLING = "filling"
"""The id of the one `Unfinished` there may be."""
OWNER = IndexModel([("owner", ASCENDING)], name="owner")
"""Serves: forgetting a user."""


class IdempotencyKey(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """The first answer to a request with an Idempotency-Key, kept until `expires_at`.

    Its id is a digest of its scope, the kind of request and the key, `request` one of what was asked. `owner` is the
    caller's id, or `visitor:` or `session:` and the id of an anonymous one. `answer` is the answer's JSON, of one above
    1 MiB (64 KiB of a queue's item) without what is large in it.
    """

    shard_key = "owner"

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


class RollupState(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Since when rollups are kept. Its id is their names and versions."""

    as_of: datetime

    class Settings:
        """Collection."""

        name = "rollups"

    @classmethod
    def begin(cls, rollups: str, as_of: datetime) -> "RollupState":
        """Rollups that are kept from now on."""
        return cls.new(id=rollups, as_of=as_of)


class Deployment(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Of which version everything that is stored here is. There is one, its id is `schema`."""

    version: int

    class Settings:
        """Collection."""

        name = "deployment"


class Retained(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Up to which end what is old has faded. Its id is the kind that has: sessions, attempts, answers, interactions.

    The year 1 means that a run has begun and none has ended. One whose id is `import` says that an import is under way,
    or has failed: as long as it is there no run says how far it has come, and the next looks at all that is old.
    """

    through: datetime

    IMPORT: ClassVar = "import"

    class Settings:
        """Collection."""

        name = "retained"

    @classmethod
    def begin(cls, kind: str, through: datetime) -> "Retained":
        """A kind that has just faded."""
        return cls.new(id=kind, through=through)


class Unfinished(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A restore or a move into this database that has not ended. There is one at most, its id is `filling`.

    Until it has, nothing of what is stored here counts, and no service starts on it. `source` says from where.
    """

    source: str

    class Settings:
        """Collection."""

        name = "unfinished"

    @classmethod
    def begin(cls, source: str) -> "Unfinished":
        """A restore or a move that begins."""
        return cls.new(id=FILLING, source=source)


WRITER_RENEWED = timedelta(days=1)
"""How long a session is used."""
LEFT_BEHIND = IndexModel(
    [("started", ASCENDING)], name="left_behind", expireAfterSeconds=int(7 * WRITER_RENEWED.total_seconds())
)
"""Removes the records of processes that were killed in containers whose name nobody bears any more."""


class Writer(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A driver session with which a process writes. Its id is the session's.

    `process` is the process's own random id. By `machine`, `host`, `namespace`, `pid` and `process_start` another
    process of the same host tells whether it still lives: see `storage.this_process`.
    """

    process: str
    machine: str
    host: str
    namespace: int
    pid: int
    process_start: int
    started: datetime

    class Settings:
        """Collection and index."""

        name = "writers"
        indexes: ClassVar = [LEFT_BEHIND]
