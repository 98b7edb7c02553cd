"""How many questions the content of a try has."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import UNSET

from learntrack.documents import Content, FormerEntry, Quiz
from learntrack.domain.ids import new_id
from learntrack.logs import question_counts
from learntrack.logs.filters import LogFilters
from learntrack.logs.schemas import MasteryLogRow
from learntrack.storage import Database

ID = new_id()
SOURCES: dict[str, Any] = {
    "gone": FormerEntry.begin(ID, "quizzes", "", question_count=1),
    "content": Content.new(id=ID, title="", kind="exercise", question_count=2),
    "quiz": Quiz.new(id=ID, title="", active=True, question_count=3),
    "quiz of unknown length": Quiz.new(id=ID, title="", active=True),
}


@pytest.mark.parametrize(
    ("stored", "count"),
    [
        ([], None),
        (["gone"], 1),
        (["gone", "content"], 2),
        (["gone", "content", "quiz"], 3),
        (["content", "quiz of unknown length"], 2),
        (["quiz of unknown length"], None),
    ],
)
async def test_a_quiz_comes_before_a_content_and_both_before_what_is_gone(
    memory: Database, stored: list[str], count: int | None
) -> None:
    await memory.write([SOURCES[name] for name in stored], None)

    assert (await question_counts.counts_of(memory, [ID])).get(ID) == count


def row(content: Any) -> MasteryLogRow:
    fields = dict.fromkeys(MasteryLogRow.__struct_fields__, UNSET)
    return MasteryLogRow(**fields | {"content": content})


async def rows(*contents: Any) -> AsyncIterator[MasteryLogRow]:
    for content in contents:
        yield row(content)


@pytest.mark.parametrize(
    ("include", "shown"),
    [
        ((), [(ID, UNSET), ("other", UNSET)]),
        (("question_count",), [(UNSET, 3), (UNSET, None)]),
        (("question_count", "content"), [(ID, 3), ("other", None)]),
    ],
)
async def test_a_content_that_was_only_read_for_its_count_is_not_shown(
    memory: Database, include: tuple[str, ...], shown: list[Any]
) -> None:
    await memory.write([SOURCES["quiz"]], None)
    filters = LogFilters(include=include)
    assert ("content" in question_counts.with_content(filters).include) is bool(include)

    found = [each async for each in question_counts.counted(memory, rows(ID, "other"), filters)]

    assert [(each.content, each.question_count) for each in found] == shown
