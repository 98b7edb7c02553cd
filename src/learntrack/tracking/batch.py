"""An offline client's queue: many starts and updates in one request, each with a result of its own."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeGuard

import msgspec

from learntrack.access.actor import Actor
from learntrack.domain import moments
from learntrack.errors import InvalidFields, Refusal, TooLarge, field_error, inside
from learntrack.settings import Settings
from learntrack.storage import DatabaseBusy, DatabaseUnavailable
from learntrack.storage.group_commit import GROUP_BYTES
from learntrack.tracking.idempotency import KeyScope, request_key
from learntrack.tracking.requests import Job, StartJob, start_job, update_job
from learntrack.tracking.schemas import MOST_ITEMS, BatchItem, BatchResult, BatchResults
from learntrack.tracking.service import Answer, Tracking
from learntrack.web.answers import encoded
from learntrack.web.bodies import LARGE, decoded
from learntrack.web.problems import ProblemDocument, document_of, unavailable
from learntrack.web.values import read, read_text

_PART_ITEMS = 50
_SHARE_OF_A_REQUEST = 0.75
"""After so much of a request's time the rest of a queue is left for the next one, so that what is done is told."""
_AHEAD = timedelta(seconds=60)


class BatchRecorder:
    """Records batches.

    Args:
        tracking: Records each item.
        settings: The limits.

    """

    def __init__(self, tracking: Tracking, settings: Settings) -> None:
        self._tracking = tracking
        self._settings = settings
        self._longest_ago = timedelta(days=settings.max_occurred_days)

    async def record(self, body: Any, *, by: Actor) -> BatchResults:
        """Record every item that can be recorded; a bad one stops neither the others nor the later ones of its session.

        Args:
            body: The request's body, as plain values, so that a bad item is found with its own result.
            by: The caller.

        Raises:
            InvalidFields: there are no items, or too many.
            DatabaseUnavailable: none of the items could be stored just now.

        """
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
            raise field_error("items", f"Must be a list of 1–{MOST_ITEMS} items.")
        end = asyncio.get_running_loop().time() + _SHARE_OF_A_REQUEST * self._settings.request_seconds
        results: list[BatchResult] = []
        stored = False
        gone: DatabaseUnavailable | None = None
        missed: DatabaseUnavailable | None = None
        for part in _parts(items):
            if gone is None and asyncio.get_running_loop().time() > end:
                gone = DatabaseUnavailable("There are too many others at work.")
            asked = [await self._read(item, by) for item in part]
            outcomes = [gone] * len(part) if gone is not None else await self._outcomes([job for _, job in asked])
            stored = stored or any(isinstance(each, Answer) for each in outcomes)
            missed = missed or next((each for each in outcomes if isinstance(each, DatabaseUnavailable)), None)
            gone = gone or next(filter(_is_gone, outcomes), None)
            results += [_result(key, outcome) for (key, _), outcome in zip(asked, outcomes, strict=True)]
        if missed is not None and not stored:
            raise missed
        return BatchResults(results)

    async def _read(self, item: Any, by: Actor) -> tuple[str | None, Job | Refusal]:
        """An item's key, and what is to be done."""
        if isinstance(item, msgspec.Raw) and len(memoryview(item)) > LARGE:
            return await asyncio.to_thread(self._key_and_job, item, by)
        return self._key_and_job(item, by)

    def _key_and_job(self, item: Any, by: Actor) -> tuple[str | None, Job | Refusal]:
        key: str | None = None
        try:
            if isinstance(item, msgspec.Raw):
                item = self._decoded(item)
            key = read_text(item.get("key")) if isinstance(item, dict) else None
            return key, self._job(item, by)
        except Refusal as refusal:
            return key, refusal

    def _decoded(self, item: msgspec.Raw) -> Any:
        most = self._settings.max_body_bytes
        if len(memoryview(item)) > most:
            raise TooLarge(f"An item may have at most {most} bytes.")
        return decoded(bytes(item))

    async def _outcomes(self, jobs: Sequence[Job | Refusal]) -> list[Answer | Exception]:
        waiting = [job if isinstance(job, Refusal) else self._tracking.enqueue(job) for job in jobs]
        return [_named(job, outcome) for job, outcome in zip(jobs, await _outcomes(waiting), strict=True)]

    def _job(self, sent: Any, by: Actor) -> Job:
        item = self._item(sent)
        if (item.start is None) == (item.update is None):
            raise field_error("start", "One of start and update is required, not both.")
        session, at = item.session_id, self._moment(item.occurred_at)
        with inside("start" if item.update is None else "update", but=("key",)):
            if item.update is not None:
                return update_job(
                    session, item.update, self._settings, user_id=by.user_id, at=at, key=item.key, key_field="key"
                )
            start = item.start
            assert start is not None
            scope = KeyScope("session", session) if by.user_id is None else KeyScope("user", by.user_id)
            key = request_key(item.key, scope=scope, kind="offline start", of=session, body=start, field="key")
            return start_job(
                start, session_id=session, user_id=by.user_id, visitor_id=None, at=at, key=key, id_is_the_clients=True
            )

    def _item(self, sent: Any) -> BatchItem:
        if not isinstance(sent, dict):
            raise field_error("item", "Must be an object.")
        return read(BatchItem, sent)

    def _moment(self, at: datetime) -> datetime:
        try:
            moment = moments.to_milliseconds(at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
        except OverflowError:
            raise field_error("occurred_at", "Must be a moment within the calendar.") from None
        now = self._tracking.now()
        if moment > now + _AHEAD:
            raise field_error("occurred_at", "Must not be in the future.")
        if moment < now - self._longest_ago:
            raise field_error("occurred_at", f"Must be within the last {self._settings.max_occurred_days:g} days.")
        return moment


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


def _is_gone(outcome: Answer | Exception) -> TypeGuard[DatabaseUnavailable]:
    """Whether there is no database at all."""
    return isinstance(outcome, DatabaseUnavailable) and not isinstance(outcome, DatabaseBusy)


async def _outcomes(waiting: "Sequence[asyncio.Future[Answer] | Refusal]") -> list[Answer | Exception]:
    """The outcome of each; once the database is gone, the rest is not waited for."""
    outcomes: list[Answer | Exception] = []
    gone: DatabaseUnavailable | None = None
    try:
        for each in waiting:
            if isinstance(each, Refusal):
                outcomes.append(each)
                continue
            if gone is not None:
                each.cancel()
                outcomes.append(gone)
                continue
            try:
                outcomes.append(await each)
            except Refusal as refusal:
                outcomes.append(refusal)
            except DatabaseUnavailable as error:
                outcomes.append(error)
                gone = None if isinstance(error, DatabaseBusy) else error
    finally:
        for each in waiting:
            if not isinstance(each, Refusal):
                each.cancel()
    return outcomes


def _named(job: Job | Refusal, outcome: Answer | Exception) -> Answer | Exception:
    """An outcome whose fields are named as they stand in the item. What could not become a job names them already."""
    if isinstance(job, Refusal) or not isinstance(outcome, InvalidFields):
        return outcome
    return outcome.inside("start" if isinstance(job, StartJob) else "update")


def _result(key: str | None, outcome: Answer | Exception) -> BatchResult:
    if isinstance(outcome, Answer):
        body = outcome.body if isinstance(outcome.body, bytes) else encoded(outcome.body)
        return BatchResult(key, HTTPStatus.OK, outcome.replayed, msgspec.Raw(body))
    problem: ProblemDocument = document_of(outcome) if isinstance(outcome, Refusal) else unavailable()
    return BatchResult(key, problem.status, False, problem)
