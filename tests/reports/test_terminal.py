"""Reports at a terminal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from learntrack.domain import moments
from learntrack.reports import terminal
from learntrack.reports.formats import Answer
from learntrack.reports.questions import Column
from learntrack.storage.database import Row


def table_of(name: str, file: Path) -> str:
    async def rows() -> AsyncIterator[Row]:
        yield {"name": name}

    answer = Answer("a", "A report", "It says much.", moments.now(), [Column("name", "text", "")], rows())
    asyncio.run(terminal.write(answer, "table", file, lambda: None))
    return file.read_text()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[/x]", "[/x]"),
        ("[red]Ada[/red]", "[red]Ada[/red]"),
        ("[link=http://evil.example]Ada", "[link=http://evil.example]Ada"),
        ("Ada\\[", "Ada\\["),
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\rb\nc\td\x00", r"a\rb\nc\td\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eadA", r"\u202eadA"),
        ("Ada Lovelace, مریم‌جان, 李", "Ada Lovelace, مریم‌جان, 李"),
    ],
)
def test_a_learners_name_is_text_whatever_is_in_it(tmp_path: Path, name: str, shown: str) -> None:
    assert shown in table_of(name, tmp_path / "report.txt")
