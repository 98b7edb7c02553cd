"""An offline client's queue: many starts and updates in one request, each with a result of its own."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Reference, Schema
from msgspec import Meta, Struct

from learntrack.access.actor import Actor
from learntrack.domain import moments
from learntrack.domain.any_json import is_deeper_than
from learntrack.domain.ids import parse_id
from learntrack.errors import InvalidFields, Refusal, field_error
from learntrack.settings import Settings
from learntrack.storage import DatabaseBusy, DatabaseUnavailable
from learntrack.tracking.idempotency import request_key
from learntrack.tracking.requests import Job, start_job, update_job
from learntrack.tracking.schemas import SessionStart, SessionUpdate
from learntrack.tracking.service import Answer, Tracking
from learntrack.web.answers import encoded
from learntrack.web.problems import ProblemDocument, document_of, invalid, unavailable
from learntrack.web.values import Id

MOST_ITEMS = 500
_AHEAD = timedelta(seconds=60)
T = TypeVar("T")

_Key = Annotated[str, Meta(min_length=1, max_length=255)]


BATCH_SCHEMA: dict[str, Any] = {
    "required": ["items"],
    "properties": {
        "items": Schema(
            type=OpenAPIType.ARRAY,
            min_items=1,
            max_items=MOST_ITEMS,
            description="Starts and updates, oldest first.",
            items=Schema(
                type=OpenAPIType.OBJECT,
                required=["key", "occurred_at", "session_id"],
                properties={
                    "key": Schema(
                        type=OpenAPIType.STRING, min_length=1, max_length=255, description="The item's Idempotency-Key."
                    ),
                    "occurred_at": Schema(
                        type=OpenAPIType.STRING,
                        format=OpenAPIFormat.DATE_TIME,
                        description="When it happened (ISO 8601, UTC): its timestamps.",
                    ),
                    "session_id": Schema(
                        type=OpenAPIType.STRING,
                        format=OpenAPIFormat.UUID,
                        description="The session. The client makes a UUID for each session that it starts.",
                    ),
                    "start": Reference("#/components/schemas/SessionStart"),
                    "update": Reference("#/components/schemas/SessionUpdate"),
                },
            ),
        )
    },
}
"""The body as the API's description shows it. It is checked item by item, so that a bad one has a result of its own."""


class BatchResult(Struct):
    """What became of an item."""

    key: Annotated[str | None, Meta(description="The item's key.")]
    status: Annotated[int, Meta(description="As if the item had been a request of its own.")]
    replayed: Annotated[bool, Meta(description="It had been answered before; this is the answer of then.")]
    body: Annotated[Any, Meta(description="The answer, or the problem document of a refusal.")]


class BatchResults(Struct):
    """A result an item, in the items' order."""

    results: list[BatchResult]


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
        jobs = [self._job_or_refusal(item, by) for item in items]
        waiting = [job if isinstance(job, Refusal) else self._tracking.enqueue(job) for job in jobs]
        outcomes = await _outcomes(waiting)
        if any(isinstance(each, DatabaseUnavailable) for each in outcomes) and not any(
            isinstance(each, Answer) for each in outcomes
        ):
            raise next(each for each in outcomes if isinstance(each, DatabaseUnavailable))
        return BatchResults([_result(item, outcome) for item, outcome in zip(items, outcomes, strict=True)])

    def _job_or_refusal(self, item: Any, by: Actor) -> Job | Refusal:
        try:
            return self._job(item, by)
        except Refusal as refusal:
            return refusal

    def _job(self, item: Any, by: Actor) -> Job:
        if not isinstance(item, dict):
            raise field_error("item", "Must be an object.")
        if is_deeper_than(item, self._settings.max_json_depth + 1):
            raise field_error("item", "Nested too deeply.")
        key = _converted(item.get("key"), _Key, "key")
        at = self._moment(item.get("occurred_at"))
        session = parse_id(_converted(item.get("session_id"), Id, "session_id"))
        given = [name for name in ("start", "update") if item.get(name) is not None]
        if len(given) != 1:
            raise field_error("start", "One of start and update is required, not both.")
        scope = by.user_id or session
        if given == ["start"]:
            start = _converted(item["start"], SessionStart, "start")
            named = request_key(key, scope=scope, action=f"start {session}", body=start, field="key")
            return start_job(
                start, session_id=session, user_id=by.user_id, visitor_id=None, at=at, key=named, id_is_the_clients=True
            )
        change = _converted(item["update"], SessionUpdate, "update")
        return update_job(session, change, self._settings, user_id=by.user_id, at=at, key=key, key_field="key")

    def _moment(self, sent: Any) -> datetime:
        at = _converted(sent, datetime, "occurred_at")
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


def _converted(value: Any, shape: Any, field: str) -> Any:
    if value is None:
        raise field_error(field, "This field is required.")
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        errors = invalid(error).errors
        raise InvalidFields(
            {field if name == "body" else f"{field}.{name}": messages for name, messages in errors.items()}
        ) from None


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


def _result(item: Any, outcome: Answer | Exception) -> BatchResult:
    key = item.get("key") if isinstance(item, dict) and isinstance(item.get("key"), str) else None
    if isinstance(outcome, Answer):
        body = outcome.body if isinstance(outcome.body, bytes) else encoded(outcome.body)
        return BatchResult(key, HTTPStatus.OK, outcome.replayed, msgspec.Raw(body))
    problem: ProblemDocument = document_of(outcome) if isinstance(outcome, Refusal) else unavailable()
    return BatchResult(key, problem.status, False, problem)
