"""A Kolibri learner's rows as our documents. What cannot be one is reported and left out, whatever it is.

Ids of sessions, tries and attempts stay. A summary gets the id derived of learner and content, as all of ours (there is
one per learner and content), and remembers Kolibri's.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import msgspec
from pydantic import ValidationError

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import mastery, moments
from learntrack.domain.any_json import as_json, objection
from learntrack.domain.attempts import Attempt, HistoryEntry
from learntrack.domain.ids import parse_id, summary_id
from learntrack.importing.kolibri.source import LearnerRows, SourceRow
from learntrack.importing.report import ImportReport
from learntrack.storage.database import Row

_DEPTH = 80
_CONTEXT_IDS = ("node_id", "quiz_id", "lesson_id", "course_session_id")
_ZONE = re.compile(r"\([^)]*\)$")
_PLAIN_ID = re.compile(r"[0-9a-f]{32}")
_LEVELS = range(-(2**31), 2**31)


class Corrupt(ValueError):
    """A row that cannot be taken over; says why."""


@dataclass(slots=True)
class LearnerDocuments:
    """What a learner's rows become; attempts by the id of their try or session, in recorded order."""

    user_id: str | None
    sessions: list[Row] = field(default_factory=list)
    summaries: list[Row] = field(default_factory=list)
    tries: list[Row] = field(default_factory=list)
    attempts: dict[str, list[Attempt]] = field(default_factory=lambda: defaultdict(list))

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len(self.sessions) + len(self.summaries) + len(self.tries)

    @property
    def attempt_count(self) -> int:
        """How many attempts there are."""
        return sum(map(len, self.attempts.values()))


def documents_of(rows: LearnerRows, report: ImportReport) -> LearnerDocuments:
    """The documents of a learner, or of an anonymous session."""
    user = None if rows.user_id is None else parse_id(rows.user_id)
    found = LearnerDocuments(user)
    convert = _Converter(user, report)
    by_kolibri: dict[str, Row] = {}
    for row, made in convert.each("content_summaries", rows.summaries, convert.summary):
        by_kolibri[str(row["id"])] = made
    tries_by_level: dict[tuple[str, int], Row] = {}
    for row, tried in convert.each("mastery_logs", rows.tries, convert.try_in(by_kolibri)):
        found.tries.append(tried)
        summary = by_kolibri[str(row["summarylog_id"])]
        summary["has_tries"] = True
        summary["finished_tries"] += tried["complete"]
        tries_by_level[tried["summary_id"], tried["mastery_level"]] = tried
    found.summaries = _one_each(by_kolibri.values(), report)
    for _, session in convert.each("content_sessions", rows.sessions, convert.session):
        level = session["context"].get("mastery_level")
        if session["summary_id"] is not None and level is not None:
            session["mastery_log_id"] = tries_by_level.get((session["summary_id"], level), {}).get("_id")
        found.sessions.append(session)
    _add_legacy_exams(rows, found, convert)
    holders = {row["_id"] for row in (*found.tries, *found.sessions)}
    sessions = {row["_id"] for row in found.sessions}
    for row, attempt in convert.each("attempts", rows.attempts, convert.attempt):
        tried = row["masterylog_id"]
        holder = str(tried).replace("-", "") if tried else attempt.session_id
        if holder not in holders:
            report.skip("attempts", row["id"], "its try is not there" if tried else "its session is not there")
            continue
        if attempt.session_id not in sessions:
            report.note("attempts", row["id"], "kept in its try, though its session is not there")
        found.attempts[holder].append(attempt)
    for document in (*found.summaries, *found.tries, *found.sessions):
        _finish(document, found.attempts.get(document["_id"], []))
    return found


def _one_each(summaries: Iterable[Row], report: ImportReport) -> list[Row]:
    """Of several summaries of the same content, which a sync may leave behind, the one with the most progress."""
    best: dict[str, Row] = {}
    for summary in summaries:
        first = best.setdefault(summary["_id"], summary)
        if first is not summary:
            report.note(
                "content_summaries", summary["imported"]["id"], "there are several of this learner and content: joined"
            )
            more, less = sorted((summary, first), key=lambda row: (row["progress"], row["end_timestamp"]), reverse=True)
            more["has_tries"] |= less["has_tries"]
            more["finished_tries"] += less["finished_tries"]
            more["start_timestamp"] = min(summary["start_timestamp"], first["start_timestamp"])
            best[summary["_id"]] = more
    return list(best.values())


def _finish(document: Row, attempts: list[Attempt]) -> None:
    """Number the attempts, and remember what exactly was imported, so that the next import knows what is new."""
    attempts.sort(key=lambda attempt: (attempt.start_timestamp, attempt.end_timestamp, attempt.id))
    for number, attempt in enumerate(attempts):
        attempt.number = number
    if "mastery_level" in document and document["time_spent"] is None:
        document["time_spent"] = sum(attempt.time_spent for attempt in attempts)
    digest = hashlib.blake2b(
        as_json([document, [attempt.stored() for attempt in attempts]]), digest_size=12
    ).hexdigest()
    document["imported"] |= {"digest": digest, "time_spent": document["time_spent"]}
    if "progress" in document:
        document["imported"]["progress"] = document["progress"]


class _Converter:
    """Turns rows into documents, one by one."""

    def __init__(self, user: str | None, report: ImportReport) -> None:
        self._user = user
        self._report = report

    def each(
        self, kind: str, rows: list[SourceRow], convert: Callable[[SourceRow], Any]
    ) -> Iterable[tuple[SourceRow, Any]]:
        """The rows that can be converted, with what they become; the others are reported."""
        self._report.count(kind, "read", len(rows))
        for row in rows:
            try:
                yield row, convert(row)
            except Corrupt as error:
                self._report.skip(kind, row.get("id"), str(error))

    def session(self, row: SourceRow) -> Row:
        content = _id(row, "content_id")
        start, end = _period(row)
        return {
            "_id": _id(row, "id"),
            "user_id": self._user,
            "visitor_id": _optional_id(row, "visitor_id"),
            "content_id": content,
            "channel_id": _optional_id(row, "channel_id"),
            "kind": _text(row, "kind"),
            "context": _context(row),
            "summary_id": None if self._user is None else summary_id(self._user, content),
            "mastery_log_id": None,
            "start_timestamp": start,
            "end_timestamp": end,
            "time_spent": _number(row, "time_spent"),
            "progress": min(1.0, _number(row, "progress")),
            **_common(row),
        }

    def summary(self, row: SourceRow) -> Row:
        assert self._user is not None
        content = _id(row, "content_id")
        start, end = _period(row)
        return {
            "_id": summary_id(self._user, content),
            "user_id": self._user,
            "content_id": content,
            "channel_id": _optional_id(row, "channel_id"),
            "kind": _text(row, "kind"),
            "start_timestamp": start,
            "end_timestamp": end,
            "completion_timestamp": _moment(row, "completion_timestamp", optional=True),
            "time_spent": _number(row, "time_spent"),
            "progress": min(1.0, _number(row, "progress")),
            "extra_fields": _dict(row, "extra_fields"),
            "has_tries": False,
            "finished_tries": 0,
            **_common(row),
        }

    def try_in(self, summaries: dict[str, Row]) -> Callable[[SourceRow], Row]:
        def convert(row: SourceRow) -> Row:
            summary = summaries.get(str(row["summarylog_id"]))
            if summary is None:
                raise Corrupt("its summary is not there")
            criterion = _dict(row, "mastery_criterion")
            if criterion.get("type") not in mastery.MASTERY_MODELS:
                raise Corrupt("mastery_criterion: no such mastery model")
            level = row["mastery_level"]
            if not isinstance(level, int) or level not in _LEVELS:
                raise Corrupt("mastery_level: not a whole number of 32 bits")
            start, end = _period(row)
            return {
                "_id": _id(row, "id"),
                "user_id": self._user,
                "summary_id": summary["_id"],
                "content_id": summary["content_id"],
                "mastery_level": level,
                "mastery_criterion": criterion,
                "start_timestamp": start,
                "end_timestamp": end,
                "completion_timestamp": _moment(row, "completion_timestamp", optional=True),
                "complete": bool(row["complete"]),
                "time_spent": None if row.get("time_spent") is None else _number(row, "time_spent"),
                **_common(row),
            }

        return convert

    def attempt(self, row: SourceRow) -> Attempt:
        start, end = _period(row)
        return Attempt(
            id=_id(row, "id"),
            number=0,
            item=_text(row, "item"),
            session_id=_optional_id(row, "sessionlog_id") or "",
            start_timestamp=start,
            end_timestamp=end,
            completion_timestamp=_moment(row, "completion_timestamp", optional=True),
            time_spent=_number(row, "time_spent"),
            complete=bool(row["complete"]),
            correct=_number(row, "correct"),
            hinted=bool(row["hinted"]),
            error=bool(row.get("error")),
            answer=_dict(row, "answer"),
            simple_answer=str(row["simple_answer"] or ""),
            interaction_history=_history(row),
        )


def _add_legacy_exams(rows: LearnerRows, found: LearnerDocuments, convert: _Converter) -> None:
    """Quizzes logged before Kolibri 0.15 as what Kolibri itself makes of them: a coach-assigned quiz's try, once
    each.
    """
    taken = {row["content_id"] for row in found.tries if mastery.is_coach_assigned(row["mastery_criterion"])}
    by_exam: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows.exam_attempts:
        by_exam[str(row["examlog_id"])].append(row)

    def exam(row: SourceRow) -> tuple[Row, Row, Row] | None:
        content = _id(row, "exam_id")
        answers = by_exam.pop(str(row["id"]), [])
        if content in taken:
            return None  # Kolibri has converted it already
        done = bool(row["closed"])
        completed = _moment(row, "completion_timestamp", optional=True)
        attempts = [attempt for _, attempt in convert.each("attempts", answers, convert.attempt)]
        for attempt, answer in zip(attempts, answers, strict=False):
            attempt.item = f"{answer['content_id']}:{attempt.item}"
        moments = [moment for attempt in attempts for moment in (attempt.start_timestamp, attempt.end_timestamp)]
        if completed is not None:
            moments.append(completed)
        if not moments:
            raise Corrupt("a quiz without a moment at which it was taken")
        key = _id(row, "id")
        common = {
            "user_id": found.user_id,
            "content_id": content,
            "start_timestamp": min(moments),
            "end_timestamp": max(moments) if completed is None else completed,
            "time_spent": float(sum(attempt.time_spent for attempt in attempts)),
        }
        summary = summary_id(str(found.user_id), content)
        level = -(int(content, 16) % 10**9) or -1
        described: Row = {"channel_id": None, "kind": "quiz", "progress": float(done)}
        session: Row = {
            "_id": key,
            **common,
            **described,
            "visitor_id": None,
            "context": {"quiz_id": content, "mastery_level": level},
            "summary_id": summary,
            "mastery_log_id": key,
            **_common(row),
        }
        tried: Row = {
            "_id": key,
            **common,
            "summary_id": summary,
            "mastery_level": level,
            "mastery_criterion": dict(mastery.COACH_ASSIGNED_QUIZ),
            "completion_timestamp": completed,
            "complete": done,
            **_common(row),
        }
        whole: Row = {
            "_id": summary,
            **common,
            **described,
            "completion_timestamp": completed,
            "extra_fields": {},
            "has_tries": True,
            "finished_tries": int(done),
            **_common(row),
        }
        for attempt in attempts:
            attempt.session_id = key
        found.attempts[key] = attempts
        return session, tried, whole

    for _, made in convert.each("exam_logs", rows.exams, exam):
        if made is not None:
            session, tried, whole = made
            found.sessions.append(session)
            found.tries.append(tried)
            if all(summary["_id"] != whole["_id"] for summary in found.summaries):
                found.summaries.append(whole)
    for orphans in by_exam.values():
        for _ in convert.each("attempts", orphans, _no_exam):
            pass


def _no_exam(_: SourceRow) -> None:
    raise Corrupt("its quiz is not there")


# Values


def _common(row: SourceRow) -> Row:
    return {"schema_version": SCHEMA_VERSION, "imported": {"id": _id(row, "id")}}


def _id(row: SourceRow, name: str) -> str:
    value = row[name]
    if isinstance(value, str) and _PLAIN_ID.fullmatch(value):
        return value
    try:
        return parse_id(str(value))
    except ValueError:
        raise Corrupt(f"{name}: not an id") from None


def _optional_id(row: SourceRow, name: str) -> str | None:
    return None if row.get(name) in (None, "") else _id(row, name)


def _text(row: SourceRow, name: str) -> str:
    if not isinstance(row[name], str) or not row[name]:
        raise Corrupt(f"{name}: no text")
    return str(row[name])


def _number(row: SourceRow, name: str) -> float:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        raise Corrupt(f"{name}: not a number of at least 0")
    return float(value)


_object = msgspec.json.Decoder(dict[str, Any] | None).decode
_objects = msgspec.json.Decoder(list[dict[str, Any]] | None).decode
_SUSPECT = re.compile(r"\\u0000|[0-9]{19}")


def _dict(row: SourceRow, name: str) -> dict[str, Any]:
    found: dict[str, Any] = _json(row, name, _object) or {}
    return found


def _history(row: SourceRow) -> list[HistoryEntry]:
    try:
        return [HistoryEntry.model_validate(entry) for entry in _dicts(row, "interaction_history")]
    except ValidationError:
        raise Corrupt("interaction_history: entries of another kind") from None


def _dicts(row: SourceRow, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _json(row, name, _objects) or []
    return found


def _json(row: SourceRow, name: str, decode: Callable[[str], Any]) -> Any:
    text = row[name]
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        text = as_json(text).decode()  # PostgreSQL may have decoded it already
    try:
        value = decode(text)
    except msgspec.ValidationError:
        raise Corrupt(f"{name}: JSON of another kind") from None
    except (ValueError, RecursionError):
        raise Corrupt(f"{name}: broken JSON") from None
    # Walked through only where there may be something to object to.
    if (_SUSPECT.search(text) or text.count("{") + text.count("[") > _DEPTH) and (
        found := objection(value, depth=_DEPTH)
    ):
        raise Corrupt(f"{name}: {found}")
    return value


def _moment(row: SourceRow, name: str, *, optional: bool = False) -> datetime | None:
    """A moment; Kolibri writes UTC, and behind it in brackets the zone in which it is to be shown."""
    value = row[name]
    if value in (None, "") and optional:
        return None
    if isinstance(value, str):
        # 2026-11-03 22:13:42.165163(Africa/Nairobi), of which the milliseconds are kept
        usual = value[19:20] == "." and value[26:27] == "("
        try:
            moment = datetime.fromisoformat(f"{value[:23]}+00:00" if usual else _ZONE.sub("", value))
        except ValueError:
            raise Corrupt(f"{name}: an impossible date") from None
        if usual:
            return moment
        value = moment
    if not isinstance(value, datetime):
        raise Corrupt(f"{name}: an impossible date")
    try:
        return moments.to_milliseconds(value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))
    except OverflowError:
        raise Corrupt(f"{name}: an impossible date") from None


def _period(row: SourceRow) -> tuple[datetime, datetime]:
    """Start and end; what has no end yet ends where it starts."""
    start = _moment(row, "start_timestamp")
    assert start is not None
    return start, _moment(row, "end_timestamp", optional=True) or start


def _context(row: SourceRow) -> dict[str, str | int]:
    sent = _dict(row, "extra_fields").get("context")
    if not isinstance(sent, dict):
        return {}
    found: dict[str, str | int] = {}
    for name in _CONTEXT_IDS:
        if sent.get(name):
            found[name] = _id(sent, name)
    level = sent.get("mastery_level")
    if isinstance(level, int) and level in _LEVELS:
        found["mastery_level"] = level
    return found
