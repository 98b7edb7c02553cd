"""What a Kolibri's contents are called, of which its lessons consist, and what its quizzes ask."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learntrack.importing.kolibri.contents import Contents
from learntrack.importing.report import ImportReport
from learntrack.roster.checks import faults
from learntrack.roster.schemas import Roster
from tests.importing.kolibri.rows import CHANNEL, CONTENT, id_of
from tests.importing.kolibri.sources import Source

NODE, OTHER, FOLDER = id_of(1), id_of(2), id_of(3)


def node(number: int, content: str, **values: Any) -> dict[str, Any]:
    made = {"id": id_of(number), "content_id": content, "channel_id": CHANNEL, "title": f"T{number}", "available": 1}
    return made | {"kind": "exercise"} | values


NODES = [
    node(1, CONTENT),
    node(2, id_of(22), kind="video", available=0),
    node(3, id_of(23), kind="topic"),
    node(4, CONTENT, title="the same elsewhere"),
    node(5, id_of(25), available=0),
]


@pytest.fixture
def report() -> ImportReport:
    return ImportReport()


@pytest.fixture
def contents(report: ImportReport) -> Contents:
    source: Any = Source(
        content_contentnode=NODES,
        content_channelmetadata=[{"id": CHANNEL, "name": "Mathematics"}],
        content_assessmentmetadata=[{"contentnode_id": NODE, "number_of_assessments": 30}],
    )
    return Contents(source, report)


def test_what_is_installed_or_used_is_named_once(contents: Contents) -> None:
    found = {row["id"]: row for row in contents.rows()}

    assert found.keys() == {CONTENT, id_of(22)}
    assert found[CONTENT] == {
        "id": CONTENT,
        "title": "T1",
        "kind": "exercise",
        "channel_id": CHANNEL,
        "channel_name": "Mathematics",
        "topics": [],
        "question_count": 30,
    }


def question(number: int, exercise: str = NODE) -> dict[str, Any]:
    return {"exercise_id": exercise, "question_id": f"q{number}", "title": f"Question {number}"}


@pytest.mark.parametrize(
    "sources",
    [
        [{"section_id": "s", "questions": [question(1)]}, {"section_id": "t", "questions": [question(2, OTHER)]}],
        [question(1), question(2, OTHER)],
    ],
)
def test_a_quizs_questions_are_named_as_attempts_name_them(contents: Contents, sources: list[Any]) -> None:
    found = contents.of_quiz({"id": "q", "question_count": 2, "question_sources": json.dumps(sources)})

    assert found["question_count"] == 2
    assert [(each["item"], each["content_id"]) for each in found["questions"]] == [
        (f"{NODE}:q1", CONTENT),
        (f"{OTHER}:q2", id_of(22)),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"question_count": 5, "question_sources": [{"exercise_id": NODE, "number_of_questions": 5}]}, 5),
        ({"question_count": 1, "question_sources": json.dumps([question(1), question(2)])}, 2),
        ({"question_count": 0, "question_sources": "[]"}, None),
        ({}, None),
    ],
)
def test_no_quiz_has_fewer_questions_than_it_names(contents: Contents, row: dict[str, Any], expected: Any) -> None:
    assert contents.of_quiz({"id": "q", **row}).get("question_count") == expected


@pytest.mark.parametrize("broken", ["{", '{"a": 1}', "[1]"])
def test_what_cannot_be_read_is_reported_and_the_rest_stays(
    contents: Contents, report: ImportReport, broken: str
) -> None:
    assert contents.of_quiz({"id": "q", "question_count": 3, "question_sources": broken}) == {"question_count": 3}
    assert contents.of_lesson({"id": "l", "resources": broken}) == {}
    assert [reason for _, reason in report.reasons] == [
        "question_sources: not what was expected, left out",
        "resources: not what was expected, left out",
    ]


ODD = st.recursive(
    st.sampled_from([None, True, 0, 5, 1e300, "", " q", "q", "q ", "\ud800", "x" * 1001, NODE, CONTENT]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["questions", "exercise_id", "question_id", "title", "content_id"]), inner),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(ODD, max_size=3), st.one_of(ODD, st.integers()))
def test_whatever_a_column_holds_the_roster_can_be_written(contents: Contents, sources: Any, count: Any) -> None:
    """A question without a list, or named twice but for white space, ended the import."""
    row = {"id": id_of(1), "title": "T", "question_count": count, "question_sources": json.dumps(sources)}
    quiz = {"id": id_of(1), "title": "T", **contents.of_quiz(row)}
    lesson = {"id": id_of(1), "title": "T", **contents.of_lesson({"id": "l", "resources": json.dumps(sources)})}
    roster = msgspec.convert({"quizzes": [quiz], "lessons": [lesson]}, Roster)

    assert faults(roster) == {}
    msgspec.json.encode(roster)  # which no half of a surrogate pair is


def test_what_is_nested_beyond_all_measure_is_reported(contents: Contents, report: ImportReport) -> None:
    assert contents.of_lesson({"id": "l", "resources": "[" * 100_000 + "]" * 100_000}) == {}
    assert len(report.reasons) == 1


def test_a_lesson_has_its_contents_in_order(contents: Contents) -> None:
    resources = [{"content_id": id_of(22)}, {"content_id": CONTENT}, {"content_id": None}, {"content_id": "x"}]

    assert contents.of_lesson({"id": "l", "resources": json.dumps(resources)}) == {"content_ids": [id_of(22), CONTENT]}
