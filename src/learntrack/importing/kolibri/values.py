"""Reading the values of a Kolibri's rows: each is what it should be, or `Corrupt` says why not."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import msgspec
from pydantic import ValidationError

from learntrack.documents.base import stored_size
from learntrack.domain import moments
from learntrack.domain.any_json import Unstorable, double, kept, read_patiently, stored_json
from learntrack.domain.attempts import HistoryEntry
from learntrack.domain.ids import parse_id
from learntrack.importing.kolibri.sql import SourceRow

LEVELS = range(-(2**31), 2**31)
"""The mastery levels that a database may hold."""
FIRST = datetime(2010, 1, 1, tzinfo=UTC)
"""Nothing was logged before: Kolibri's forerunner is of 2012."""
YEAR = 366 * 86_400.0
"""Seconds."""
LARGEST_JSON = 4 * 2**20
"""Bytes of one JSON value at the most: a document that holds some of them must stay below 16 MB."""
LARGEST_STORED = 6 * 2**20
"""Bytes of BSON that one JSON value may take."""
_SHORT = 2**14
"""Characters of JSON that are stored without a look at their size, and in which there are too few numbers to matter how
they are read.
"""
_DEPTH = 92
"""Levels of an answer, and around it those of an entry and its history."""
_ZONE = re.compile(r"\([^)]*\)$")
_PLAIN_ID = re.compile(r"[0-9a-f]{32}")
_ESCAPED = re.compile(r"\\u(?:0000|0024|ff04)", re.IGNORECASE)
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
_CONTEXT_IDS = ("node_id", "quiz_id", "lesson_id", "course_session_id", "unit_id")
_TEST_TYPES = ("pre", "post")

_object = msgspec.json.Decoder(dict[str, Any] | None, float_hook=double).decode
_objects = msgspec.json.Decoder(list[dict[str, Any]] | None, float_hook=double).decode


class Corrupt(ValueError):
    """A row that cannot be taken over; says why."""


def identifier(row: Mapping[str, Any], name: str) -> str:
    """An id, as 32 hex digits."""
    value = row[name]
    if isinstance(value, str) and _PLAIN_ID.fullmatch(value):
        return value
    try:
        return parse_id(str(value))
    except ValueError:
        raise Corrupt(f"{name}: not an id") from None


def optional_id(row: Mapping[str, Any], name: str) -> str | None:
    """An id, or None where there is none, or no such column."""
    return None if row.get(name) in (None, "") else identifier(row, name)


def text(row: SourceRow, name: str) -> str:
    """A text that is not empty."""
    if not isinstance(row[name], str) or not row[name]:
        raise Corrupt(f"{name}: no text")
    return str(row[name])


def number(row: SourceRow, name: str) -> float:
    """A number of at least 0."""
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        raise Corrupt(f"{name}: not a number of at least 0")
    return float(value)


def level(row: SourceRow) -> int:
    """A mastery level."""
    value = row["mastery_level"]
    if isinstance(value, bool) or not isinstance(value, int) or value not in LEVELS:
        raise Corrupt("mastery_level: not a whole number of 32 bits")
    return value


def mapping(row: SourceRow, name: str) -> dict[str, Any]:
    """A JSON object; an empty one where there is nothing."""
    found: dict[str, Any] = _json(row, name, _object) or {}
    return found


def history(row: SourceRow) -> list[HistoryEntry]:
    """The interaction history; its entries may have more fields than ours, or less."""
    try:
        entries: list[dict[str, Any]] = _json(row, "interaction_history", _objects) or []
        return [HistoryEntry.model_validate(entry) for entry in entries]
    except ValidationError:
        raise Corrupt("interaction_history: entries of another kind") from None


def context(row: SourceRow) -> dict[str, str | int]:
    """What a session was part of: what of it we know."""
    sent = mapping(row, "extra_fields").get("context")
    if not isinstance(sent, dict):
        return {}
    found: dict[str, str | int] = {name: identifier(sent, name) for name in _CONTEXT_IDS if sent.get(name)}
    if "course_session_id" not in found:
        found.pop("unit_id", None)  # a unit is one of a course, and nobody could say which
    if sent.get("test_type") in _TEST_TYPES:
        found["test_type"] = str(sent["test_type"])
    mastery_level = sent.get("mastery_level")
    if isinstance(mastery_level, int) and mastery_level in LEVELS:
        found["mastery_level"] = mastery_level
    return found


def moment(row: SourceRow, name: str) -> datetime | None:
    """A moment, UTC, to the millisecond, if there is one.

    Kolibri writes behind it in brackets the zone in which it is to be shown.
    """
    value = row[name]
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            if (usual := usual_moment(value)) is not None:
                return usual
            value = datetime.fromisoformat(_ZONE.sub("", value))
        except ValueError:
            raise Corrupt(f"{name}: an impossible date") from None
    if not isinstance(value, datetime):
        raise Corrupt(f"{name}: an impossible date")
    try:
        return moments.to_milliseconds(value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))
    except OverflowError:
        raise Corrupt(f"{name}: an impossible date") from None


def usual_moment(text: str) -> datetime | None:
    """The moment in a text as Kolibri writes it, `2026-11-03 22:13:42.165163(Africa/Nairobi)`, to the millisecond; None
    where it is written otherwise.

    Raises:
        ValueError: there is no such moment.

    """
    if text[19:20] != "." or text[26:27] != "(":
        return None
    return datetime.fromisoformat(f"{text[:23]}+00:00")


def are_usual(answer: str, history: str) -> bool:
    """Whether an answer and an interaction history, where they are JSON, are stored as they are; else they have to be
    looked at by `mapping` and `history`.
    """
    both = answer + history
    return not (len(both) > _SHORT or _is_suspect(both) or both.count("{") + both.count("[") > _DEPTH)


def _json(row: SourceRow, name: str, decode: Callable[[str], Any]) -> Any:
    sent = row[name]
    if sent is None or sent == "":
        return None
    if not isinstance(sent, str):
        sent = stored_json(sent).decode()  # PostgreSQL may have decoded it already
    if len(sent) > LARGEST_JSON or (not sent.isascii() and len(sent.encode(errors="replace")) > LARGEST_JSON):
        raise Corrupt(f"{name}: larger than {LARGEST_JSON >> 20} MiB")
    try:
        value = decode(sent)
    except msgspec.ValidationError:
        raise Corrupt(f"{name}: JSON of another kind") from None
    except (ValueError, RecursionError):
        try:
            value = decode(stored_json(read_patiently(sent)).decode())
        except (ValueError, RecursionError):
            raise Corrupt(f"{name}: broken JSON") from None
    # Short numbers in long lists take up to seven times as much where they are stored.
    if len(sent) > LARGEST_STORED // 7 and stored_size({"": value}) > LARGEST_STORED:
        raise Corrupt(f"{name}: larger than {LARGEST_STORED >> 20} MiB where it is stored")
    # Walked through only where there may be something to change or to object to.
    if _is_suspect(sent) or sent.count("{") + sent.count("[") > _DEPTH:
        try:
            return kept(value, depth=_DEPTH)
        except Unstorable as error:
            raise Corrupt(f"{name}: {error}") from None
    return value


def _is_suspect(sent: str) -> bool:
    """Whether free-form JSON may have something that is not stored as it is.

    Asked one by one: one pattern for all of it takes twice as long, a tenth of all that becomes of a row.
    """
    return (
        "$" in sent
        or "\uff04" in sent
        or ("\\u" in sent and _ESCAPED.search(sent) is not None)
        or _LONG_NUMBER in sent.encode(errors="replace").translate(_DIGITS)  # a third of what a pattern takes
    )
