"""What no service would take is refused before it is stored: an app's developer sees it at once, with the field."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import httpx

from learntrack_client.problems import invalid
from learntrack_client.shapes import Content, Interaction, MasteryModel, Update, plain_id

_LONGEST_ITEM = 1000
_LONGEST_ANSWER = 65_536
_MOST_INTERACTIONS = 1000
_REQUIRED = "This field is required."
_NO_ID = "Must be a UUID."
_ID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}")
_IDS = ("node_id", "content_id", "channel_id", "lesson_id", "quiz_id", "course_session_id", "unit_id")
_APART = (
    ("node_id", "quiz_id"),
    ("lesson_id", "quiz_id"),
    ("unit_id", "quiz_id"),
    ("node_id", "unit_id"),
    ("course_session_id", "lesson_id"),
)

Errors = dict[str, list[str]]


def checked_learner(learner: str | None) -> str | None:
    """The learner's id as the service writes it; raises `InvalidFields` if it is none."""
    if learner is None:
        return None
    if not isinstance(learner, str) or not _ID.fullmatch(learner):
        raise invalid({"learner": [_NO_ID]})
    return plain_id(learner)


def check_address(address: str) -> None:
    """Raise `InvalidFields` unless a service can be there."""
    try:
        found = httpx.URL(address)
    except (httpx.InvalidURL, TypeError):
        found = httpx.URL()
    if found.scheme not in ("http", "https") or not found.host:
        raise invalid({"address": ["Must begin with http:// or https://."]})


def check_content(content: Content) -> None:
    """Raise `InvalidFields` unless something is named that can be visited."""
    if not isinstance(content, Content):
        raise invalid({"content": ["Must be a Content."]})
    errors: Errors = {}
    for name in _IDS:
        value: Any = getattr(content, name)
        if value is not None and not (isinstance(value, str) and _ID.fullmatch(value)):
            errors[name] = [_NO_ID]
    for name, other in _APART:
        if getattr(content, name) is not None and getattr(content, other) is not None:
            errors[name] = [f"Must not be given together with {other}."]
    required = ["kind", "content_id", "channel_id"] if content.node_id is not None else []
    required += ["test_type", "course_session_id"] if content.unit_id is not None else []
    errors |= {name: [_REQUIRED] for name in required if getattr(content, name) is None}
    if content.node_id is None and content.quiz_id is None and content.unit_id is None:
        errors["node_id"] = ["One of node_id, quiz_id and unit_id is required."]
    _check_mastery_model(content, errors)
    if errors:
        raise invalid(errors)


def _check_mastery_model(content: Content, errors: Errors) -> None:
    model: Any = content.mastery_model
    if model is None:
        if content.node_id is not None and content.kind == "exercise":
            errors["mastery_model"] = ["Required for kind exercise."]
    elif not isinstance(model, MasteryModel):
        errors["mastery_model"] = ["Must be a MasteryModel."]
    elif content.node_id is not None and content.kind != "exercise":
        errors["mastery_model"] = ["Only an exercise has a mastery model."]
    elif model.type == "m_of_n" and model.n is None:
        errors["mastery_model.n"] = [_REQUIRED]


def check_update(update: Update) -> None:
    """Raise `InvalidFields` unless the numbers are in their ranges, and what is required is there."""
    errors: Errors = {}
    if update.progress is not None and update.progress_delta is not None:
        errors["progress"] = ["Must not be given together with progress_delta."]
    for name in ("progress", "progress_delta"):
        _check_fraction(name, getattr(update, name), errors)
    _check_seconds("time_spent_delta", update.time_spent_delta, errors)
    if update.extra_fields is not None and not isinstance(update.extra_fields, dict):
        errors["extra_fields"] = ["Must be a dict."]
    _check_interactions(update.interactions or [], errors)
    if errors:
        raise invalid(errors)


def _check_interactions(interactions: Sequence[Interaction], errors: Errors) -> None:
    if len(interactions) > _MOST_INTERACTIONS:
        errors["interactions"] = [f"At most {_MOST_INTERACTIONS} interactions in one update."]
        return
    for number, each in enumerate(interactions):
        where = f"interactions[{number}]"
        if not isinstance(each, Interaction):
            errors[where] = ["Must be an Interaction."]
            continue
        _check_fraction(f"{where}.correct", each.correct, errors)
        _check_seconds(f"{where}.time_spent", each.time_spent, errors)
        if not isinstance(each.item, str) or not each.item.strip():
            errors[f"{where}.item"] = [_REQUIRED]
        elif len(each.item.strip()) > _LONGEST_ITEM:
            errors[f"{where}.item"] = [f"May have at most {_LONGEST_ITEM} characters."]
        if isinstance(each.simple_answer, str) and len(each.simple_answer) > _LONGEST_ANSWER:
            errors[f"{where}.simple_answer"] = [f"May have at most {_LONGEST_ANSWER} characters."]
        if not (each.error if each.answer is None else isinstance(each.answer, dict)):
            errors[f"{where}.answer"] = ["Must be a dict, unless error is true."]


def _check_fraction(name: str, value: Any, errors: Errors) -> None:
    if value is not None and not (_number(value) and 0 <= value <= 1):
        errors[name] = ["Must be 0.0–1.0."]


def _check_seconds(name: str, value: Any, errors: Errors) -> None:
    if value is not None and not (_number(value) and value >= 0):
        errors[name] = ["Must be seconds, 0 or more."]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max
