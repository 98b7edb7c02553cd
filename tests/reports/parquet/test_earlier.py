"""A Parquet export from a month on leaves the files that one of everything would: nothing is twice, nothing is old."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import Person, School, exercise, right

parquet = pytest.importorskip("pyarrow.parquet")

ENGINES = pytest.mark.engines("embedded", "mongoeco")
FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)
LOGS = ("content_sessions", "content_summaries", "mastery_logs")


async def exported(school: School, folder: Path, since: datetime | None = None) -> dict[str, list[Any]]:
    """The rows of each file of the school's logs, after a run."""
    from learntrack.reports.parquet.service import ParquetExport

    await ParquetExport(school.api.db.reports, folder, since=since).run()
    return rows_in(folder, f"*/facility={school.facility}/*/*.parquet")


def rows_in(folder: Path, files: str) -> dict[str, list[Any]]:
    found = {}
    for path in folder.glob(f"v1/{files}"):
        with parquet.ParquetFile(path) as file:
            found[path.relative_to(folder).as_posix()] = file.read().to_pylist()
    return found


async def tried(school: School, learner: Person, begun: str, ended: str) -> dict[str, Any]:
    """A try of two answers, with its session and summary, that began and ended on these days."""
    api, start = school.api, exercise()
    await api.update(learner, await api.start(learner, **start), interactions=[right("q1"), right("q2")])
    await shift(school, start, start_timestamp=day(begun), end_timestamp=day(ended))
    return start


async def shift(school: School, start: dict[str, Any], *, logs: tuple[str, ...] = LOGS, **fields: Any) -> None:
    for name in logs:
        collection = school.api.db.collection(name)
        await collection.update_many({"content_id": start["content_id"]}, {"$set": fields})


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T10:00:00Z")


@ENGINES
async def test_what_goes_on_in_a_later_month_leaves_the_files_of_the_earlier_one(
    school: School, tmp_path: Path
) -> None:
    """A try that has gone on is written in February and taken from January; with January all that had come there since
    is written, so that it is taken from December.
    """
    learner = await school.learner()
    goes_on = await tried(school, learner, "2026-01-10", "2026-01-20")
    late = await tried(school, learner, "2025-12-05", "2025-12-20")
    stays = await tried(school, learner, "2025-11-05", "2025-11-20")
    before = await exported(school, tmp_path / "monthly")

    await shift(school, goes_on, end_timestamp=day("2026-02-03"))
    await shift(school, late, logs=("mastery_logs",), end_timestamp=day("2026-01-07"))
    await shift(school, stays, end_timestamp=day("2025-11-21"))
    monthly = await exported(school, tmp_path / "monthly", FEBRUARY)
    whole = await exported(school, tmp_path / "whole")

    november = {path for path in whole if "month=2025-11" in path}
    assert {path: monthly[path] for path in monthly if path not in november} == {
        path: rows for path, rows in whole.items() if path not in november
    }
    assert {path: monthly[path] for path in november} == {path: before[path] for path in november}


@ENGINES
async def test_a_learner_who_has_moved_is_in_one_facility_of_a_month_that_is_written_anew(
    school: School, tmp_path: Path
) -> None:
    learner, other = await school.learner(), await school.learner()
    moves = await tried(school, learner, "2026-01-10", "2026-01-20")
    goes_on = await tried(school, other, "2026-01-11", "2026-01-21")
    await exported(school, tmp_path)

    await shift(school, moves, facility_id=None)
    await shift(school, goes_on, end_timestamp=day("2026-02-03"))
    await exported(school, tmp_path, FEBRUARY)

    mine = (moves["content_id"], goes_on["content_id"])
    found = [row for rows in rows_in(tmp_path, "tries/*/*/*").values() for row in rows if row["content_id"] in mine]
    assert len(found) == 2


@ENGINES
async def test_months_before_the_first_run_are_not_brought(school: School, tmp_path: Path) -> None:
    await tried(school, await school.learner(), "2026-01-10", "2026-02-03")

    first = await exported(school, tmp_path, FEBRUARY)
    second = await exported(school, tmp_path, FEBRUARY)

    assert first == second
    assert {path.split("/")[1] for path in first} == {"tries", "attempts", "interactions"}
    assert all("month=2026-02" in path for path in first)
