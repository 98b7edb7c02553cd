"""What docs/questions.md tells people to ask is answered, and rightly."""

import re
from pathlib import Path
from typing import Any

import pytest

from learntrack.reports.questions import questions
from tests.support import ROOT, School, exercise, new_id, right, video

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "questions.md").read_text()
QUERIES = re.compile(r"```sql\n(.*?)```", re.DOTALL)
[SCRIPT] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_it_names_only_reports_that_there_are() -> None:
    named = re.findall(r"learntrack report ([a-z-]+)", PAGE)

    assert len(named) >= 6
    assert set(named) <= questions().keys()


@pytest.mark.engines("embedded")
async def test_its_queries_answer_as_the_reports_do(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from learntrack.reports.parquet.service import ParquetExport

    api, learner, idle = school.api, await school.learner(), await school.learner()
    channel, film, practice = new_id(), video(), exercise()
    for start in (film, practice):
        start["channel_id"] = channel
    lessons = [
        {
            "id": new_id(),
            "title": "Fractions",
            "collection_ids": [school.places["A1"]],
            "content_ids": [film["content_id"]],
        }
    ]
    contents = [
        {"id": film["content_id"], "title": "Halves", "kind": "video", "channel_id": channel, "channel_name": "Maths"}
    ]
    await api.roster(ROOT, lessons=lessons, contents=contents)
    await api.update(learner, await api.start(learner, **film), progress=1, time_spent_delta=90)
    await api.update(learner, await api.start(learner, **practice), interactions=[right("q1")], time_spent_delta=30)
    await ParquetExport(api.db.reports, tmp_path).run()
    monkeypatch.chdir(PROJECT)

    minutes, idle_ones, channels = asked(tmp_path, school)

    assert sum(worked for _, worked in minutes) == 2.0
    assert [(title, user) for title, _, user in idle_ones] == [("Fractions", idle.id)]
    assert channels == [("Maths", 2, 1)]


def asked(folder: Path, school: School) -> list[list[Any]]:
    """What the page's queries say, after its script in Python has run."""
    found: dict[str, Any] = {}
    script = SCRIPT.replace("DIR/", f"{folder}/").replace("'ID'", f"'{school.facility}'")
    exec(script, found)
    queries = [query.replace("CLASSROOM", school.places["A1"]) for query in QUERIES.findall(PAGE)]
    return [found["db"].execute(query.replace("DIR/", f"{folder}/")).fetchall() for query in queries]
