"""A report says what it is narrowed to, and refuses a class that is not there instead of saying that nobody worked."""

from pathlib import Path

import pytest

from learntrack.errors import InvalidFields
from learntrack.reports import terminal
from learntrack.reports.asked_about import asked_about
from learntrack.reports.filters import report_filters
from learntrack.reports.questions import questions
from learntrack.reports.service import Reports
from tests.support import ROOT, School, new_id

ENGINES = pytest.mark.engines("embedded", "mongomock")


@ENGINES
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Grade 7 \u202e, Fractions"),
        ({"since": "2026-03-02"}, "Grade 7 \u202e, Fractions, from 2026-03-02"),
        ({"until": "2026-03-08"}, "Grade 7 \u202e, Fractions, to 2026-03-08"),
        (
            {"since": "2026-03-02", "until": "2026-03-08T10:00:00+02:00"},
            "Grade 7 \u202e, Fractions, from 2026-03-02 before 2026-03-08T08:00:00Z",
        ),
    ],
)
async def test_a_report_says_of_whom_what_and_when_it_is(school: School, asked: dict[str, str], said: str) -> None:
    classroom, content = await school.classroom(), new_id()
    names = [{"id": classroom, "name": "Grade 7 \u202e", "facility_id": school.facility}]
    await school.api.roster(
        ROOT, classrooms=names, contents=[{"id": content, "title": "Fractions", "kind": "exercise"}]
    )

    filters = report_filters(classroom=classroom, content=content, **asked)

    assert await asked_about(school.api.db.reports, filters) == said


@ENGINES
async def test_without_a_question_there_is_nothing_to_say(school: School) -> None:
    assert await asked_about(school.api.db.reports, report_filters()) == ""


@ENGINES
@pytest.mark.parametrize("field", ["facility", "classroom"])
async def test_a_place_that_is_not_there_is_refused_and_those_that_are_get_named(school: School, field: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        await asked_about(school.api.db.reports, report_filters(**{field: new_id()}))

    [message] = refused.value.errors[field]
    assert message.startswith("There is none with this id; there are: ")


@ENGINES
@pytest.mark.parametrize("form", ["table", "html"])
async def test_what_people_read_has_it_in_its_title(school: School, tmp_path: Path, form: str) -> None:
    answer = await Reports(school.api.db).unlimited(
        questions()["time-on-task"], report_filters(facility=school.facility)
    )
    answer.about = "Grade <7> \u202e, from 2026-03-02"

    await terminal.write(answer, form, tmp_path / form, lambda: None)
    said = (tmp_path / form).read_text()

    assert ("Grade <7> \\u202e" if form == "table" else "Grade &lt;7&gt;") in said
