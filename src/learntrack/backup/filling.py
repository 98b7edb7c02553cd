"""Filling an empty database from elsewhere: begun, interrupted, taken up again, checked."""

from collections.abc import AsyncIterator
from typing import Protocol

from learntrack.backup.tally import Tallies, Tally, differing
from learntrack.documents import Deployment, Unfinished
from learntrack.storage import Database, StartError
from learntrack.storage.long_work import OnProgress
from learntrack.storage.whole import Whole


class Source(Protocol):
    """Where documents come from."""

    async def collections(self) -> list[str]:
        """The names of its collections."""

    def documents(self, collection: str) -> AsyncIterator[list[bytes]]:
        """The documents of one of them (BSON), some at a time."""


async def fill(
    db: Database,
    source: Source,
    name: str,
    progress: OnProgress = lambda _: None,
    *,
    replace: bool = False,
    ahead: bool = False,
) -> Tallies:
    """Store all that the source has in a database that has nothing, then read both and compare.

    Interrupted, it is simply run again; until it has ended no service starts on the database.

    Args:
        db: The database.
        source: From where.
        name: What to call it; what was begun from one source does not go on from another.
        progress: Is told how many documents have been written since it was last told.
        replace: Whether what is in the database goes.
        ahead: Do not compare nor end: somebody writes into the source, and this will be run again when nobody does.

    Returns:
        How many documents there are in each collection of the source, and their digest.

    Raises:
        StartError: the database has data already, or is being filled from elsewhere, or is not the same as the source
            in the end, as when somebody goes on writing into that.
        DatabaseUnavailable: its disk is nearly full, or it does not answer.

    """
    target = Whole(db)
    again = await _begin(db, target, name, replace=replace)
    await _copy(source, target, progress, again=again)
    tallies = await tallies_of(source)
    if not ahead:
        _require_same(tallies, await tallies_of(target), name)
        await db.collection(Unfinished).delete_many({})
    return tallies


def _require_same(tallies: Tallies, ours: Tallies, name: str) -> None:
    if wrong := differing(tallies, ours):
        raise StartError(
            f"{name} has changed meanwhile ({', '.join(wrong)}): stop what writes into it, and run this again; it goes "
            "on where it was."
        )


async def _copy(source: Source, target: Whole, progress: OnProgress, *, again: bool) -> None:
    """Write all that the source has; `again` where some of it may be there from a run before."""
    # Of which version it all is comes last.
    for collection in sorted(await source.collections(), key=lambda each: (each == Deployment.collection(), each)):
        ids = set()
        async for part in source.documents(collection):
            ids |= await target.write(collection, part, again=again)
            progress(len(part))
        if again:
            await target.keep_only(collection, ids)


async def tallies_of(source: Source, progress: OnProgress = lambda _: None) -> Tallies:
    """How many documents there are in each collection, and their digest."""
    tallies: Tallies = {}
    for collection in await source.collections():
        tally = tallies[collection] = Tally()
        async for part in source.documents(collection):
            tally.add(part)
            progress(len(part))
    return tallies


async def _begin(db: Database, target: Whole, name: str, *, replace: bool) -> bool:
    """Whether it goes on with what was begun before; else it has begun now."""
    begun = await db.find_one(Unfinished, {})
    if begun is None:
        if not replace and not await target.is_empty():
            raise StartError(
                "There is data in the database already, which stays as it is: take one that is empty. `restore` finds "
                "it in a new folder (LEARNTRACK_DATA_DIR) or under a new name (LEARNTRACK_MONGODB_DATABASE), `move` at "
                "another address (--to); `restore --replace` removes what is there."
            )
        await db.collection(Unfinished).insert_one(Unfinished.begin(name).row())
        await target.empty()
        return False
    if begun["source"] != name:
        raise StartError(f"The database is being filled from {begun['source']}: run that again, or take an empty one.")
    return True
