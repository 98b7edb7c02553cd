"""What a database engine can do: asked once, when the service connects; nothing asks an engine for its name later."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from learntrack.errors import StartError

_MONGODB_8 = 25
"""maxWireVersion of MongoDB 8.0, which can do two things that are asked for here.

It joins sharded collections (`$lookup`) within a transaction, and writes to several collections in one command.
"""
_STANDALONE = (
    "The MongoDB at this address is a standalone server, which has no transactions. "
    "Start it with --replSet rs0 and run rs.initiate() once: a replica set of one member is enough."
)
_OLD_CLUSTER = "A sharded cluster must be MongoDB 8.0 or newer: before, a transaction cannot join sharded collections."


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do.

    Args:
        transactions: Whether it has transactions; without them (mongomock) writes are made one by one.
        sharded: Whether it is a sharded cluster, whose writes name the owner beside the id.
        joins: Whether what belongs to many documents is best joined to them in one command (`$lookup`): where the
            engine may be far, and is not sharded. The embedded engine takes four times as long for that as for finding
            by keys, and a cluster would ask every shard.
        writes_together: Whether it writes to several collections in one command (MongoDB 8.0 and later).
        walks_indexes: Whether lists are best walked along an index, also within `$unionWith`; the embedded engine,
            which uses none there and sorts whole documents, groups the few fields that matter instead. Nor is it asked
            to unwind many that it has looked up: it copies all of them for each, where MongoDB makes one stage of both.
        snapshot_sessions: Whether a session can be asked for one moment's state; the embedded engine, which takes the
            wish for granted and does not fulfil it, shows one moment in a transaction only.
        remembers_commits: Whether it knows after a restart which transactions were committed; the embedded engine then
            says of each that there is none.

    """

    transactions: bool = True
    sharded: bool = False
    joins: bool = True
    writes_together: bool = False
    walks_indexes: bool = True
    snapshot_sessions: bool = True
    remembers_commits: bool = True

    @property
    def leaves_counting(self) -> bool:
        """Whether what an aggregation would count is better counted here, from documents as they are stored: the
        embedded engine hands them out in a tenth of the time in which it looks into them.
        """
        return self.transactions and not self.walks_indexes

    def of_owners(self, owners: Iterable[str | None], field: str = "user_id") -> dict[str, object]:
        """Whose documents are meant, to be asked beside their ids where shards are asked by it; nothing elsewhere: of
        two conditions the embedded engine uses the index of neither, and would walk all documents.
        """
        if not self.sharded:
            return {}
        whose = list(dict.fromkeys(owners))
        return {field: whose[0] if len(whose) == 1 else {"$in": whose}}


async def capabilities_of(client: Any) -> Capabilities:
    """Ask the engine.

    Raises:
        StartError: it has no transactions, or none that the service could use.

    """
    hello = await client.admin.command("hello")
    is_mongodb_8 = hello["maxWireVersion"] >= _MONGODB_8
    sharded = hello.get("msg") == "isdbgrid"
    if not sharded and "setName" not in hello:
        raise StartError(_STANDALONE)
    if sharded and not is_mongodb_8:
        raise StartError(_OLD_CLUSTER)
    build = await client.admin.command("buildInfo")
    is_embedded = "secantusVersion" in build
    return Capabilities(
        sharded=sharded,
        joins=not (is_embedded or sharded),
        writes_together=is_mongodb_8,
        walks_indexes=not is_embedded,
        snapshot_sessions=not is_embedded,
        remembers_commits=not is_embedded,
    )
