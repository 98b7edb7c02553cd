"""What is stored is what the documents say. That all that the API's tests store is so is asked in `conftest.api`."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from learntrack.documents import ALL, ContentSession, MasteryLog
from learntrack.domain import moments
from learntrack.domain.attempts import Attempt, Interaction
from learntrack.domain.ids import new_id
from tests.documents.stored import BY_COLLECTION, fault_of

NOW = moments.now()


@pytest.fixture
def row() -> dict[str, Any]:
    log = MasteryLog.begin(
        new_id(), user_id=new_id(), content_id=new_id(), level=1, criterion={"type": "do_all"}, at=NOW
    )
    log.attempts = [Attempt.begin(Interaction("q", 1.0, 2.0, answer={}), session_id=new_id(), number=0, now=NOW)]
    return log.row()


def test_a_row_that_a_document_made_is_right(row: dict[str, Any]) -> None:
    assert fault_of("mastery_logs", row) is None


@pytest.mark.parametrize("path", [(), ("attempts", 0)], ids=["document", "attempt"])
def test_a_field_that_the_document_lacks_is_a_fault(row: dict[str, Any], path: tuple[Any, ...]) -> None:
    place: Any = row
    for step in path:
        place = place[step]
    place["drifted"] = 1

    assert "drifted" in str(fault_of("mastery_logs", row))


@pytest.mark.parametrize("lacking", ["user_id", "schema_version"])
def test_a_missing_field_is_a_fault(row: dict[str, Any], lacking: str) -> None:
    del row[lacking]

    assert lacking in str(fault_of("mastery_logs", row))


def test_a_collection_without_a_document_is_a_fault(row: dict[str, Any]) -> None:
    assert fault_of("elsewhere", row) is not None


def test_every_collection_has_one_document() -> None:
    assert len(BY_COLLECTION) == len(ALL)
    assert BY_COLLECTION["content_sessions"] is ContentSession


FREE = {"ContentSummary.extra_fields", "MasteryLog.mastery_criterion", "Attempt.answer", "HistoryEntry.answer"}
"""What an app, or an assessment, says in JSON of its own."""


def untyped(model: type[BaseModel]) -> set[str]:
    """The fields of a document, and of what is embedded in it, that may hold anything."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        if "Any" in str(field.annotation):
            found.add(f"{model.__name__}.{name}")
        for part in embedded(field.annotation):
            found |= untyped(part)
    return found


def embedded(hint: Any) -> list[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return [hint]
    return [model for part in get_args(hint) for model in embedded(part)]


def test_all_that_is_stored_has_a_shape_but_for_what_others_say_in_json() -> None:
    assert {field for document in ALL for field in untyped(document)} == FREE
