"""Names beside the ids of a report's rows."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from learntrack.documents import Content, Question, User
from learntrack.reports import names
from learntrack.reports.names import named_columns, with_names
from learntrack.reports.questions import Column
from learntrack.storage import Database

COLUMNS = [
    Column("user_id", "user", ""),
    Column("content_id", "content", ""),
    Column("item", "question", ""),
    Column("many", "number", ""),
]


async def rows(*found: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for row in found:
        yield dict(row)


async def test_each_id_is_followed_by_what_it_is_called(memory: Database) -> None:
    user = User.begin("ada", username="ada", full_name="Ada L.", facility_id="f")
    asked = Question(item="q", title="1 + 1", right_answer="2")
    await memory.write([user, Content.new(id="c", title="Sums", kind="exercise", questions=[asked])], None)
    known = {"user_id": "ada", "content_id": "c", "item": "q", "many": 3, "more": "left out"}
    unknown = {"user_id": None, "content_id": "d", "item": "q", "many": 1}

    found = [row async for row in with_names(memory, rows(known, unknown), COLUMNS)]

    names = [column.name for column in named_columns(COLUMNS)]
    assert names == [
        "user_id",
        "username",
        "full_name",
        "content_id",
        "content",
        "item",
        "question",
        "right_answer",
        "many",
    ]
    assert [list(row) for row in found] == [names, names]
    assert list(found[0].values()) == ["ada", "ada", "Ada L.", "c", "Sums", "q", "1 + 1", "2", 3]
    # A question is its content's: the same item elsewhere is another one.
    assert list(found[1].values()) == [None, "", "", "d", "d", "q", "", "", 1]


async def test_what_has_been_looked_up_is_not_looked_up_again(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "ROWS", 2)
    user = User.begin("ada", username="ada", full_name="Ada L.", facility_id="f")
    asked = Question(item="q", title="1 + 1", right_answer="2")
    await memory.write([user, Content.new(id="c", title="Sums", kind="exercise", questions=[asked])], None)
    found, find = list[Any](), memory.find

    async def noted(kind: Any, query: Any, shown: Any = None) -> Any:
        found.append((kind, query))
        return await find(kind, query, shown)

    monkeypatch.setattr(memory, "find", noted)
    nobody = {"user_id": "eve", "content_id": "d", "item": "q", "many": 2}
    same = [{"user_id": "ada", "content_id": "c", "item": "q", "many": 1}, nobody] * 3

    shown = [row async for row in with_names(memory, rows(*same), COLUMNS)]

    assert [(row["full_name"], row["content"], row["question"]) for row in shown[::2]] == [
        ("Ada L.", "Sums", "1 + 1")
    ] * 3
    assert [(row["full_name"], row["content"], row["question"]) for row in shown[1::2]] == [("", "d", "")] * 3
    assert len([kind for kind, _ in found if kind is User]) == 1
    assert len([kind for kind, _ in found if kind is Content]) == 2, "of titles and of questions"
