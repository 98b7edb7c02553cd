"""Version 2: every log says its learner's facility, a chunk of older attempts its content, and a summary the numbers of
its tries.

In parts of some hundred documents, each written by itself, so that it can be interrupted and run again: what has been
done says version 2. Nothing but these fields is written, so the service of the release before may go on meanwhile; what
it changes of a try that has been counted is counted again by `learntrack rollup --check`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from beanie import free_fall_migration
from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog, User
from learntrack.documents.base import Row, Stored, as_stored
from learntrack.documents.try_numbers import TRY_FIELDS, TrySight, numbers_by_kind

PART = 500
"""Documents that are written in one command."""
VERSION = 2
REPLACED = "owner_start"
"""An index of sessions that another does the work of (owner_start_id)."""

_LOGS: Sequence[tuple[type[Stored], Sequence[str]]] = (
    (ContentSession, ()),
    (MasteryLog, ()),
    (AttemptOverflow, ("holder_id",)),
    (ContentSummary, ("has_tries",)),
)
"""The collections, and which of their fields are needed. Summaries are the last, since they count tries."""


class Forward:
    """From version 1 to 2."""

    @free_fall_migration(  # type: ignore[untyped-decorator]
        document_models=[ContentSession, MasteryLog, AttemptOverflow, ContentSummary, User]
    )
    async def facilities_and_numbers_of_tries(self, session: object) -> None:
        """Write the new fields."""
        await write_new_fields(MasteryLog.get_motor_collection().database)


async def write_new_fields(database: Any, done: Callable[[int], None] = lambda _: None) -> None:
    """Write the new fields of all documents that lack them.

    Args:
        database: The Motor database.
        done: Is told how many documents a part had, after it has been written.

    """
    for kind, fields in _LOGS:
        async for part in _parts(database, kind, fields):
            await _write(database, kind, part)
            done(len(part))
    with suppress(OperationFailure):  # it has been dropped already
        await database[ContentSession.collection()].drop_index(REPLACED)


async def _parts(database: Any, kind: type[Stored], fields: Sequence[str]) -> AsyncIterator[list[Row]]:
    """What is still of the version before, a part at a time, in the order of the key."""
    shown = dict.fromkeys(("user_id", "schema_version", *fields), 1)
    last = ""
    while True:
        found = database[kind.collection()].find({"_id": {"$gt": last}}, shown).sort("_id", 1).limit(PART)
        part = await found.to_list(None)
        if not part:
            return
        last = part[-1]["_id"]
        if old := [row for row in part if row["schema_version"] < VERSION]:
            yield old


async def _write(database: Any, kind: type[Stored], part: Sequence[Row]) -> None:
    facilities = await _facilities(database, part)
    more: Mapping[str, Row] = {}
    if kind is AttemptOverflow:
        more = await _contents(database, part)
    elif kind is ContentSummary:
        more = await _numbers(database, [row["_id"] for row in part if row.get("has_tries")])
    # By the id alone: for anything beside it the embedded engine walks the whole collection, document by document.
    writes = [
        UpdateOne(
            {"_id": row["_id"]},
            {
                "$set": {"facility_id": facilities.get(row["user_id"]), "schema_version": VERSION}
                | more.get(row["_id"], {})
            },
        )
        for row in part
    ]
    await database[kind.collection()].bulk_write(writes, ordered=False)


async def _facilities(database: Any, part: Sequence[Row]) -> dict[str | None, str]:
    """The facilities of the learners of these documents."""
    owners = list({row["user_id"] for row in part if row["user_id"] is not None})
    rows = await database[User.collection()].find({"_id": {"$in": owners}}, {"facility_id": 1}).to_list(None)
    return {row["_id"]: row["facility_id"] for row in rows}


async def _contents(database: Any, part: Sequence[Row]) -> dict[str, Row]:
    """The content of each of these chunks: their try's, or their session's."""
    holders = list({row["holder_id"] for row in part})
    content_of: dict[str, str] = {}
    for kind in (MasteryLog, ContentSession):
        found = database[kind.collection()].find({"_id": {"$in": holders}}, {"content_id": 1})
        content_of |= {row["_id"]: row["content_id"] for row in await found.to_list(None)}
    return {row["_id"]: {"content_id": content_of.get(row["holder_id"])} for row in part}


async def _numbers(database: Any, summaries: Sequence[str]) -> dict[str, Row]:
    """The numbers of the tries of each of these summaries."""
    shown = dict.fromkeys(TRY_FIELDS, 1)
    found = database[MasteryLog.collection()].find({"summary_id": {"$in": list(summaries)}}, shown)
    tries: dict[str, list[TrySight]] = {}
    for row in await found.to_list(None):
        tries.setdefault(row["summary_id"], []).append(TrySight.of(row))
    return {
        key: {"of_tries": as_stored(numbers_by_kind(counted)), "finished_tries": sum(each.complete for each in counted)}
        for key, counted in tries.items()
    }
