"""An offline client's queue: many starts and updates in one request, each with a result of its own."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import msgspec

from learntrack.access.actor import Actor
from learntrack.domain.ids import is_id, parse_id
from learntrack.errors import (
    InvalidFields,
    NotFound,
    Refusal,
    StartRefused,
    TooLarge,
    field_error,
    inside,
    kept_without_frames,
)
from learntrack.settings import Settings
from learntrack.storage import DatabaseUnavailable
from learntrack.storage.group_commit import GROUP_BYTES
from learntrack.tracking.batch_schemas import LONGEST_KEY, MOST_ITEMS, BatchItem, BatchResult, BatchResults
from learntrack.tracking.delivery import Clocks, in_utc
from learntrack.tracking.idempotency import KeyScope, request_key
from learntrack.tracking.jobs import Job, StartJob
from learntrack.tracking.requests import start_job, update_job
from learntrack.tracking.service import Recorded, Tracking
from learntrack.tracking.views import RoomForResults
from learntrack.web.answers import encoded
from learntrack.web.bodies import MostJson, aside, decoded
from learntrack.web.problems import ProblemDocument, document_of, unavailable
from learntrack.web.values import read_as, read_text

_PART_ITEMS = 100
_AT_ONCE = 3
"""Batches of which a part is read and done at the same time: enough for one to be stored while another is read. If many
arrive together, reading all of their first parts at once would hold up who is at work.
"""
_SHARE_OF_A_REQUEST = 0.75
"""After so much of a request's time the rest of a queue is left for the next one, so that what is done is told."""


class _Head(msgspec.Struct):
    """What a queue says besides its items."""

    sent_at: datetime | None = None


class _Remarks(msgspec.Struct):
    """What an answer says of how its item was recorded."""

    occurred_at: datetime | msgspec.UnsetType = msgspec.UNSET
    left_out: list[str] | msgspec.UnsetType = msgspec.UNSET


@dataclass(slots=True, frozen=True)
class _Asked:
    """What an item asks for, as far as it can be told: its key, its session, and what is to be done."""

    key: str | None
    session_id: str | None
    starts: bool
    job: Job | Refusal


class BatchRecorder:
    """Records batches.

    Args:
        tracking: Records each item.
        settings: The limits.

    """

    def __init__(self, tracking: Tracking, settings: Settings) -> None:
        self._tracking = tracking
        self._settings = settings
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._longest_ago = timedelta(days=settings.max_occurred_days)

    async def record(self, body: Any, *, by: Actor) -> BatchResults:
        """Record every item that can be recorded; a bad one stops neither the others nor the later ones of its session,
        but behind one that cannot be stored just now nothing is stored, so that they stay in order.

        Args:
            body: The request's body, as plain values, so that a bad item is found with its own result.
            by: The caller.

        Raises:
            InvalidFields: there are no items, or too many; or `sent_at` is no moment.
            DatabaseUnavailable: none of the items could be stored just now.

        """
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
            raise field_error("items", f"Must be a list of 1–{MOST_ITEMS} items.")
        clocks = self._clocks(body)
        refused_starts: dict[str, Exception] = {}
        end = asyncio.get_running_loop().time() + _SHARE_OF_A_REQUEST * self._settings.request_seconds
        results: list[BatchResult] = []
        room = RoomForResults(len(items))
        stored = False
        gone: DatabaseUnavailable | None = None
        missed: DatabaseUnavailable | None = None
        for part in _parts(items):
            async with self._turns:
                if gone is None and asyncio.get_running_loop().time() > end:
                    gone = DatabaseUnavailable("There are too many others at work.")
                asked = await self._read(part, by, clocks)
                async with aclosing(self._outcomes([gone or each.job for each in asked])) as outcomes:
                    for each in asked:
                        outcome = _in_turn(each, await anext(outcomes), refused_starts)
                        stored = stored or isinstance(outcome, Recorded)
                        missed = missed or (outcome if isinstance(outcome, DatabaseUnavailable) else None)
                        results.append(room.bounded(_result(each.key, outcome)))
            gone = gone or missed
        if missed is not None and not stored:
            raise missed
        return BatchResults(results)

    def _clocks(self, body: Any) -> Clocks:
        now, sent_at = self._tracking.now(), read_as(_Head, {"sent_at": body.get("sent_at")}).sent_at
        ahead = timedelta() if sent_at is None else in_utc(sent_at, "sent_at") - now
        return Clocks(now, ahead, self._longest_ago)

    async def _read(self, part: Sequence[Any], by: Actor, clocks: Clocks) -> list[_Asked]:
        def read_all() -> list[_Asked]:
            return [self._asked(item, by, clocks) for item in part]

        # Those of a small queue are read already.
        return await aside(read_all) if isinstance(part[0], msgspec.Raw) else read_all()

    def _asked(self, item: Any, by: Actor, clocks: Clocks) -> _Asked:
        try:
            sent = self._decoded(item) if isinstance(item, msgspec.Raw) else item
        except Refusal as refusal:
            return _Asked(None, None, False, refusal)
        named: Mapping[str, object] = sent if isinstance(sent, dict) else {}
        key, session, starts = read_text(named.get("key")), named.get("session_id"), named.get("start") is not None
        session_id = parse_id(session) if isinstance(session, str) and is_id(session) else None
        try:
            return _Asked(key, session_id, starts, self._job(sent, by, clocks))
        except Refusal as refusal:
            return _Asked(key, session_id, starts, refusal)

    def _decoded(self, item: msgspec.Raw) -> Any:
        most = self._settings.max_body_bytes
        if len(memoryview(item)) > most:
            raise TooLarge(f"An item may have at most {most} bytes.")
        return decoded(bytes(item), MostJson.by(self._settings))

    async def _outcomes(
        self, jobs: Sequence[Job | Refusal | DatabaseUnavailable]
    ) -> AsyncGenerator[Recorded | Exception, None]:
        """The outcome of each, one after the other, so that nobody has to hold all of their answers; once one could not
        be stored just now, those behind it are not either.
        """
        waiting: deque[asyncio.Future[Recorded] | Exception] = deque()
        before: asyncio.Future[Recorded] | None = None
        for job in jobs:
            if isinstance(job, Exception):
                waiting.append(job)
            else:
                before = self._tracking.enqueue(job, after=before)
                waiting.append(before)
        del before
        gone: DatabaseUnavailable | None = None
        try:
            for job in jobs:
                each = waiting[0]
                outcome = each if isinstance(each, Exception) else gone or await _outcome(each)
                gone = gone or (outcome if isinstance(outcome, DatabaseUnavailable) else None)
                _withdraw(waiting.popleft())
                yield _named(job, outcome)
        finally:
            for left in waiting:
                _withdraw(left)

    def _job(self, sent: Any, by: Actor, clocks: Clocks) -> Job:
        item = self._item(sent)
        if (item.start is None) == (item.update is None):
            raise field_error("start", "One of start and update is required, not both.")
        session, (at, delivery) = item.session_id, clocks.moment(item.occurred_at)
        with inside("start" if item.update is None else "update", but=("key",)):
            if item.update is not None:
                return update_job(
                    session,
                    item.update,
                    self._settings,
                    user_id=by.user_id,
                    at=at,
                    key=item.key,
                    key_field="key",
                    delivery=delivery,
                )
            start = item.start
            assert start is not None
            scope = KeyScope("session", session) if by.user_id is None else KeyScope("user", by.user_id)
            key = request_key(item.key, scope=scope, kind="offline start", of=session, body=start, field="key")
            return start_job(
                start, session_id=session, user_id=by.user_id, visitor_id=None, at=at, key=key, delivery=delivery
            )

    def _item(self, sent: Any) -> BatchItem:
        if not isinstance(sent, dict):
            raise field_error("item", "Must be an object.")
        return read_as(BatchItem, sent)


def _parts(items: Sequence[Any]) -> Iterator[list[Any]]:
    """The items in parts, each of which is done before the next is read: others have their turn in between."""
    part: list[Any] = []
    size = 0
    for item in items:
        size += len(memoryview(item)) if isinstance(item, msgspec.Raw) else 0
        if part and (len(part) == _PART_ITEMS or size > GROUP_BYTES):
            yield part
            part, size = [], 0
        part.append(item)
    yield part


async def _outcome(waiting: "asyncio.Future[Recorded]") -> Recorded | Exception:
    try:
        return await waiting
    except (Refusal, DatabaseUnavailable) as error:
        return kept_without_frames(error)


def _withdraw(waiting: "asyncio.Future[Recorded] | Exception") -> None:
    """Let a job not be done, unless it is under way."""
    if not isinstance(waiting, Exception) and not waiting.cancel() and not waiting.cancelled():
        waiting.exception()  # which is the one before it's, or known


def _named(job: Job | Exception, outcome: Recorded | Exception) -> Recorded | Exception:
    """An outcome whose fields are named as they stand in the item. What could not become a job names them already."""
    if isinstance(job, Exception) or not isinstance(outcome, InvalidFields):
        return outcome
    return outcome.inside("start" if isinstance(job, StartJob) else "update")


def _in_turn(
    asked: _Asked, outcome: Recorded | Exception, refused_starts: dict[str, Exception]
) -> Recorded | Exception:
    """The outcome of an item, seen with those before it: an update whose start was refused says so, and one whose start
    could not be stored just now is not refused for good.
    """
    session = asked.session_id
    if session is None:
        return outcome
    if asked.starts:
        refused_starts.pop(session, None)
        if isinstance(outcome, Exception) and not isinstance(outcome, NotFound):  # somebody else's is not told apart
            refused_starts[session] = outcome
    elif isinstance(outcome, NotFound) and (why := refused_starts.get(session)) is not None:
        return StartRefused(why.detail) if isinstance(why, Refusal) else why
    return outcome


def _result(key: str | None, outcome: Recorded | Exception) -> BatchResult:
    if key is not None and len(key) > LONGEST_KEY:
        key = None  # it is none, and may be of any length
    if isinstance(outcome, Recorded):
        body = outcome.body if isinstance(outcome.body, bytes) else encoded(outcome.body)
        said = msgspec.json.decode(body, type=_Remarks)
        return BatchResult(key, HTTPStatus.OK, outcome.replayed, msgspec.Raw(body), said.occurred_at, said.left_out)
    problem: ProblemDocument = document_of(outcome) if isinstance(outcome, Refusal) else unavailable()
    return BatchResult(key, problem.status, False, problem)
