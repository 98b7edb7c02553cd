"""mongomock as an engine for fast tests: what it lacks of MongoDB's documented behaviour, as far as the service needs
it.

- `$unionWith`, and `$setWindowFields` with running and whole sums
- `$group` of nothing, which is nothing
- `$unwind` in linear time
- the undoing of a refused roster, which elsewhere is the transaction's work
"""

import pickle
from collections.abc import Awaitable, Callable
from typing import Any

from mongomock import aggregate, collection, filtering
from mongomock_motor import AsyncMongoMockClient

from learntrack.storage import Database
from learntrack.storage.capabilities import Capabilities
from learntrack.storage.errors import translated
from tests.engines.mongomock_speed import copied


def _union_with(rows: Any, database: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    other = database.get_collection(options["coll"]).aggregate(copied(options["pipeline"]))
    return [*rows, *other]


def _set_window_fields(rows: Any, database: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    rows = list(rows)
    for key, direction in reversed(options["sortBy"].items()):
        rows.sort(key=lambda row: filtering.resolve_sort_key(key, row), reverse=direction < 0)
    for field, definition in options["output"].items():
        values = [row[definition["$sum"].removeprefix("$")] for row in rows]
        lower, upper = definition["window"]["documents"]
        assert lower == "unbounded"
        running = 0
        for row, value in zip(rows, values, strict=True):
            running += value
            row[field] = running if upper == "current" else sum(values)
    return rows


def _add_replace(self: Any, selector: Any, doc: Any, upsert: bool, **_: Any) -> None:
    collection.BulkWriteOperation(self, selector, is_upsert=upsert).replace_one(doc)


def _add_update(self: Any, selector: Any, doc: Any, multi: bool = False, upsert: bool = False, **_: Any) -> None:
    operation = collection.BulkWriteOperation(self, selector, is_upsert=upsert)
    (operation.update if multi else operation.update_one)(doc)


_mongomock_group = aggregate._PIPELINE_HANDLERS["$group"]


def _group(rows: Any, database: Any, options: dict[str, Any]) -> Any:
    rows = list(rows)
    return _mongomock_group(rows, database, options) if rows else []


_mongomock_unwind = aggregate._PIPELINE_HANDLERS["$unwind"]


def _unwind(rows: Any, database: Any, options: Any) -> list[dict[str, Any]]:
    """As mongomock's, which copies the whole list for each of its elements: a class of 500 took seconds."""
    name = (options["path"] if isinstance(options, dict) else options)[1:]
    unwound: list[dict[str, Any]] = []
    for row in rows:
        values = row.get(name)
        if not values or not isinstance(values, list) or "includeArrayIndex" in options:
            unwound += _mongomock_unwind([row], database, options)
            continue
        others = row | {name: None}
        unwound += [copied(others) | {name: value} for value in values]
    return unwound


_mongomock_array = aggregate._Parser._handle_array_operator


def _array(self: Any, operator: str, value: Any) -> Any:
    if operator != "$range":
        return _mongomock_array(self, operator, value)
    return list(range(*map(self.parse, value)))


aggregate._Parser._handle_array_operator = _array
aggregate._PIPELINE_HANDLERS["$group"] = _group
aggregate._PIPELINE_HANDLERS["$unwind"] = _unwind
aggregate._PIPELINE_HANDLERS["$unionWith"] = _union_with
aggregate._PIPELINE_HANDLERS["$setWindowFields"] = _set_window_fields
collection.BulkOperationBuilder.add_replace = _add_replace
collection.BulkOperationBuilder.add_update = _add_update


ROSTER = ("users", "facilities", "classrooms", "learner_groups", "lessons", "quizzes", "course_sessions")


class UndoingDatabase(Database):
    """A database whose refused rosters leave nothing behind, as elsewhere a transaction sees to it."""

    async def transaction(self, work: Callable[[None], Awaitable[Any]], *, patience: float | None = None) -> Any:
        if patience is None:  # an ordinary write; rosters are given more time
            with translated():
                return await work(None)
        kept = pickle.dumps({name: self._store(name)._documents for name in ROSTER})
        try:
            return await work(None)
        except BaseException:
            for name, documents in pickle.loads(kept).items():
                self._store(name)._documents = documents
            raise

    def _store(self, name: str) -> Any:
        return vars(self.raw[name])["_AsyncMongoMockCollection__collection"]._store


def connect(name: str) -> Database:
    return UndoingDatabase(AsyncMongoMockClient(tz_aware=True), name, Capabilities(transactions=False, joins=False))
