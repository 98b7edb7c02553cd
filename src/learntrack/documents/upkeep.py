"""Upkeep: what has been written since the derived was brought up to date, and which process does that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from beanie import Document
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored
from learntrack.domain.ids import new_id

OLDEST = IndexModel([("at", ASCENDING)], name="oldest")
"""Serves: what was touched first, and as of when the derived is therefore."""


class Touched(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """What a transaction has touched, written with it, and removed once all that is derived of it is up to date.

    One for each transaction, so that nobody waits for another's. `logs` are `user:content` of tries, `moved` are users
    whose facility may have changed (`followed`: their logs say so by now, and are only looked at once more), `items`
    are `facility:content` whose rollup is to be computed anew, `forgotten` the same where somebody's answers must not
    be shown any more, not even derived, `days` are `user:YYYY-MM-DD` (UTC) of sessions that began there long ago (see
    `learner_days`). `owner` is one of the users, so that on a sharded cluster it is stored where the transaction's
    other documents are; without any its own id.
    """

    shard_key = "owner"

    at: datetime
    owner: str
    logs: list[str] = Field(default_factory=list)
    moved: list[str] = Field(default_factory=list)
    followed: bool = False
    items: list[str] = Field(default_factory=list)
    forgotten: list[str] = Field(default_factory=list)
    days: list[str] = Field(default_factory=list)

    class Settings:
        """Collection and indexes."""

        name = "touched"
        indexes: ClassVar = [OLDEST]

    @classmethod
    def by_logs(
        cls, tries: Iterable[tuple[str, str]], at: datetime, sessions: Iterable[tuple[str, datetime]] = ()
    ) -> "Touched":
        """What is touched by writing logs: tries, given by user and content, and sessions that began long ago, given by
        user and start; one at least.
        """
        named = {"logs": _pairs(tries), "days": _pairs((user, f"{start:%Y-%m-%d}") for user, start in sessions)}
        named = {name: pairs for name, pairs in named.items() if pairs}
        owner = pair_of(next(iter(named.values()))[0])[0]
        return cls.new(id=new_id(), at=at, owner=owner, **named)

    @classmethod
    def by_moving(cls, users: Iterable[str], at: datetime) -> "Touched":
        """What is touched by users' coming into a facility."""
        moved = sorted(users)
        return cls.new(id=new_id(), at=at, owner=moved[0], moved=moved)

    @classmethod
    def moving(cls) -> dict[str, Any]:
        """The condition on marks of users whose logs may still say that they are where they were."""
        return {"moved": {"$exists": True}, **cls.not_followed()}

    @classmethod
    def not_followed(cls) -> dict[str, Any]:
        """The condition on marks of which something is not derived yet."""
        return {"followed": {"$ne": True}}

    def follow(self) -> None:
        """Remember that the logs of who moved say so."""
        self.change(followed=True)

    @classmethod
    def by_doubt(cls, items: Iterable[tuple[str, str]], at: datetime) -> "Touched":
        """What is to be computed anew, by facility and content."""
        own_id = new_id()
        return cls.new(id=own_id, at=at, owner=own_id, items=_pairs(items))

    @classmethod
    def by_forgetting(cls, items: Iterable[tuple[str, str]], at: datetime) -> "Touched":
        """What is touched by forgetting somebody who was in these facilities and at these contents."""
        own_id = new_id()
        return cls.new(id=own_id, at=at, owner=own_id, forgotten=_pairs(items))

    def without(self, user: str) -> "Touched | None":
        """What is left of it without this user, as another mark, since the owner may be them; None for nothing."""
        kept = {
            "logs": [entry for entry in self.logs if pair_of(entry)[0] != user],
            "moved": [entry for entry in self.moved if entry != user],
            "days": [entry for entry in self.days if pair_of(entry)[0] != user],
            "items": self.items,
            "forgotten": self.forgotten,
        }
        named = {name: entries for name, entries in kept.items() if entries}
        if not named:
            return None
        own_id, owners = new_id(), [pair_of(entry)[0] for entry in (*kept["logs"], *kept["moved"], *kept["days"])]
        return Touched.new(id=own_id, at=self.at, owner=owners[0] if owners else own_id, **named)


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({":".join(pair) for pair in pairs})


def pair_of(entry: str) -> tuple[str, str]:
    """The two ids, or the id and the day, of an entry of a mark."""
    first, _, second = entry.partition(":")
    return first, second


UPKEEP = "upkeep"
"""The id of the lease of the process that keeps what is derived up to date."""


class Lease(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Which process does a job that only one may do. Its id is the job's name.

    `beat` grows while `holder`, the process's own random id, lives; null is nobody. `epoch` grows with whatever makes
    wrong what the holder has read but not written yet.
    """

    holder: str | None = None
    beat: int = 0
    epoch: int = 0

    class Settings:
        """Collection."""

        name = "leases"

    @classmethod
    def begin(cls, job: str) -> "Lease":
        """A job that nobody does yet."""
        return cls.new(id=job, holder=None, beat=0, epoch=0)

    def take(self, holder: str) -> None:
        """Do the job from now on."""
        self.change(holder=holder, beat=self.beat + 1)

    def live(self) -> None:
        """Show that its holder lives."""
        self.change(beat=self.beat + 1)

    def leave(self) -> None:
        """Do the job no more."""
        self.change(holder=None, beat=self.beat + 1)

    def outdate(self) -> None:
        """Let nothing be written of what was read before."""
        self.change(epoch=self.epoch + 1)
