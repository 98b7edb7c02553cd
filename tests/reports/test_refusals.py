"""A report is about what was asked, or refused: never about nobody, or everybody, because of a slip."""

import json
from typing import Any

import pytest

from learntrack.reports.exports import KINDS
from learntrack.reports.questions import questions
from learntrack.reports.refusals import OPTIONS
from tests.reports.test_scripts import SCRIPTS, run_with
from tests.support import ROOT, Person, School, exercise, new_id, right

ENGINES = pytest.mark.engines("embedded", "mongomock")
ANSWERABLE = ("totals", "time-on-task", "struggling-learners")
"""On every engine."""
NARROWING = {"since": "2026-03-02", "until": "2026-03-08", "timezone": "Africa/Nairobi", "content": new_id()}


async def refused(school: School, path: str, by: Person, **params: str) -> dict[str, Any]:
    problem: dict[str, Any] = await school.api.answer("GET", path, by, expect=400, params=params)
    return problem


@ENGINES
@pytest.mark.parametrize("form", ["xlsx", "", "CSV", "html"])
async def test_a_form_that_there_is_not_is_told_which_there_are(school: School, form: str) -> None:
    problem = await refused(school, "/api/reports/totals", ROOT, format=form)

    assert problem["errors"] == {"format": ["Must be one of json, csv, jsonl."]}


@pytest.fixture
async def places(school: School) -> dict[str, str]:
    """One of each kind, in which a learner has worked."""
    learner = await school.learner("A1")
    group = await school.group("G1")
    await school.api.roster(ROOT, memberships=[{"user_id": learner.id, "collection_id": group}])
    session = await school.api.start(learner, **exercise())
    await school.api.update(learner, session, time_spent_delta=5, interactions=[right("a")])
    return {
        "facility": school.facility,
        "classroom": school.places["A1"],
        "learner_group": group,
        "lesson": await school.lesson("A1"),
        "user": learner.id or "",
        "unknown": new_id(),
    }


@ENGINES
async def test_an_id_of_another_kind_is_refused_as_an_unknown_one(school: School, places: dict[str, str]) -> None:
    staff = [ROOT, await school.coach("A1"), await school.coach("facility", "admin")]
    paths = [f"/api/reports/{name}" for name in questions()] + [f"/api/logger/export/{kind}.csv" for kind in KINDS]
    for field in ("facility", "classroom"):
        for by in staff:
            unknown = await refused(school, paths[0], by, **{field: places["unknown"]})
            assert unknown["errors"].keys() == {field}
            for key in (key for kind, key in places.items() if kind != field):
                for path in paths if by is ROOT else paths[:1]:
                    assert await refused(school, path, by, **{field: key}) == unknown


@ENGINES
@pytest.mark.parametrize("path", ["masterylog", "attemptlog"])
async def test_nobody_is_in_an_id_of_another_kind(school: School, places: dict[str, str], path: str) -> None:
    """In lists an unknown one is no error (contract): there is nothing in it."""
    learner, coach = Person(places["user"]), await school.coach("A1")
    for field in ("facility", "classroom", "learner_group"):
        for by in (ROOT, coach, learner):
            for kind, key in places.items():
                for more in ({}, {"user": learner.id}):
                    rows = await school.api.answer("GET", f"/api/logger/{path}", by, params={field: key, **more})
                    assert len(rows) == (kind == field), (field, kind)


@ENGINES
async def test_a_class_of_others_is_refused_as_one_that_is_not_there(school: School, places: dict[str, str]) -> None:
    await school.learner("A2")
    other = await School(school.api).open()
    foreign = await other.coach("B1")
    coach, both, of_group = [await school.coach(of) for of in ("A1", "A2", "G1")]
    for by, field, key, status in (
        (coach, "classroom", school.places["A2"], 400),
        (foreign, "classroom", school.places["A1"], 400),
        (foreign, "facility", school.facility, 400),
        (both, "classroom", school.places["A2"], 200),
        (coach, "facility", school.facility, 200),
        (of_group, "classroom", school.places["A1"], 200),
        (of_group, "facility", school.facility, 200),
        (of_group, "classroom", school.places["A2"], 400),
        (of_group, "facility", other.facility, 400),
    ):
        for name in ANSWERABLE:
            await school.api.answer("GET", f"/api/reports/{name}", by, expect=status, params={field: key})
    assert await refused(school, "/api/reports/totals", coach, classroom=school.places["A2"]) == await refused(
        school, "/api/reports/totals", coach, classroom=new_id()
    )


@pytest.mark.engines("embedded")
async def test_each_report_takes_its_own_options_and_no_other(school: School) -> None:
    asked = {**NARROWING, "facility": school.facility, "classroom": await school.classroom()}
    asked |= {"attempts": "first", "details": "true"}
    for name, question in questions().items():
        for option, value in asked.items():
            knows = option not in OPTIONS or option in question.options
            answer = await school.api.send("GET", f"/api/reports/{name}", ROOT, params={option: value})
            assert answer.status_code == (200 if knows else 400), (name, option)
            assert knows or answer.json()["errors"].keys() == {option}


@pytest.mark.parametrize("name", questions())
def test_the_options_of_a_question_are_those_that_its_pipeline_reads(name: str) -> None:
    folder = SCRIPTS.parents[1] / "src" / "learntrack" / "reports" / "questions"
    text = (folder / f"{name.replace('-', '_')}.json").read_text()
    parts = [file for file in (folder / "parts").glob("*.json") if f'{{"$part": "{file.stem}"}}' in text]
    read = "".join([text, *(file.read_text() for file in parts)])

    assert questions()[name].options == [option for option in OPTIONS if f'{{"$param": "{option}"}}' in read]


@pytest.mark.parametrize(("option", "value"), [("attempts", "'first'"), ("details", "true")])
def test_the_scripts_refuse_an_option_of_another_report(option: str, value: str) -> None:
    lib = json.dumps(str(SCRIPTS / "lib"))
    run = (SCRIPTS / "lib" / "run.js").read_text()
    # As in mongosh, where what is loaded has `require` and `__dirname`.
    before = f"var {option} = {value};"
    after = f"var __dirname = {lib}; function load() {{}} {run}\nrun('totals');"
    done = run_with(before, after)

    assert done.stdout.strip() == f"{option}: This report does not know it."
    assert done.returncode == 2
