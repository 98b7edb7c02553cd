"""Reports at a terminal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from learntrack.domain import moments
from learntrack.reports import terminal
from learntrack.reports.formats import ReportAnswer
from learntrack.reports.questions import Column, ColumnKind
from learntrack.storage.database import Row


def table_of(name: str, file: Path) -> str:
    async def rows() -> AsyncIterator[Row]:
        yield {"name": name}

    answer = ReportAnswer("a", "A report", "It says much.", moments.now(), "UTC", [Column("name", "text", "")], rows())
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


async def _two_ids(file: Path, form: str) -> str:
    ids = {"content_id": "c0" * 16, "user_id": "d0" * 16}

    async def rows() -> AsyncIterator[Row]:
        yield ids | {"share": 0.9996, "time_spent": 8.166666666666666}

    kinds: dict[str, ColumnKind] = {
        "content_id": "content",
        "user_id": "user",
        "share": "share",
        "time_spent": "seconds",
    }
    columns = [Column(name, kind, "") for name, kind in kinds.items()]
    answer = ReportAnswer("a", "A report", "It says much.", moments.now(), "Africa/Nairobi", columns, rows())
    await terminal.write(answer, form, file, lambda: None)
    return file.read_text()  # noqa: ASYNC240 - a test's own small file


def test_a_narrow_terminal_keeps_ids_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    table = asyncio.run(_two_ids(tmp_path / "report.txt", "table"))

    assert "c0" * 16 in table
    assert "d0" * 16 in table
    assert "0.999" in table


def test_moments_and_names_of_columns_are_whole_and_the_time_zone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "report.txt"

    async def rows() -> AsyncIterator[Row]:
        yield {f"end_timestamp_{number}": datetime(2026, 11, 5, 6, 34, 47, tzinfo=UTC) for number in range(6)}

    columns = [Column(f"end_timestamp_{number}", "timestamp", "") for number in range(6)]
    answer = ReportAnswer("a", "A report", "It says much.", moments.now(), "Africa/Nairobi", columns, rows())
    asyncio.run(terminal.write(answer, "table", file, lambda: None))

    table = file.read_text()
    assert table.count("2026-11-05T06:34:47.000Z") == 6
    assert "end_timestamp_5" in table
    assert "Africa/Nairobi" in table


def test_html_has_titles_and_rounded_numbers(tmp_path: Path) -> None:
    page = asyncio.run(_two_ids(tmp_path / "report.html", "html"))

    assert ">Time spent (s)</th>" in page
    assert ">8.17</td>" in page
    assert ">0.999</td>" in page
    assert "days are those of Africa/Nairobi" in page


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0, "0"), (12.0, "12"), (12.345, "12.35"), (1234567.0, "1234567"), (2e9, "2000000000")]
)
def test_a_number_has_all_of_its_whole_digits(seconds: float, shown: str) -> None:
    assert terminal.cell_text(seconds, "seconds") == shown
