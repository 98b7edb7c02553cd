"""Asking the database, outside of transactions: each question within a time, and not all of them at once."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

import pymongo
from bson.raw_bson import RawBSONDocument
from pymongo.errors import ProtocolError, PyMongoError

from learntrack.documents.base import Row, Stored
from learntrack.storage.ahead import one_ahead
from learntrack.storage.at_once import AtOnce, bytes_of
from learntrack.storage.batches import Shown, batches_of
from learntrack.storage.first_batch import NOTHING_AT_FIRST, all_found, all_of
from learntrack.storage.in_time import limited, within
from learntrack.storage.index_first import Stage, found_by_index
from learntrack.storage.parts import in_parts_of
from learntrack.storage.some_fields import Wanted
from learntrack.storage.threads import InThread, answered
from learntrack.storage.unions import without_unions

T = TypeVar("T")

AGGREGATIONS_AT_ONCE = 16
_CLOSE_SECONDS = 1.0
_SMALL_AT_ONCE, _LARGE_AT_ONCE = 1000, 16


class Reading:
    """Asks the database.

    A question that takes too long is given up here and on the server, so that nothing goes on for nobody: the driver
    sends what is left of its time along (`maxTimeMS`), and breaks the connection when it has passed.

    Args:
        database: The Motor database (or mongomock-motor's); its read preference says which servers are asked.
        patience: Seconds that one answer may take.
        long_patience: Seconds that the server may work on all of an answer that is long.
        aggregations_at_once: How many aggregations may be under way at once; others wait for their turn. Each keeps
            one of the driver's threads busy, and what is short must find one free.
        staleness_seconds: How far what is read may be behind what is stored.
        leads: Whether the engine has to be led to its indexes, as of `Capabilities.walks_indexes`: what an index covers
            is asked by itself, and so is each part of a union.

    """

    def __init__(
        self,
        database: Any,
        *,
        patience: float = 30.0,
        long_patience: float = 600.0,
        aggregations_at_once: int = AGGREGATIONS_AT_ONCE,
        staleness_seconds: float = 0.0,
        leads: bool = False,
    ) -> None:
        self.raw = database
        self._leads = leads
        self.read_patience = patience
        self.long_patience = long_patience
        self.behind = timedelta(seconds=staleness_seconds)
        self._turns = asyncio.Semaphore(aggregations_at_once)
        self._collections: dict[str, Any] = {}

    def collection(self, kind: str | type[Stored]) -> Any:
        """The Motor collection of this name, or of these documents.

        Made once, because making one costs as much as a tenth of a small read.
        """
        name = kind if isinstance(kind, str) else kind.collection()
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = self.raw[name]
        return found

    async def find_one(
        self, collection: str | type[Stored], query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> Row | None:
        """One document, or None."""
        source = self.collection(collection)
        async with within(self.read_patience):
            found = await limited(
                lambda: answered(source, lambda asked: asked.find_one(query, projection)), self.read_patience
            )
        return cast(Row | None, found)

    async def find(
        self,
        collection: str | type[Stored],
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        in_turn: bool = False,
    ) -> list[Row]:
        """The documents that match, as a list; `in_turn` with aggregations where they may be as large."""
        source = self.collection(collection)
        if self._leads and not found_by_index(source.name, query):
            return await self.rows(collection, [{"$match": query}, *([{"$project": projection}] if projection else [])])

        def ask(asked: Any) -> Any:
            return all_found(asked, query, projection)

        if in_turn:
            return await self._in_turn(source, ask, self.read_patience)
        async with within(self.read_patience):
            return cast(list[Row], await limited(lambda: answered(source, ask), self.read_patience))

    async def rows(self, collection: str | type[Stored], pipeline: Sequence[Stage]) -> list[Row]:
        """What an aggregation returns, as a list."""
        source, stages = await self._led(collection, pipeline)
        return await self._in_turn(
            source,
            lambda asked: all_of(partial(asked.aggregate, list(stages), allowDiskUse=True)),
            self.read_patience,
        )

    async def stream(
        self,
        collection: str | type[Stored],
        pipeline: Sequence[Stage],
        *,
        batch: int = 200,
        long: bool = False,
        at_once: AtOnce | None = None,
    ) -> AsyncIterator[Row]:
        """What an aggregation returns, row by row.

        Args:
            collection: What is aggregated.
            pipeline: How.
            batch: Rows a round trip.
            long: Whether it is made row by row, so that the server may work on all of it for `long_patience`.
            at_once: Where a row may be large: says how many come in a round trip, and is told how large they were.

        """
        source, stages = await self._led(collection, pipeline)
        first_batch = batch if at_once is None else at_once.now

        def opened(asked: Any, **first: int) -> Any:
            return asked.aggregate(list(stages), **{"allowDiskUse": True, "batchSize": first_batch} | first)

        async for row in self._one_by_one(source, opened, first_batch, long=long, at_once=at_once):
            yield row

    async def each(
        self,
        collection: str | type[Stored],
        query: Mapping[str, Any],
        projection: Mapping[str, Any] | None = None,
        *,
        fields: Sequence[str] = (),
        batch: int = 200,
        at_once: AtOnce | None = None,
    ) -> AsyncIterator[Row]:
        """The documents that match, one by one, in no order; the server may work on all of them for `long_patience`.

        For who reads many and whole: the embedded engine sends the first at once and hands on what is stored, where an
        aggregation is worked out whole before and takes it ten times as long. Where it has to be led to an index, an
        aggregation finds no more than the keys.

        Args:
            collection: Where they are.
            query: Which.
            projection: What of them.
            fields: What is wanted, instead; others may come with it.
            batch: Documents a round trip.
            at_once: Where they may be large and have to wait for who reads them, as of `stream`; of one question only,
                since of a last batch it is not known how few it has.

        """
        source, shown = self.collection(collection), Shown.of(projection, fields, all_come=self._leads)
        async with aclosing(self._batches(source, query, shown, batch, at_once)) as batches:
            async for sent in batches:
                for row in shown.documents_in(sent, source.codec_options):
                    yield row

    async def parts(
        self,
        collection: str | type[Stored],
        query: Mapping[str, Any],
        wanted: Wanted[T],
        *,
        batch: int = 300,
    ) -> AsyncGenerator[list[T], None]:
        """Some fields of the documents that match, a batch's at a time, in no order; the next is on its way meanwhile.

        For who reads many documents that are much alike, which takes a fifth of what `each` does; collection, query and
        batch are as of that.
        """
        source, shown = self.collection(collection), Shown.of(None, wanted.fields, all_come=self._leads)
        async with aclosing(one_ahead(self._batches(source, query, shown, batch))) as batches:
            async for sent in batches:
                yield wanted.rows_in(sent, source.codec_options)

    def _batches(
        self, source: Any, query: Mapping[str, Any], shown: Shown, batch: int, at_once: AtOnce | None = None
    ) -> AsyncGenerator[Any, None]:
        """Batches of what matches as they come, or documents of mongomock's."""
        if self._leads and not found_by_index(source.name, query):
            return self._batches_by_key(source, query, shown, batch, at_once)
        first = batch if at_once is None else at_once.now
        opened = partial(batches_of, query=query, projection=shown.projection, batch=first)
        return self._one_by_one(source, opened, 1, long=True, at_once=at_once)

    async def _batches_by_key(
        self, source: Any, query: Mapping[str, Any], shown: Shown, batch: int, at_once: AtOnce | None
    ) -> AsyncGenerator[Any, None]:
        keys: list[Stage] = [{"$match": query}, {"$project": {"_id": 1}}]
        async for part in in_parts_of(self.stream(source.name, keys, batch=_SMALL_AT_ONCE, long=True), batch):
            of_part = {"_id": {"$in": [row["_id"] for row in part]}}
            async with aclosing(self._batches(source, of_part, shown, batch, at_once)) as batches:
                async for sent in batches:
                    yield sent

    async def _led(self, collection: str | type[Stored], pipeline: Sequence[Stage]) -> tuple[Any, Sequence[Stage]]:
        """What is to be aggregated, and how."""
        source = self.collection(collection)
        return await without_unions(source, pipeline, self.raw, self._as_stored) if self._leads else (source, pipeline)

    async def _as_stored(self, source: Any, pipeline: Sequence[Stage], most: int) -> list[RawBSONDocument] | None:
        """The rows of an aggregation as they come; None where they have more than `most` bytes."""
        as_it_is = source.with_options(codec_options=source.codec_options.with_options(document_class=RawBSONDocument))
        found: list[RawBSONDocument] = []
        size = 0

        def opened(asked: Any, **first: int) -> Any:
            return asked.aggregate(list(pipeline), **{"allowDiskUse": True, "batchSize": _SMALL_AT_ONCE} | first)

        async with aclosing(self._one_by_one(as_it_is, opened, _SMALL_AT_ONCE, long=False)) as rows:
            async for row in rows:
                found.append(row)
                size += len(row.raw)
                if size > most:
                    return None
        return found

    async def _one_by_one(
        self, source: Any, opened: Callable[..., Any], batch: int, *, long: bool, at_once: AtOnce | None = None
    ) -> AsyncGenerator[Any, None]:
        cursor: Any = None

        def begin(asked: Any) -> Any:
            nonlocal cursor, batch
            try:
                cursor = opened(asked)
                return cursor.to_list(batch)
            except ProtocolError:
                cursor, batch = opened(asked, **NOTHING_AT_FIRST), min(batch, _LARGE_AT_ONCE)
                return cursor.to_list(batch)

        def go_on(_: Any) -> Any:
            return cursor.to_list(batch)

        # On the server the limit of the first question is one for all that follow.
        limit = max(self.long_patience, self.read_patience) if long else self.read_patience
        try:
            rows = await self._in_turn(source, begin, limit)
            while rows:
                if at_once is not None:
                    in_batches = isinstance(rows[0], bytes)  # of which the last one alone has fewer than were asked for
                    at_once.learn(bytes_of(rows), at_once.now if in_batches else len(rows))
                    at_once.tell(cursor)
                    batch = batch if in_batches else at_once.now
                for row in rows:
                    yield row
                if not cursor.alive:
                    return
                rows = await self._in_turn(source, go_on, self.read_patience, again=False)
        finally:
            if cursor is not None and cursor.alive:
                with suppress(PyMongoError), pymongo.timeout(_CLOSE_SECONDS):  # why it ends is what counts
                    await answered(source, lambda _: cursor.close())

    async def _in_turn(self, source: Any, ask: Callable[[Any], Any], limit: float, *, again: bool = True) -> list[Row]:
        asked: Awaitable[list[Row]] | None = None

        def begin() -> Awaitable[list[Row]]:
            nonlocal asked
            asked = answered(source, ask)
            return asked

        async with within(self.read_patience):
            await self._turns.acquire()
            try:
                return cast(list[Row], await limited(begin, limit, again=again))
            finally:
                # The driver's thread may go on when nobody waits for the answer any more: its turn ends with it.
                if isinstance(asked, InThread) and not asked.is_over:
                    asked.when_over(self._turns.release)
                else:
                    self._turns.release()
