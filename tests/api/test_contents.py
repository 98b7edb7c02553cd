"""What contents are called and how many questions they have (contract, Roster), and where it is answered."""

from typing import Any

import pytest

from learntrack.reports.titles import titles_of, titles_of_assigned
from tests.support import ROOT, Api, School, exercise, new_id, right


def named(title: str = "Fractions", **more: Any) -> dict[str, Any]:
    return {"id": new_id(), "title": title, "kind": "exercise", **more}


async def stored(api: Api, kind: str, key: str) -> dict[str, Any]:
    [found] = [row for row in await api.answer("GET", f"/api/roster/{kind}", ROOT) if row["id"] == key]
    return found


async def test_a_content_that_says_little_is_listed_with_every_field(api: Api) -> None:
    content = named()

    assert (await api.roster(ROOT, contents=[content]))["contents"] == 1

    unknown = dict.fromkeys(("channel_id", "channel_name", "question_count"))
    assert await stored(api, "contents", content["id"]) == content | unknown | {"questions": [], "topics": []}


async def test_an_upsert_keeps_what_it_leaves_out(school: School) -> None:
    api, quiz = school.api, await school.quiz()
    questions = [{"item": " q1 ", "right_answer": "3"}, {"item": "q2"}]
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Q", "questions": questions}])
    await api.roster(ROOT, facilities=[{"id": school.facility, "name": "A school", "timezone": "Asia/Kolkata"}])

    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Renamed", "question_count": None}])
    await api.roster(ROOT, facilities=[{"id": school.facility, "name": "Renamed"}])

    found = await stored(api, "quizzes", quiz)
    assert [(each["item"], each["right_answer"]) for each in found["questions"]] == [("q1", "3"), ("q2", None)]
    assert (found["question_count"], found["active"], found["title"]) == (2, True, "Renamed")
    assert (await stored(api, "facilities", school.facility))["timezone"] == "Asia/Kolkata"


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
@pytest.mark.parametrize(
    ("part", "fields", "path"),
    [
        ("facilities", {"name": "F", "timezone": "Mars/Olympus"}, "timezone"),
        ("facilities", {"name": "F", "timezone": "../etc/passwd"}, "timezone"),
        ("contents", named(questions=[{"item": "q"}, {"item": "q "}]), "questions"),
        ("contents", named(questions=[{"item": " "}]), "questions[0].item"),
        ("contents", named(questions=[{"item": "q"}, {"item": "r"}], question_count=1), "question_count"),
        ("contents", named(question_count=-1), "question_count"),
        ("contents", named(kind="game"), "kind"),
        ("quizzes", {"title": "Q", "questions": [{"item": "q", "content_id": "x"}]}, "questions[0].content_id"),
        ("lessons", {"title": "L", "content_ids": ["x"]}, "content_ids[0]"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_written(
    api: Api, part: str, fields: dict[str, Any], path: str
) -> None:
    before = await api.stored()

    refused = await api.roster(ROOT, 400, **{part: [{**fields, "id": new_id()}]})

    assert list(refused["errors"]) == [f"{part}[0].{path}"]
    assert await api.stored() == before


async def test_fewer_questions_than_are_stored_cannot_be_claimed_later(api: Api) -> None:
    content = named(questions=[{"item": "q1"}, {"item": "q2"}])
    await api.roster(ROOT, contents=[content])

    refused = await api.roster(
        ROOT, 400, contents=[{"id": content["id"], "title": "T", "kind": "quiz", "question_count": 1}]
    )

    assert refused["errors"] == {"contents[0].question_count": ["There are more questions than that."]}


async def test_tries_say_how_many_questions_there_are(school: School) -> None:
    api, learner, quiz = school.api, await school.learner(), await school.quiz()
    known, unknown = exercise(), exercise()
    await api.roster(ROOT, contents=[named(question_count=30) | {"id": known["content_id"]}])
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Q", "question_count": 3}])
    for start in (known, unknown, {"quiz_id": quiz}):
        await api.update(learner, await api.start(learner, **start), interactions=[right("q")])
    asked = {"include": "content,question_count"}
    expected = {known["content_id"]: 30, unknown["content_id"]: None, quiz: 3}

    rows = await api.tries(learner, **asked)
    page = await api.tries(learner, **asked, page_size=10)
    one = await api.answer(
        "GET", f"/api/logger/masterylog/{rows[0]['id']}", learner, params={"include": "question_count"}
    )
    diff = await api.diff(learner, 0, content=quiz, user=learner.id, include="question_count")

    assert {row["content"]: row["question_count"] for row in rows} == expected
    assert page["results"] == rows
    assert (one["question_count"], "content" in one) == (expected[rows[0]["content"]], False)
    assert (diff["question_count"], "content" in diff) == (3, False)
    assert all("question_count" not in row for row in await api.tries(learner))


async def test_what_is_removed_keeps_its_name_and_what_comes_back_its_new_one(school: School) -> None:
    api, quiz, lesson = school.api, await school.quiz(), await school.lesson()
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Fractions quiz", "question_count": 3}])
    nameless = new_id()

    await api.roster(ROOT, remove={"quizzes": [quiz], "lessons": [lesson]})
    gone = await titles_of(api.db, {quiz, nameless})
    gone_lesson = (await titles_of_assigned(api.db, [lesson]))[lesson]
    await api.roster(ROOT, quizzes=[{"id": quiz, "title": "Fractions again"}])
    back = (await titles_of(api.db, [quiz]))[quiz]
    await api.roster(ROOT, remove={"quizzes": [quiz]})

    assert (gone[quiz].shown, gone[quiz].removed, gone[quiz].question_count) == ("Fractions quiz", True, 3)
    assert (gone[nameless].shown, gone[nameless].title) == (nameless, "")
    assert (gone_lesson.title, gone_lesson.removed) == ("lessons", True)
    assert (back.shown, back.removed) == ("Fractions again", False)
    assert (await titles_of(api.db, [quiz]))[quiz].shown == "Fractions again"


async def test_a_coach_reads_what_contents_are_called(school: School) -> None:
    content = named(questions=[{"item": "q1", "title": "Half of 3"}])
    await school.api.roster(ROOT, contents=[content])

    rows = await school.api.answer("GET", "/api/roster/contents", await school.coach())

    assert content["id"] in {row["id"] for row in rows}
    [found] = (await titles_of(school.api.db, [content["id"]], questions=True)).values()
    assert (found.question("q1").title, found.question("q9"), found.question_count) == ("Half of 3", None, 1)
