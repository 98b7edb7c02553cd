"""Rules of a request body that span fields or look inside free-form JSON (contract, POST and PUT contentsession)."""

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeVar

import msgspec

from learntrack.domain import attempts
from learntrack.domain.any_json import objection
from learntrack.errors import InvalidFields, TooLarge
from learntrack.settings import Settings
from learntrack.tracking.schemas import Interaction, MasteryModel, SessionStart, SessionUpdate

T = TypeVar("T")

_REQUIRED = "This field is required."


def check_start(start: SessionStart) -> None:
    """Raise `InvalidFields` unless the fields of a start go together."""
    errors: dict[str, list[str]] = {}
    if start.quiz_id is not None:
        for name in ("node_id", "lesson_id"):
            if getattr(start, name) is not None:
                errors[name] = ["Must not be given together with quiz_id."]
    elif start.node_id is None:
        errors["node_id"] = ["One of node_id and quiz_id is required."]
    if start.lesson_id is not None and start.course_session_id is not None:
        errors["course_session_id"] = ["Must not be given together with lesson_id."]
    if start.node_id is not None:
        errors |= {name: [_REQUIRED] for name in ("kind", "content_id", "channel_id") if getattr(start, name) is None}
        if start.kind == "exercise" and start.mastery_model is None:
            errors["mastery_model"] = ["Required for kind exercise."]
        if start.kind != "exercise" and start.mastery_model is not None:
            errors["mastery_model"] = ["Only an exercise has a mastery model."]
    if start.mastery_model is not None and (objections := _model_objections(start.mastery_model)):
        errors |= objections
    if errors:
        raise InvalidFields(errors)


def required(value: T | None) -> T:
    """A field that `check_start` has made sure is there."""
    assert value is not None
    return value


def _model_objections(model: MasteryModel) -> dict[str, list[str]]:
    if model.type != "m_of_n":
        return {}
    if missing := {f"mastery_model.{name}": [_REQUIRED] for name in ("m", "n") if getattr(model, name) is None}:
        return missing
    assert model.m is not None
    assert model.n is not None
    return {} if 1 <= model.m <= model.n else {"mastery_model.m": ["Must be at least 1 and at most n."]}


def check_update(update: SessionUpdate, settings: Settings) -> list[attempts.Interaction]:
    """The interactions of an update; raise `InvalidFields` or `TooLarge` unless it can be recorded."""
    errors: dict[str, list[str]] = {}
    if update.progress is not None and update.progress_delta is not None:
        errors["progress"] = ["Must not be given together with progress_delta."]
    _check_numbers(update, ("progress", "progress_delta", "time_spent_delta"), "", errors)
    if update.extra_fields is not None:
        _check_json(update.extra_fields, "extra_fields", settings, errors)
        if len(msgspec.json.encode(update.extra_fields)) > settings.max_extra_fields_bytes:
            raise TooLarge(f"extra_fields may have at most {settings.max_extra_fields_bytes} bytes.")
    interactions = update.interactions or []
    if len(interactions) > settings.max_interactions:
        errors["interactions"] = [f"At most {settings.max_interactions} interactions in one update."]
    for number, interaction in enumerate(interactions):
        where = f"interactions[{number}]."
        _check_numbers(interaction, ("correct", "time_spent"), where, errors)
        if interaction.answer is None and not interaction.error:
            errors[where + "answer"] = ["Required unless error is true."]
        if interaction.answer is not None:
            _check_json(interaction.answer, where + "answer", settings, errors)
    if errors:
        raise InvalidFields(errors)
    return [_interaction(interaction) for interaction in interactions]


def _check_numbers(shape: Any, names: tuple[str, ...], where: str, errors: dict[str, list[str]]) -> None:
    for name in names:
        value = getattr(shape, name)
        if value is not None and not isfinite(value):
            errors[where + name] = ["Must be a finite number."]


def _check_json(value: Mapping[str, Any], field: str, settings: Settings, errors: dict[str, list[str]]) -> None:
    if found := objection(value, depth=settings.max_json_depth):
        errors[field] = [found]


def _interaction(sent: Interaction) -> attempts.Interaction:
    return attempts.Interaction(
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
