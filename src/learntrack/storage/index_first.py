"""Questions for an engine that uses an index only for conditions which the index covers whole.

It would look through everything of everybody for a condition more: `{_id, user_id}` read the whole collection. So what
an index covers is asked first, by itself, and the rest of what that finds.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal

from learntrack import documents

Stage = Mapping[str, Any]
_Kind = Literal["equality", "choice", "range", "another"]
_RANGE = {"$gt", "$gte", "$lt", "$lte"}
_PART = "partialFilterExpression"
_BY_KEY = ("_id",)
_Part = tuple[str, Stage]
"""An index on a part of a collection's documents: its first field, and what these documents have in common."""


def index_first(collection: str, pipeline: Sequence[Stage]) -> Sequence[Stage]:
    """The pipeline, its first `$match` in two where no index of the collection covers it whole, but one covers some."""
    asked = pipeline[0].get("$match") if pipeline else None
    if not asked:
        return pipeline
    match = {field: _of_one(condition) for field, condition in asked.items()}
    covered = _covered(collection, match)
    if not covered or len(covered) == len(match):
        return [{"$match": match}, *pipeline[1:]]
    first = {field: match[field] for field in covered}
    rest = {field: condition for field, condition in match.items() if field not in covered}
    return [{"$match": first}, {"$match": rest}, *pipeline[1:]]


def found_by_index(collection: str, query: Mapping[str, Any]) -> bool:
    """Whether the query is best asked as it is: an index covers it whole, or none any of it."""
    if len(_covered(collection, query)) == len(query):
        return True
    return index_first(collection, [{"$match": query}]) == [{"$match": query}]


def _covered(collection: str, match: Mapping[str, Any]) -> Sequence[str]:
    """The conditions that an index covers: the key's, else those of one on a part of the documents, as that has the
    fewest; else as many as any does, and of as many the closest.
    """
    covered = _covered_of(collection, tuple((field, _kind(condition)) for field, condition in match.items()))
    if covered is not _BY_KEY:
        for field, part in _parts(collection):
            if all(match.get(name) == condition for name, condition in part.items()) and _is_led_by(field, match):
                return (field, *part)
    return covered


def _is_led_by(field: str, match: Mapping[str, Any]) -> bool:
    return field in match and _kind(match[field]) != "another"


@lru_cache(1024)  # questions are of few kinds, and to find it out each time took a hundredth of a small read
def _covered_of(collection: str, asked: tuple[tuple[str, _Kind], ...]) -> Sequence[str]:
    kinds = dict(asked)
    if kinds.get(_BY_KEY[0]) in ("equality", "choice"):
        return _BY_KEY
    return max((_covered_by(fields, kinds) for fields in _indexes(collection)), key=lambda found: found[0])[1]


def _covered_by(fields: Sequence[str], kinds: Mapping[str, _Kind]) -> tuple[tuple[int, int], Sequence[str]]:
    """Which conditions an index on these fields covers, and how well: how many, and how many of those by equality."""
    equal = 0
    while equal < len(fields) and kinds.get(fields[equal]) == "equality":
        equal += 1
    beyond = kinds.get(fields[equal]) if equal < len(fields) else None
    # Beside an equality the engine takes a range, but a choice of several only alone.
    count = equal + (beyond == ("range" if equal else "choice"))
    return (count, 2 * equal + (beyond == "choice")), fields[:count]


def _kind(condition: Any) -> _Kind:
    # A text above all: to ask a class of `collections.abc` takes longer than all the rest.
    if isinstance(condition, str) or not isinstance(condition, Mapping) or condition.keys() == {"$eq"}:
        return "equality"
    if condition.keys() == {"$in"}:
        return "choice"
    return "range" if condition and condition.keys() <= _RANGE else "another"


def _of_one(condition: Any) -> Any:
    """A choice of one text as an equality: beside a range the engine takes no choice."""
    if isinstance(condition, str):
        return condition
    one = condition["$in"] if _kind(condition) == "choice" and len(condition["$in"]) == 1 else [condition]
    return one[0] if isinstance(one[0], str) else condition


@cache
def _indexes(collection: str) -> Sequence[Sequence[str]]:
    """The fields of the collection's indexes on all of its documents."""
    return [_BY_KEY, *(tuple(each["key"]) for each in _documents_of(collection) if _PART not in each)]


@cache
def _parts(collection: str) -> Sequence[_Part]:
    """The collection's indexes on a part of its documents that the engine uses: for a condition on their first field
    and what the part has in common, said as the index says it, and no condition more. For `$exists` it uses none.
    """
    found = [(next(iter(each["key"])), each[_PART]) for each in _documents_of(collection) if _PART in each]
    return [
        (field, part)
        for field, part in found
        if field not in part and all(_kind(condition) != "another" for condition in part.values())
    ]


def _documents_of(collection: str) -> Iterable[Stage]:
    kinds = [kind for kind in documents.ALL if kind.collection() == collection]
    return [index.document for kind in kinds for index in getattr(kind.Settings, "indexes", ())]
