"""Attempts as they are stored: embedded in their try or session, older ones in overflow chunks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain.attempt_book import AttemptBook, AttemptLimits, AttemptTooLarge, Chunk, UnknownAttempt
from learntrack.domain.attempts import Attempt, Interaction, newest_first
from learntrack.operations.problems import TooLarge, field_error
from learntrack.storage import Database
from learntrack.storage.database import Row, Session


async def record(
    db: Database,
    holder: Row,
    collection: str,
    interactions: Sequence[Interaction],
    *,
    session_id: str,
    at: datetime,
    limits: AttemptLimits,
    tx: Session,
) -> list[Attempt]:
    """Fold interactions into the attempts of `holder`, a document of `collection`, and store what changed.

    Raises:
        InvalidFields: an interaction's id is not an attempt of the holder.
        TooLarge: an attempt would have more interactions or bytes than it may.

    """
    book = AttemptBook(holder["attempts"], holder.get("overflow"), limits=limits)
    chunk_ids: dict[int, str] = {}
    if wanted := book.wanted(interactions):
        found = db.attempt_overflow.find(
            {
                "user_id": holder["user_id"],
                "holder_id": holder["_id"],
                "$or": [{"attempts.id": {"$in": list(wanted.ids)}}, {"attempts.item": {"$in": list(wanted.items)}}],
            },
            session=tx,
        )
        for row in await found.to_list(None):
            book.chunks.append(Chunk(row["number"], row["attempts"]))
            chunk_ids[row["number"]] = row["_id"]
    try:
        touched = book.record(interactions, session_id=session_id, now=at)
    except UnknownAttempt as error:
        raise field_error(f"interactions[{error.position}].id", "There is no such attempt in this try.") from None
    except AttemptTooLarge:
        raise TooLarge(f"One attempt may have at most {limits.interactions} interactions and {limits.size} bytes.") from None
    await _write(db, holder, collection, book, chunk_ids, tx)
    return touched


async def _write(db: Database, holder: Row, collection: str, book: AttemptBook, chunk_ids: dict[int, str], tx: Session) -> None:
    fields: dict[str, Any] = {
        "attempt_count": book.attempt_count,
        "correct_sum": book.correct_sum,
        "completed_attempts": book.completed_attempts,
    }
    if book.moved:
        fields["attempts"] = book.embedded
    else:
        # By position: what is sent and logged stays small; a position behind the last one appends.
        fields |= {f"attempts.{index}": book.embedded[index] for index in sorted(book.changed)}
    if book.totals:
        fields["overflow"] = book.totals
    key = {"_id": holder["_id"], "user_id": holder["user_id"]}
    await db.raw[collection].update_one(key, {"$set": fields}, session=tx)
    for chunk in book.chunks:
        if chunk.changed:
            await db.attempt_overflow.update_one(
                {"_id": chunk_ids[chunk.number], "user_id": holder["user_id"]},
                {"$set": {f"attempts.{index}": chunk.attempts[index] for index in sorted(chunk.changed)}},
                session=tx,
            )
    if book.new_chunks:
        await db.attempt_overflow.insert_many(
            [
                {
                    "_id": f"{holder['_id']}:{chunk.number}",
                    "user_id": holder["user_id"],
                    "holder_id": holder["_id"],
                    "number": chunk.number,
                    "attempts": chunk.attempts,
                    "schema_version": SCHEMA_VERSION,
                }
                for chunk in book.new_chunks
            ],
            session=tx,
        )


async def newest(db: Database, holder: Row, most: int | None, *, tx: Session) -> list[Attempt]:
    """The newest attempts of `holder`, newest first: `most` of them, or all."""
    embedded: list[Attempt] = holder["attempts"]
    if not holder.get("overflow") or (most is not None and most <= len(embedded)):
        return newest_first(embedded)[:most]
    pipeline: list[dict[str, Any]] = [
        {"$match": {"user_id": holder["user_id"], "holder_id": holder["_id"]}},
        {"$unwind": "$attempts"},
        {"$replaceRoot": {"newRoot": "$attempts"}},
    ]
    if most is not None:
        pipeline += [{"$sort": {"start_timestamp": -1, "number": 1}}, {"$limit": most - len(embedded)}]
    older = await db.attempt_overflow.aggregate(pipeline, session=tx, allowDiskUse=True).to_list(None)
    return newest_first([*embedded, *older])
