"""A school that moved in keeps the names of its contents, and its quizzes their questions."""

import shutil
import sqlite3
from pathlib import Path

from tests.importing.moving import HOME, fresh, move_in
from tests.support import ROOT

SHAPES = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name LIKE 'content\\_%' ESCAPE '\\'"
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


async def test_titles_and_topics_are_read_from_the_databases_of_channels_too(tmp_path: Path) -> None:
    """Of a channel that was removed from the device there is only its own database; a file that is none is passed."""
    home = shutil.copytree(HOME, tmp_path / "home", copy_function=shutil.copyfile)
    databases = home / "content" / "databases"
    databases.mkdir(parents=True)
    (databases / "broken.sqlite3").write_bytes(b"no database" * 100)
    with sqlite3.connect(home / "db.sqlite3") as kolibri:
        query = "SELECT DISTINCT content_id FROM logger_contentsummarylog LIMIT 2"
        used, also = (row[0] for row in kolibri.execute(query).fetchall())
        root = {"id": "e1" * 16, "content_id": "e2" * 16, "channel_id": CHANNEL, "title": "Maths", "kind": "topic"}
        folder = root | {"id": "e3" * 16, "content_id": "e4" * 16, "title": "Sets", "parent_id": root["id"]}
        node = {"id": NODE, "content_id": used, "channel_id": CHANNEL, "title": "Here", "kind": "video"}
        for each in (root, folder, node | {"parent_id": folder["id"]}):
            _add(kolibri, "content_contentnode", each)
        shapes = kolibri.execute(SHAPES).fetchall()
    with sqlite3.connect(databases / f"{CHANNEL}.sqlite3") as channel:
        for (shape,) in shapes:
            channel.execute(shape)
        _add(channel, "content_channelmetadata", {"id": CHANNEL, "name": "Mathematics"})
        for each in (root, folder, node | {"title": "There"}, node | {"id": "d2" * 16, "content_id": also}):
            _add(
                channel, "content_contentnode", each | {"parent_id": folder["id"]} if each["kind"] == "video" else each
            )
        _add(channel, "content_contentnode", node | {"id": "d3" * 16, "content_id": "d4" * 16, "title": "Unused"})

    async with fresh("mongomock") as api:
        await move_in(api, home)
        listed = {row["id"]: row for row in await api.answer("GET", "/api/roster/contents", ROOT)}

    found = {key: (row["title"], row["channel_name"], row["topics"]) for key, row in listed.items()}
    assert found[used] == found[also] == ("Here", "Mathematics", ["Maths", "Sets"])
    assert "d4" * 16 not in found


def _add(kolibri: sqlite3.Connection, table: str, values: dict[str, str]) -> None:
    """A row, with something in every column that must not be empty."""
    columns = kolibri.execute(f"PRAGMA table_info({table})").fetchall()
    filled = {name: 0 for _, name, _, required, default, _ in columns if required and default is None} | values
    marks = ", ".join("?" * len(filled))
    names = ", ".join(f'"{name}"' for name in filled)
    kolibri.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(filled.values()))
