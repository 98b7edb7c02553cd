"""A school that moved in keeps the names of its contents, and its quizzes their questions."""

import shutil
import sqlite3
from pathlib import Path

from tests.importing.moving import HOME, fresh, move_in
from tests.support import ROOT

CHANNEL, NODE = "c1" * 16, "d1" * 16


async def test_an_imported_school_has_names_and_no_more_answers_than_questions(tmp_path: Path) -> None:
    home = shutil.copytree(HOME, tmp_path / "home", copy_function=shutil.copyfile)
    async with fresh("embedded") as api:
        with sqlite3.connect(home / "db.sqlite3") as kolibri:
            [(content,)] = kolibri.execute("SELECT content_id FROM logger_contentsummarylog LIMIT 1").fetchall()
            _add(kolibri, "content_channelmetadata", {"id": CHANNEL, "name": "Mathematics"})
            node = {"id": NODE, "content_id": content, "channel_id": CHANNEL, "title": "Fractions", "kind": "exercise"}
            _add(kolibri, "content_contentnode", node)

        await move_in(api, home)

        quizzes = (await api.answer("GET", "/api/reports/quiz-results", ROOT))["results"]
        seen = (await api.answer("GET", "/api/reports/time-on-task", ROOT))["results"]
        listed = await api.answer("GET", "/api/roster/contents", ROOT)

    assert quizzes
    assert [row for row in quizzes if not row["answered"] <= row["question_count"]] == []
    assert {row["quiz"] for row in quizzes} >= {"quiz_a1"}
    assert "Fractions" in {row["content"] for row in seen}
    assert [(row["id"], row["title"], row["channel_name"]) for row in listed] == [(content, "Fractions", "Mathematics")]


def _add(kolibri: sqlite3.Connection, table: str, values: dict[str, str]) -> None:
    """A row, with something in every column that must not be empty."""
    columns = kolibri.execute(f"PRAGMA table_info({table})").fetchall()
    filled = {name: 0 for _, name, _, required, default, _ in columns if required and default is None} | values
    marks = ", ".join("?" * len(filled))
    names = ", ".join(f'"{name}"' for name in filled)
    kolibri.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(filled.values()))
