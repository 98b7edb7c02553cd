"""How pages find what they show."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from learntrack.documents import AttemptOverflow, ContentSummary, MasteryLog
from learntrack.storage.database import Database
from learntrack.storage.reading import Reading
from tests.pages.opening import Class, page
from tests.support import right

LARGE = (AttemptOverflow, ContentSummary, MasteryLog)


@pytest.mark.engines("embedded")
async def test_large_collections_are_asked_by_one_condition(room: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two the embedded engine uses the index of neither, and reads the whole collection."""
    asked: list[tuple[Any, Mapping[str, Any]]] = []
    find = Reading.find

    async def noted(self: Database, kind: Any, query: Mapping[str, Any], *more: Any) -> Any:
        asked.append((kind, query))
        return await find(self, kind, query, *more)

    def noting(reads: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        async def noted(
            self: Reading, kind: Any, query: Mapping[str, Any], *more: Any, **named: Any
        ) -> AsyncIterator[Any]:
            asked.append((kind, query))
            async for found in reads(self, kind, query, *more, **named):
                yield found

        return noted

    session = await room.api.start(room.learner, quiz_id=room.quiz)
    for first in range(0, 60, 20):
        sent = [right(f"q{number}") for number in range(first, first + 20)]
        await room.api.update(room.learner, session, interactions=sent)
    monkeypatch.setattr(Reading, "find", noted)
    monkeypatch.setattr(Reading, "each", noting(Reading.each))
    monkeypatch.setattr(Reading, "parts", noting(Reading.parts))
    for path in ("", f"/quiz/{room.quiz}", f"/learner/{room.learner.id}"):
        await page(room.api, f"/class/{room.room}{path}", room.coach)

    of_large = [(kind, query) for kind, query in asked if kind in LARGE]
    assert {kind for kind, _ in of_large} == set(LARGE)
    assert [(kind.__name__, list(query)) for kind, query in of_large if len(query) > 1] == []
