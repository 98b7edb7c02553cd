"""Rows of a Kolibri that contradict each other: all reports say the same of them."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from learntrack.importing.kolibri.learners import converted
from learntrack.importing.kolibri.logs import Circumstances
from learntrack.importing.kolibri.sqlite import sqlite_source
from learntrack.importing.report import ImportReport
from learntrack.reports.questions import questions
from tests.importing.moving import HOME, changed, fresh, move_in
from tests.reports.asking import report
from tests.reports.naive import NAIVE, close, different
from tests.reports.world import AFTER_ALL, BEFORE_ALL, ZONE, World, nameless
from tests.support import Api, Person

EVER = {"since": "2000-01-01", "until": "2100-01-01"}
TURNED = (
    "UPDATE logger_masterylog SET mastery_level = -mastery_level",
    "UPDATE logger_contentsessionlog SET extra_fields = json_set(extra_fields, '$.context.mastery_level',"
    " -json_extract(extra_fields, '$.context.mastery_level'))"
    " WHERE json_extract(extra_fields, '$.context.mastery_level') IS NOT NULL",
)
COMPUTABLE = (
    *("daily-activity", "time-on-task", "mastery-funnel", "item-analysis", "struggling-learners"),
    *("improvement", "retention"),
)
"""What needs nothing that only the generated school knows."""
CONTRADICTIONS = (
    """UPDATE logger_masterylog SET mastery_criterion = '{"type": ["quiz"], "test_type": 1}' WHERE rowid % 13 = 6""",
    f"""UPDATE logger_contentsessionlog SET extra_fields = '{{"context": {{"unit_id": "{"a0" * 16}"}}}}'
        WHERE rowid % 9 = 2""",
    "UPDATE logger_masterylog SET mastery_level = 0 WHERE rowid % 7 = 1",
    "UPDATE logger_masterylog SET completion_timestamp = NULL WHERE complete AND rowid % 3 = 1",
    "UPDATE logger_masterylog SET completion_timestamp = end_timestamp WHERE NOT complete AND rowid % 3 = 1",
    "UPDATE logger_masterylog SET complete = 1 - complete WHERE rowid % 5 = 2",
    "UPDATE logger_masterylog SET completion_timestamp = '2019-01-01 00:00:00.000000(Etc/UTC)' WHERE rowid % 11 = 3",
    "UPDATE logger_masterylog SET end_timestamp = '2019-01-01 00:00:00.000000(Etc/UTC)' WHERE rowid % 11 = 4",
    "UPDATE logger_contentsummarylog SET completion_timestamp = NULL WHERE rowid % 3 = 1",
    "UPDATE logger_contentsummarylog SET progress = 1.0 WHERE rowid % 4 = 1",
    "UPDATE logger_contentsummarylog SET progress = 0.0 WHERE rowid % 4 = 2",
    "UPDATE logger_contentsummarylog SET kind = 'video' WHERE rowid % 6 = 5",
    "UPDATE logger_contentsessionlog SET end_timestamp = '2019-01-01 00:00:00.000000(Etc/UTC)' WHERE rowid % 5 = 1",
)


def documents(path: Path) -> list[dict[str, Any]]:
    report, circumstances = ImportReport(), Circumstances(at=datetime(2100, 1, 1, tzinfo=UTC))
    with sqlite_source(path) as source:
        made = [one for rows in source.learners() for one in converted(rows, report, circumstances)]
    return [one.document.model_dump() for one in made]


class Looked(World):
    """What is stored of everybody, in the naive computation's form."""

    def __init__(self, api: Api) -> None:
        self.api, self.since, self.until = api, BEFORE_ALL, AFTER_ALL

    async def look(self) -> "Looked":
        users = await self.api.db.find("users", {})
        [(self.facility, _)] = Counter(row["facility_id"] for row in users).most_common(1)
        self.learners = [Person(row["_id"]) for row in users if self.facility in row["places"]]
        await super().look()
        return self


async def all_reports(api: Api, **asked: Any) -> dict[str, list[dict[str, Any]]]:
    return {name: await report(api, name, **asked) for name in questions()}


def test_a_school_whose_levels_all_have_the_wrong_sign_becomes_the_same(tmp_path: Path) -> None:
    right = documents(HOME)

    assert documents(changed(tmp_path, *TURNED)) == right
    assert any(document.get("mastery_level", 0) < 0 for document in right)


@pytest.fixture(scope="module")
async def contradicting(tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with fresh("embedded") as api:
        await move_in(api, changed(tmp_path_factory.mktemp("kolibri"), *CONTRADICTIONS))
        yield api


async def test_a_period_that_holds_everything_answers_as_none(contradicting: Api) -> None:
    everything, ever = await all_reports(contradicting), await all_reports(contradicting, **EVER)

    assert ever == everything


async def test_reports_agree_on_what_is_completed(contradicting: Api) -> None:
    found = await all_reports(contradicting)
    done = {
        (row["user_id"], row["content_id"]): row["completed_at"]
        for row in found["progress"]
        if row["status"] in ("mastered", "finished")
    }

    assert all(
        (row["completed_at"] is not None) == ((row["user_id"], row["content_id"]) in done) for row in found["progress"]
    )
    assert sum(row["contents_completed"] for row in found["totals"]) == len(done)
    mastered = [row["content_id"] for row in found["progress"] if row["status"] == "mastered" and row["tries"]]
    assert sum(row["mastered"] for row in found["mastery-funnel"]) == len(mastered)
    for row in found["lesson-completion"]:
        assert (row["status"] == "done") == ((row["user_id"], row["content_id"]) in done)
    assert not {(row["user_id"], row["content_id"]) for row in found["struggling-learners"]} & done.keys()
    struggling = {(row["user_id"], row["content_id"]) for row in found["progress"] if row["struggling"]}
    assert {(row["user_id"], row["content_id"]) for row in found["struggling-learners"]} == struggling


async def test_reports_are_what_a_naive_computation_says(contradicting: Api) -> None:
    world = await Looked(contradicting).look()
    asked = {"timezone": ZONE, "facility": world.facility}  # without the anonymous visits
    for name in COMPUTABLE:
        found, expected = nameless(await report(contradicting, name, **asked)), NAIVE[name](world)
        assert close(found, expected), different(name, found, expected)


async def test_such_a_school_can_be_taken_away_as_files(contradicting: Api, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from learntrack.reports.parquet.service import ParquetExport

    done = await ParquetExport(contradicting.db.reports, tmp_path).run()

    assert done.rows > 0
