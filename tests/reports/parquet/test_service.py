"""What is written as Parquet files says what the reports say, and a second run writes only what has changed."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from learntrack.documents import MasteryLog, Retained
from learntrack.domain import moments
from learntrack.domain.fading import FadingKind
from learntrack.domain.time_zones import day_begins, day_of
from learntrack.errors import Conflict
from learntrack.reports.questions import questions
from learntrack.reports.rollups import roll_up
from learntrack.retention.export import new_export
from learntrack.retention.service import Retention
from tests.reports.asking import answered, quiz_of, report
from tests.reports.naive import NAIVE, close, different
from tests.reports.world import AFTER_ALL, BEFORE_ALL, ZONE, World, nameless
from tests.support import ROOT, School, new_id, right, wrong

parquet = pytest.importorskip("pyarrow.parquet")
duckdb = pytest.importorskip("duckdb")

SQL = Path(__file__).parents[3] / "scripts" / "analytics" / "duckdb"
ANSWERED = sorted(file.stem.replace("_", "-") for file in SQL.glob("*.sql"))


async def written(world: World, folder: Path, **more: Any) -> Any:
    from learntrack.reports.parquet.service import ParquetExport

    return await ParquetExport(world.api.db.reports, folder, **more).run()


def asked(folder: Path, name: str, facility: str, since: date | None = None, until: date | None = None) -> list[Any]:
    """A question's answer from the files, as the API writes it."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET VARIABLE files = '{folder}/v1'")
    connection.execute(f"SET VARIABLE facility = '{facility}'")
    for variable, day in (("since", since), ("until", until)):
        if day is not None:
            connection.execute(f"SET VARIABLE {variable} = '{day}'")
    connection.execute((SQL / "lib" / "tables.sql").read_text())
    answer = connection.execute((SQL / f"{name.replace('-', '_')}.sql").read_text())
    names = [column[0] for column in answer.description]
    return [dict(zip(names, map(plain, row), strict=True)) for row in answer.fetchall()]


def periods() -> list[tuple[date | None, date | None]]:
    """All time, and days of the three weeks of the world."""
    today = day_of(moments.now(), ZONE)
    week = today - timedelta(days=14), today - timedelta(days=8)
    return [(None, None), week, (week[1], None)]


def plain(value: Any) -> Any:
    if hasattr(value, "tzinfo"):
        return value.astimezone(moments.now().tzinfo).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.mark.engines("embedded")
async def test_duckdb_answers_the_reports_questions_from_the_files(school: School, tmp_path: Path) -> None:
    world = await World(school).populate()
    await written(world, tmp_path)

    for since, until in periods():
        begins = BEFORE_ALL if since is None else day_begins(since, ZONE)
        ends = AFTER_ALL if until is None else day_begins(until + timedelta(days=1), ZONE)
        for name in ANSWERED:
            expected = NAIVE[name](world.within(begins, ends))
            found = asked(tmp_path, name, school.facility, since, until)
            assert close(found, expected), different(f"{name} {since} {until}", found, expected)
    assert set(ANSWERED) == set(questions())


@pytest.mark.engines("embedded")
async def test_duckdb_asks_files_of_who_has_done_next_to_nothing_of_a_quiz_that_is_removed(
    school: School, tmp_path: Path
) -> None:
    """Nothing is named, and nobody has had an attempt outside a try, nor any in another table."""
    from learntrack.reports.parquet.service import ParquetExport

    quiz, learner = await quiz_of(school, question_count=4), await school.learner()
    await answered(school, learner, quiz, right("q1"))
    await school.api.roster(ROOT, remove={"quizzes": [quiz]})
    await ParquetExport(school.api.db.reports, tmp_path).run()

    [row] = asked(tmp_path, "quiz-results", school.facility)
    assert (row["question_count"], row["score"], row["score_of"]) == (4, 0.25, "all")


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_try_that_ends_as_the_month_begins_is_there(school: School, tmp_path: Path) -> None:
    """The embedded engine leaves it out where it is asked for in another way."""
    api, learners = school.api, [await school.learner() for _ in range(3)]
    for learner in learners:
        await api.start(learner, **exercise_of())
    begins = moments.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    everybody = {"facility_id": school.facility}
    await api.db.collection(MasteryLog).update_many(everybody, {"$set": {"end_timestamp": begins}})

    await written(World(school), tmp_path)

    file = tmp_path / f"v1/tries/facility={school.facility}/month={begins:%Y-%m}/part.parquet"
    assert len(parquet.read_table(file)) == len(learners)


@pytest.mark.engines("embedded")
async def test_duckdb_knows_no_count_of_questions_that_nobody_has_said(school: School, tmp_path: Path) -> None:
    quiz, learner = await quiz_of(school), await school.learner()
    await school.learner()
    await answered(school, learner, quiz, right("q1"))
    await written(World(school), tmp_path)

    rows = asked(tmp_path, "quiz-results", school.facility)
    assert sorted((row["status"], row["answered"], row["question_count"]) for row in rows) == [
        ("finished", 1, None),
        ("not started", 0, None),
    ]


@pytest.mark.engines("embedded")
async def test_duckdb_counts_nobodys_minutes_as_none(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of who finished an exercise, by work that was delivered late, before their try begins; as it was once stored."""
    advance = MasteryLog.advance

    def as_once(self: MasteryLog, seconds: float, at: datetime, *more: Any, finish: bool) -> None:
        finishes = finish and not self.complete
        advance(self, seconds, at, *more, finish=finish)
        if finishes:
            self.change(completion_timestamp=at)

    monkeypatch.setattr(MasteryLog, "advance", as_once)
    api, learners, body = school.api, [await school.learner() for _ in range(2)], exercise_of()
    await api.update(learners[0], await api.start(learners[0], **body), progress=1, time_spent_delta=600)
    session = await api.start(learners[1], **body)
    await api.update(learners[1], session, time_spent_delta=60)
    an_hour_ago = (moments.now() - timedelta(hours=1)).isoformat()
    late = {"occurred_at": an_hour_ago, "session_id": new_id()}
    items = [{"key": "s", **late, "start": body}, {"key": "u", **late, "update": {"progress": 1}}]
    await api.answer("POST", "/api/logger/contentsession/batch", learners[1], json={"items": items})
    await roll_up(api.db, lambda done, total: None)
    await written(World(school), tmp_path)

    [expected] = await report(api, "mastery-funnel", facility=school.facility)
    [found] = asked(tmp_path, "mastery-funnel", school.facility)
    assert found["median_minutes"] == expected["median_minutes"] == 5


@pytest.mark.engines("embedded")
async def test_scores_and_who_needs_help_are_in_the_files_though_attempts_have_faded(
    school: School, tmp_path: Path
) -> None:
    from learntrack.reports.parquet.service import ParquetExport

    quiz, learner = await quiz_of(school, question_count=2), await school.learner()
    await answered(school, learner, quiz, wrong("q1"), right("q1"), wrong("q2"))
    practice = await school.api.start(learner, **exercise_of())
    await school.api.update(learner, practice, interactions=[wrong(f"q{number}") for number in range(4)])
    before = {FadingKind.attempts: moments.now() + timedelta(days=1)}
    with new_export(tmp_path / "faded.jsonl.gz") as export:
        await Retention(school.api.db, before, everything=True).run(export)
    await school.api.db.collection(Retained).delete_many({})
    await ParquetExport(school.api.db.reports, tmp_path).run()

    for name in ("quiz-results", "progress"):
        expected = nameless(await report(school.api, name, facility=school.facility))
        found = asked(tmp_path, name, school.facility)
        assert close(found, expected), different(name, found, expected)
    assert sorted(row["status"] for row in found) == ["finished", "needs help"]


class Nothing:
    """A database in which nothing is stored."""

    async def each(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        for row in ():
            yield row

    stream = each


async def test_every_question_can_be_asked_though_nothing_is_stored(tmp_path: Path) -> None:
    from learntrack.reports.parquet.service import ParquetExport

    runs = [await ParquetExport(Nothing(), tmp_path).run() for _ in range(2)]  # type: ignore[arg-type]

    assert runs[1].written == runs[1].removed == []
    assert {name: asked(tmp_path, name, "0" * 32) for name in ANSWERED} == {name: [] for name in ANSWERED}


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_second_run_writes_only_what_has_changed(school: School, tmp_path: Path) -> None:
    world = World(school)
    api, learner, other = school.api, await school.learner(), await school.learner()
    for person in (learner, other):
        session = await api.start(person, **exercise_of())
        await api.update(person, session, interactions=[right("q1")], time_spent_delta=5)

    first = await written(world, tmp_path)
    again = await written(world, tmp_path)
    await api.update(learner, session_of(await api.start(learner, **exercise_of())), interactions=[right("q2")])
    changed = await written(world, tmp_path)
    mine = [path for path in changed.written if school.facility in path]

    assert {path.split("/")[0] for path in first.written} >= {
        "sessions",
        "tries",
        "attempts",
        "interactions",
        "users",
    }
    assert again.written == again.removed == []
    assert {path.split("/")[0] for path in mine} == {"sessions", "summaries", "tries", "attempts", "interactions"}
    assert len(mine) == len(changed.written)
    assert json.loads((tmp_path / "v1" / "watermark.json").read_text()) == msgspec.to_builtins(changed)


@pytest.mark.engines("embedded")
async def test_nobody_can_be_told_by_pseudonyms_and_a_forgotten_ones_rows_go(school: School, tmp_path: Path) -> None:
    from learntrack.reports.parquet.pseudonyms import Pseudonyms

    world, pseudonyms = World(school), Pseudonyms(b"a key that is long enough")
    api, learner = school.api, await school.learner()
    session = await api.start(learner, **exercise_of())
    await api.update(learner, session, interactions=[right("q1")])

    await written(world, tmp_path, pseudonyms=pseudonyms)

    known = {learner.id, session["session_id"], (await api.attempts(learner))[0]["id"]}
    assert named_in(tmp_path, known) == []
    with pytest.raises(Conflict):
        await written(world, tmp_path)
    await api.answer("DELETE", f"/api/roster/users/{learner.id}", ROOT)
    await written(world, tmp_path, pseudonyms=pseudonyms)
    assert named_in(tmp_path, {pseudonyms.of(learner.id)}) == []


def named_in(folder: Path, keys: set[Any]) -> list[Path]:
    """The files that have one of these ids in them."""
    files = {file: str(parquet.read_table(file).to_pylist()) for file in folder.rglob("*.parquet")}
    assert files
    return [file for file, text in files.items() if any(key in text for key in keys)]


def exercise_of() -> dict[str, Any]:
    from tests.support import exercise

    return exercise()


def session_of(started: dict[str, Any]) -> str:
    key: str = started["session_id"]
    return key


def test_long_answers_are_not_held_until_there_are_many_rows(tmp_path: Path) -> None:
    from learntrack.reports.parquet.files import ParquetFiles

    files, answer = ParquetFiles(tmp_path), "x" * 100_000
    with files.file("interactions.parquet", {"number": "whole", "answer": "text"}) as table:
        for number in range(450):
            table.add({"number": number, "answer": answer})

    written = parquet.ParquetFile(tmp_path / "interactions.parquet")
    assert [written.metadata.row_group(number).num_rows for number in range(3)] == [200, 200, 50]
    assert written.read(["number"]).to_pydict()["number"] == list(range(450))


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_short_key_is_refused(key: bytes) -> None:
    from learntrack.reports.parquet.pseudonyms import Pseudonyms

    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(key)
