"""What the write path is asked to do: a request's body, checked as far as that needs no database, as a job."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from learntrack.documents.base import MOST_STORED, stored_size
from learntrack.domain import mastery, unit_tests
from learntrack.domain.any_json import Unstorable, kept
from learntrack.domain.attempts import Interaction
from learntrack.domain.ids import is_id, parse_id
from learntrack.domain.progress import Advance
from learntrack.errors import Forbidden, InvalidFields, NotFound, TooLarge
from learntrack.settings import Settings
from learntrack.tracking import schemas
from learntrack.tracking.delivery import Delivery
from learntrack.tracking.idempotency import KeyScope, RequestKey, request_key
from learntrack.tracking.jobs import NamedAssignment, StartJob, UpdateJob
from learntrack.tracking.schemas import JsonObject, SessionStart, SessionUpdate

T = TypeVar("T")

_REQUIRED = "This field is required."
_NOT_BESIDE_A_QUIZ = ("node_id", "lesson_id", "unit_id")
_BESIDE_A_QUIZ = "Must not be given together with quiz_id."


def start_job(
    start: SessionStart,
    *,
    session_id: str,
    user_id: str | None,
    visitor_id: str | None,
    at: datetime,
    key: RequestKey | None,
    delivery: Delivery | None = None,
) -> StartJob:
    """The job of starting a session.

    Raises:
        InvalidFields: the fields do not go together.
        Forbidden: a quiz, lesson or course without being signed in.

    """
    _check_start(start)
    assigned = _assigned(start)
    if assigned and user_id is None:
        raise Forbidden("Sign in to take a quiz, a lesson or a course.")
    visited = _visited(start, user_id)
    return StartJob(
        session_id=session_id,
        user_id=user_id,
        visitor_id=visitor_id if user_id is None else None,
        content_id=visited.content_id,
        channel_id=visited.channel_id,
        kind=visited.kind,
        criterion=visited.criterion,
        context=visited.context | {each.field: each.id for each in assigned},
        assigned=assigned,
        repeat=bool(start.repeat),
        at=at,
        key=key,
        delivery=delivery,
    )


@dataclass(slots=True, frozen=True)
class _Visited:
    """What is visited: its content, and what names it in the session's context."""

    content_id: str
    channel_id: str | None
    kind: str
    criterion: mastery.Criterion | None
    context: dict[str, str | int]


def _visited(start: SessionStart, user_id: str | None) -> _Visited:
    """What a checked start visits: a quiz, the test of a course's unit, or a node."""
    if start.quiz_id is not None:
        return _Visited(start.quiz_id, None, "quiz", mastery.COACH_ASSIGNED_QUIZ, {})
    if start.unit_id is not None:
        course, unit = _required(start.course_session_id), start.unit_id
        test: mastery.TestType = _required(start.test_type)
        version = unit_tests.version(_required(user_id), course, unit, test)
        content = unit_tests.content_id(course, unit, test)
        return _Visited(content, None, "quiz", mastery.unit_test(version, test), {"unit_id": unit})
    criterion = start.mastery_model.criterion() if start.mastery_model else None
    context: dict[str, str | int] = {"node_id": _required(start.node_id)}
    return _Visited(_required(start.content_id), start.channel_id, _required(start.kind), criterion, context)


def _assigned(start: SessionStart) -> tuple[NamedAssignment, ...]:
    """What has to be assigned to the caller; a course beside a quiz is ignored."""
    names = ("quiz_id",) if start.quiz_id is not None else ("lesson_id", "course_session_id")
    return tuple(NamedAssignment(name, value) for name in names if (value := getattr(start, name)) is not None)


def update_job(
    session_id: str,
    update: SessionUpdate,
    settings: Settings,
    *,
    user_id: str | None,
    at: datetime,
    key: str | None,
    key_field: str = "Idempotency-Key",
    delivery: Delivery | None = None,
) -> UpdateJob:
    """The job of updating a session.

    Raises:
        InvalidFields: a field is wrong, or the key; `key_field` is where it stands.
        TooLarge: extra_fields are larger than what is stored of them.
        NotFound: the session's id is none.

    """
    _check_update(update, settings)
    if not is_id(session_id):
        raise NotFound("There is no such content session.")
    session = parse_id(session_id)
    scope = KeyScope("session", session) if user_id is None else KeyScope("user", user_id)
    named = request_key(key, scope=scope, kind="update", of=session, body=update, field=key_field)
    sent = update.interactions
    return UpdateJob(
        session_id=session,
        user_id=user_id,
        advance=Advance(update.progress_delta, update.progress, update.time_spent_delta or 0.0),
        extra_fields=update.extra_fields,
        interactions=None if sent is None else [_interaction(interaction) for interaction in sent],
        at=at,
        key=named,
        size=len(msgspec.json.encode(update)),
        delivery=delivery,
    )


# Checks


def _check_start(start: SessionStart) -> None:
    """Raise `InvalidFields` unless the fields of a start go together."""
    errors: dict[str, list[str]] = {}
    if start.quiz_id is not None:
        errors |= {name: [_BESIDE_A_QUIZ] for name in _NOT_BESIDE_A_QUIZ if getattr(start, name) is not None}
    elif start.unit_id is not None:
        errors |= {name: [_REQUIRED] for name in ("test_type", "course_session_id") if getattr(start, name) is None}
        if start.node_id is not None:
            errors["node_id"] = ["Must not be given together with unit_id."]
    elif start.node_id is None:
        errors["node_id"] = ["One of node_id, quiz_id and unit_id is required."]
    if start.lesson_id is not None and start.course_session_id is not None:
        errors["course_session_id"] = ["Must not be given together with lesson_id."]
    if start.node_id is not None:
        errors |= {name: [_REQUIRED] for name in ("kind", "content_id", "channel_id") if getattr(start, name) is None}
        if start.kind == "exercise" and start.mastery_model is None:
            errors["mastery_model"] = ["Required for kind exercise."]
        if start.kind != "exercise" and start.mastery_model is not None:
            errors["mastery_model"] = ["Only an exercise has a mastery model."]
    if start.mastery_model is not None and start.mastery_model.type == "m_of_n" and start.mastery_model.n is None:
        errors["mastery_model.n"] = [_REQUIRED]
    if errors:
        raise InvalidFields(errors)


def _required(value: T | None) -> T:
    """A field that `_check_start` has made sure is there."""
    assert value is not None
    return value


def _check_update(update: SessionUpdate, settings: Settings) -> None:
    """Raise `InvalidFields` or `TooLarge` unless an update can be recorded; what is stored of its free-form JSON takes
    the place of what was sent.
    """
    errors: dict[str, list[str]] = {}
    if update.progress is not None and update.progress_delta is not None:
        errors["progress"] = ["Must not be given together with progress_delta."]
    if update.extra_fields is not None:
        sent = update.extra_fields
        update.extra_fields = _kept(sent, "extra_fields", settings, errors)
        if not errors:
            _check_size(sent, update.extra_fields, settings.max_extra_fields_bytes)
    interactions = update.interactions or []
    if len(interactions) > settings.max_interactions:
        errors["interactions"] = [f"At most {settings.max_interactions} interactions in one update."]
    for number, interaction in enumerate(interactions):
        where = f"interactions[{number}].answer"
        if interaction.answer is not None:
            interaction.answer = _kept(interaction.answer, where, settings, errors)
        elif not interaction.error:
            errors[where] = ["Required unless error is true."]
    if errors:
        raise InvalidFields(errors)


def _check_size(extra_fields: JsonObject, stored: JsonObject, most: int) -> None:
    size = len(msgspec.json.encode(extra_fields))
    # Short numbers in long lists take up to seven times as much where they are stored.
    if size > most or (size > MOST_STORED // 7 and stored_size(stored) > MOST_STORED):
        raise TooLarge(f"extra_fields may have at most {most} bytes, and {MOST_STORED} as they are stored.")


def _kept(value: JsonObject, field: str, settings: Settings, errors: dict[str, list[str]]) -> JsonObject:
    try:
        found: JsonObject = kept(value, depth=settings.max_json_depth)
    except Unstorable as error:
        errors[field] = [str(error)]
        return {}
    return found


def _interaction(sent: schemas.Interaction) -> Interaction:
    return Interaction(
        item=sent.item,
        correct=sent.correct,
        time_spent=sent.time_spent,
        id=sent.id,
        answer=sent.answer,
        simple_answer=sent.simple_answer,
        complete=bool(sent.complete),
        error=bool(sent.error),
        hinted=bool(sent.hinted),
        replace=bool(sent.replace),
    )
