"""What no service would take is refused before it is stored: an app's developer sees it at once, with the field."""

from collections.abc import Sequence
from math import isfinite

from learntrack_client.problems import invalid
from learntrack_client.shapes import Content, Interaction, MasteryModel, Update

_REQUIRED = "This field is required."


def check_content(content: Content) -> None:
    """Raise `InvalidFields` unless something is named that can be visited."""
    errors: dict[str, list[str]] = {}
    if not isinstance(content, Content):
        raise invalid({"content": ["Must be a Content."]})
    if content.mastery_model is not None and not isinstance(content.mastery_model, MasteryModel):
        errors["mastery_model"] = ["Must be a MasteryModel."]
    if content.quiz_id is None and content.unit_id is None and content.node_id is None:
        errors["node_id"] = ["One of node_id, quiz_id and unit_id is required."]
    if content.node_id is not None:
        errors |= {name: [_REQUIRED] for name in ("kind", "content_id", "channel_id") if getattr(content, name) is None}
    if content.kind == "exercise" and content.mastery_model is None:
        errors["mastery_model"] = ["Required for kind exercise."]
    if content.unit_id is not None:
        errors |= {name: [_REQUIRED] for name in ("test_type", "course_session_id") if getattr(content, name) is None}
    if errors:
        raise invalid(errors)


def check_update(update: Update) -> None:
    """Raise `InvalidFields` unless the numbers are in their ranges, and what is required is there."""
    errors: dict[str, list[str]] = {}
    if update.progress is not None and update.progress_delta is not None:
        errors["progress"] = ["Must not be given together with progress_delta."]
    for name in ("progress", "progress_delta"):
        _check_fraction(name, getattr(update, name), errors)
    _check_seconds("time_spent_delta", update.time_spent_delta, errors)
    _check_interactions(update.interactions or [], errors)
    if errors:
        raise invalid(errors)


def _check_interactions(interactions: Sequence[Interaction], errors: dict[str, list[str]]) -> None:
    for number, each in enumerate(interactions):
        where = f"interactions[{number}]"
        if not isinstance(each, Interaction):
            errors[where] = ["Must be an Interaction."]
            continue
        _check_fraction(f"{where}.correct", each.correct, errors)
        _check_seconds(f"{where}.time_spent", each.time_spent, errors)
        if not each.item.strip():
            errors[f"{where}.item"] = [_REQUIRED]
        if each.answer is None and not each.error:
            errors[f"{where}.answer"] = ["Required unless error is true."]


def _check_fraction(name: str, value: float | None, errors: dict[str, list[str]]) -> None:
    if value is not None and not (isfinite(value) and 0 <= value <= 1):
        errors[name] = ["Must be 0.0–1.0."]


def _check_seconds(name: str, value: float | None, errors: dict[str, list[str]]) -> None:
    if value is not None and not (isfinite(value) and value >= 0):
        errors[name] = ["Must be seconds, 0 or more."]
