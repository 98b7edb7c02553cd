"""Item analysis says what a question asks and what is right, and people read wrong answers as words."""

import pytest

from learntrack.reports.terminal import cell_text
from tests.reports.asking import report
from tests.support import ROOT, School, exercise, new_id, wrong


@pytest.mark.engines("embedded", "mongoeco")
async def test_questions_are_named_by_the_content_that_they_are_of(school: School) -> None:
    """Two contents may have a question of the same name; of one that the roster does not tell nothing is said."""
    api, learner = school.api, await school.learner()
    contents = []
    for title, right_answer in (("1/2 + 1/3", "5/6"), ("5 + (-8)", "-3")):
        practice = exercise()
        questions = [{"item": "q1", "title": title, "right_answer": right_answer}]
        contents.append({"id": practice["content_id"], "title": "A", "kind": "exercise", "questions": questions})
        await api.update(learner, await api.start(learner, **practice), interactions=[wrong("q1"), wrong("q2")])
    await api.roster(ROOT, contents=contents)

    rows = await report(api, "item-analysis", classroom=school.places["A1"])

    found = {(row["content_id"], row["item"]): (row["question"], row["right_answer"]) for row in rows}
    first, second = (content["id"] for content in contents)
    assert found == {
        (first, "q1"): ("1/2 + 1/3", "5/6"),
        (second, "q1"): ("5 + (-8)", "-3"),
        (first, "q2"): ("", ""),
        (second, "q2"): ("", ""),
    }


@pytest.mark.engines("embedded", "mongoeco")
async def test_a_unit_of_no_course_names_nothing_and_breaks_nothing(school: School) -> None:
    """An earlier import may have stored one."""
    api, learner, practice = school.api, await school.learner(), exercise()
    session = await api.start(learner, **practice)
    await api.update(learner, session, interactions=[wrong("q1")])
    stored = {"$set": {"context": {"unit_id": new_id()}}}
    await api.db.collection("content_sessions").update_one({"_id": session["session_id"]}, stored)

    [row] = await report(api, "item-analysis", classroom=school.places["A1"])

    assert row["content"] == practice["content_id"]


def test_wrong_answers_are_words_where_people_read() -> None:
    learner = new_id()
    answers = [{"answer": "2/5", "attempts": 16}, {"answer": "a\x1b[2J", "attempts": 1, "learners": [learner]}]

    assert cell_text(answers, "list") == rf"2/5 (16×); a\x1b[2J (1×, {learner})"
