"""What contents, quizzes and lessons are called."""

from typing import Any

import pytest

from learntrack.documents import Content, ContentSession, CourseSession, FormerEntry, Lesson, Question, Quiz
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.domain.unit_tests import content_id
from learntrack.reports.titles import titles_of, titles_of_assigned, topic_levels
from learntrack.storage import Database

ID, COURSE, UNIT = new_id(), new_id(), new_id()
SOURCES: dict[str, Any] = {
    "gone": FormerEntry.begin(ID, "quizzes", "Gone"),
    "content": Content.new(id=ID, title="Content", kind="exercise", channel_name="Maths", topics=["A", "B"]),
    "untitled content": Content.new(id=ID, title="", kind="video"),
    "quiz": Quiz.new(id=ID, title="Quiz", active=True, questions=[Question(item="a", title="1 + 1")]),
}


@pytest.mark.parametrize(
    ("stored", "shown", "kind", "removed"),
    [
        ([], ID, "", False),
        (["gone"], "Gone", "", True),
        (["gone", "content"], "Content", "exercise", False),
        (["gone", "content", "quiz"], "Quiz", "quiz", False),
        (["untitled content"], ID, "video", False),
    ],
)
async def test_a_quizs_title_comes_before_a_contents_and_both_before_what_is_gone(
    memory: Database, stored: list[str], shown: str, kind: str, removed: bool
) -> None:
    await memory.write([SOURCES[name] for name in stored], None)

    titled = (await titles_of(memory, [ID]))[ID]

    assert (titled.shown, titled.kind, titled.removed) == (shown, kind, removed)


async def test_questions_are_read_only_where_they_are_asked_for(memory: Database) -> None:
    await memory.write([SOURCES["quiz"]], None)

    assert (await titles_of(memory, [ID]))[ID].questions == ()
    titled = (await titles_of(memory, [ID], questions=True))[ID]
    question = titled.question("a")
    assert question is not None
    assert (question.title, titled.question("b")) == ("1 + 1", None)


def visit(test: str) -> ContentSession:
    """A visit of a unit's test: its content has an id that is made of the course's, the unit's and which test it is."""
    return ContentSession.begin(
        new_id(),
        user_id=new_id(),
        visitor_id=None,
        content_id=content_id(COURSE, UNIT, test),
        channel_id=None,
        kind="quiz",
        context={"unit_id": UNIT, "course_session_id": COURSE},
        at=moments.now(),
    )


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ([Content.new(id=UNIT, title="Fractions", kind="topic")], "Fractions"),
        ([CourseSession.new(id=COURSE, title="Maths")], f"Maths, unit {UNIT}"),
        ([], f"{COURSE}, unit {UNIT}"),
    ],
)
async def test_a_test_that_nobody_has_named_is_called_by_its_unit(
    memory: Database, named: list[Any], shown: str
) -> None:
    before, after = visit("pre"), visit("post")
    await memory.write([before, after, *named], None)

    titles = await titles_of(memory, [before.content_id, after.content_id, ID])

    assert titles[before.content_id].shown == f"Pre-test: {shown}"
    assert titles[after.content_id].shown == f"Post-test: {shown}"
    assert titles[ID].shown == ID


async def test_what_is_assigned_is_of_any_kind_and_may_be_gone(memory: Database) -> None:
    lesson, gone = Lesson.new(id=ID, title="Lesson"), FormerEntry.begin(COURSE, "course_sessions", "Course")
    await memory.write([lesson, gone], None)

    titles = await titles_of_assigned(memory, [ID, COURSE, UNIT])

    assert [titles[key].shown for key in (ID, COURSE, UNIT)] == ["Lesson", "Course", UNIT]
    assert [titles[key].kind for key in (ID, COURSE)] == ["lesson", ""]


async def test_there_are_as_many_levels_of_folders_as_the_deepest_content_has(memory: Database) -> None:
    assert await topic_levels(memory) == 0
    await memory.write([SOURCES["content"], Content.new(id=UNIT, title="", kind="video", topics=["A"])], None)

    assert await topic_levels(memory) == 2
