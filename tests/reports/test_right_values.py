"""Faults that other systems' reports have, each with its right value here (docs/reports.md)."""

from datetime import timedelta
from typing import Any

import pytest

from learntrack.domain import moments
from learntrack.domain.unit_tests import content_id
from tests.reports.asking import answered, membership, quiz_of, report
from tests.support import ROOT, Person, School, exercise, new_id, right, video, wrong

ENGINES = pytest.mark.engines("embedded", "mongoeco")


@ENGINES
async def test_a_quiz_counts_questions_and_scores_all_of_them_once_it_is_handed_in(school: School) -> None:
    quiz = await quiz_of(school, question_count=4)
    done, at_work, blank = [await school.learner() for _ in range(3)]
    await answered(school, done, quiz, wrong("q1"), right("q2"), right("q1"), wrong("q3"))
    await answered(school, at_work, quiz, right("q1"), wrong("q2"), right("q2"), hand_in=False)
    await answered(school, blank, quiz)

    rows = {row["user_id"]: row for row in await report(school.api, "quiz-results", content=quiz)}

    fields = ("status", "answered", "question_count", "correct", "score", "score_of")
    assert [rows[done.id][name] for name in fields] == ["finished", 3, 4, 2, 0.5, "all"]
    assert [rows[at_work.id][name] for name in fields] == ["started", 2, 4, 2, 1, "answered"]
    assert [rows[blank.id][name] for name in fields] == ["finished", 0, 4, 0, 0, "all"]


@ENGINES
async def test_no_learner_has_answered_more_questions_than_there_are(school: School) -> None:
    """The roster says one, and three were asked: the quiz was changed since."""
    quiz = await quiz_of(school, question_count=1)
    learner = await school.learner()
    await answered(school, learner, quiz, right("q1"), right("q2"), wrong("q3"))

    [row] = await report(school.api, "quiz-results", content=quiz)

    assert (row["answered"], row["question_count"], row["score"]) == (3, 3, 2 / 3)


@ENGINES
async def test_a_quiz_of_unknown_length_says_that_its_score_is_over_what_was_answered(school: School) -> None:
    quiz = await school.quiz()
    learner = await school.learner()
    await answered(school, learner, quiz, right("q1"), wrong("q2"))

    [row] = await report(school.api, "quiz-results", content=quiz)

    assert (row["question_count"], row["score"], row["score_of"]) == (None, 0.5, "answered")


@ENGINES
async def test_a_quiz_with_more_attempts_than_a_document_holds_counts_each_question_once(school: School) -> None:
    quiz = await quiz_of(school, question_count=40)
    learner = await school.learner()
    session = await school.api.start(learner, quiz_id=quiz)
    for answer in (wrong, right):
        await school.api.update(learner, session, interactions=[answer(f"q{number}") for number in range(40)])
    await school.api.update(learner, session, progress=1)

    [row] = await report(school.api, "quiz-results", content=quiz)
    [seen] = await report(school.api, "progress", content=quiz)

    assert (row["answered"], row["correct"], row["score"]) == (40, 40, 1)
    assert (seen["status"], seen["score"], seen["attempts"]) == ("finished", 1, 80)


@ENGINES
async def test_a_finished_quiz_is_finished_with_its_score_and_not_mastered(school: School) -> None:
    quiz = await quiz_of(school, question_count=20)
    learner = await school.learner()
    await answered(school, learner, quiz, right("q1"), wrong("q2"))

    [row] = await report(school.api, "progress", content=quiz)

    assert (row["status"], row["score"], row["needs_help"]) == ("finished", 0.05, False)


@ENGINES
async def test_what_was_completed_stays_so_when_it_is_started_again(school: School) -> None:
    """Of an exercise and a film, both finished and then started again, every report says that they are done."""
    api, learner, lesson = school.api, await school.learner(), await school.lesson()
    practice, film = exercise(lesson_id=lesson), video(lesson_id=lesson)
    for start in (practice, film):
        await api.update(learner, await api.start(learner, **start), progress=1)
        await api.start(learner, **start, repeat=True)
    session = await api.start(learner, **practice)
    for number in range(12):
        await api.update(learner, session, interactions=[wrong(f"q{number}")])

    progress = {row["content_id"]: row for row in await report(api, "progress", classroom=school.places["A1"])}
    lessons = await report(api, "lesson-completion", classroom=school.places["A1"])
    [total] = await report(api, "totals", classroom=school.places["A1"])
    [funnel] = await report(api, "mastery-funnel", classroom=school.places["A1"])

    assert (progress[practice["content_id"]]["status"], progress[film["content_id"]]["status"]) == (
        "mastered",
        "finished",
    )
    assert {row["progress"] for row in progress.values()} == {0}
    assert not any(row["needs_help"] or row["struggling"] for row in progress.values())
    assert [row["status"] for row in lessons] == ["done", "done"]
    assert (total["finished_tries"], total["contents_done"], total["contents_completed"]) == (1, 1, 2)
    assert (funnel["started"], funnel["mastered"]) == (1, 1)
    assert await report(api, "struggling-learners", classroom=school.places["A1"]) == []
    since = (moments.now() + timedelta(hours=1)).isoformat()
    assert await report(api, "mastery-funnel", classroom=school.places["A1"], since=since) == []


@ENGINES
async def test_a_blank_test_that_is_handed_in_counts_as_the_newest(school: School) -> None:
    api, learner, coach = school.api, await school.learner(), await school.coach()
    course, unit = await school.course_session(), new_id()
    test = {"unit_id": unit, "test_type": "pre", "course_session_id": course}
    for answers in ([right("q1"), wrong("q2")], []):
        session = await api.start(learner, **test, repeat=True)
        await api.update(learner, session, interactions=answers, progress=1)

    [unknown] = await report(api, "learning-gain", coach)
    await api.roster(
        ROOT, contents=[{"id": content_id(course, unit, "pre"), "title": "T", "kind": "quiz", "question_count": 2}]
    )
    [known] = await report(api, "learning-gain", coach)

    assert (unknown["pre_score"], known["pre_score"]) == (None, 0)
    assert unknown["pre_timestamp"] == known["pre_timestamp"] is not None


@ENGINES
@pytest.mark.parametrize(
    ("interactions", "helpless"),
    [
        ([wrong("q", id=None)] * 4, True),
        ([wrong("q")] * 3, False),
        ([wrong("q")] * 3 + [right("q", correct=0.5)], False),  # half right is not wrong
        ([wrong("q")] * 2 + [{"item": "q", "error": True, "correct": 0, "time_spent": 1}] * 2, True),
        ([wrong("q")] * 2 + [wrong("q", hinted=True)] * 2, True),
        ([right("q")] * 9, False),
    ],
)
async def test_who_needs_help_is_decided_as_kolibri_does(
    school: School, interactions: list[Any], helpless: bool
) -> None:
    api, learner, practice = school.api, await school.learner(), exercise()
    await api.update(learner, await api.start(learner, **practice), interactions=interactions)

    [row] = await report(api, "progress", content=practice["content_id"])

    assert (row["needs_help"], row["status"]) == (helpless, "needs help" if helpless else "started")


@ENGINES
async def test_help_is_asked_of_the_latest_try_and_of_all_of_it(school: School) -> None:
    """Thirty attempts, of which the document holds the newest, and the four wrong ones are the oldest."""
    api, learner, practice = school.api, await school.learner(), exercise()
    session = await api.start(learner, **practice)
    answers = [*(wrong(f"q{number}") for number in range(4)), *(right(f"r{number}") for number in range(40))]
    for answer in answers:
        await api.update(learner, session, interactions=[answer])

    [row] = await report(api, "progress", content=practice["content_id"])

    assert row["needs_help"]


@ENGINES
async def test_who_struggles_is_decided_by_tries_at_the_exercise_alone(school: School) -> None:
    """The same content was taken as a quiz too: progress and struggling-learners both leave that out."""
    api, body = school.api, exercise()
    as_quiz = body | {"mastery_model": {"type": "quiz"}}
    few, many = await school.learner(), await school.learner()
    for learner, start, count, answer in (
        (few, body, 6, wrong),
        (few, as_quiz, 6, wrong),
        (many, body, 10, wrong),
        (many, as_quiz, 12, right),
    ):
        await api.update(
            learner, await api.start(learner, **start), interactions=[answer(f"q{n}") for n in range(count)]
        )

    progress = {row["user_id"]: row for row in await report(api, "progress", content=body["content_id"])}

    assert {user: row["struggling"] for user, row in progress.items()} == {few.id: False, many.id: True}
    assert {user: row["attempts"] for user, row in progress.items()} == {few.id: 12, many.id: 22}
    for asked in ({}, {"since": "2020-01-01"}):
        rows = await report(api, "struggling-learners", content=body["content_id"], **asked)
        assert [(row["user_id"], row["attempts"]) for row in rows] == [(many.id, 10)]


@ENGINES
async def test_recording_reports_and_the_roster_agree_on_whom_something_is_assigned_to(school: School) -> None:
    api = school.api
    await school.group("red")
    people = {
        "in the group": await school.learner("red"),
        "in the class": await school.learner("A1"),
        "in another class": await school.learner("A2"),
        "in the facility only": await school.person(),
        "coach": await school.coach("A1"),
        "admin": await school.coach("facility", "admin"),
        "superuser": await school.person(superuser=True),
    }
    learners = {"in the group", "in the class", "in another class", "in the facility only"}
    school.places["everybody"] = school.facility
    expected = {"red": {"in the group"}, "A1": {"in the group", "in the class"}, "everybody": learners}

    for place, whom in expected.items():
        quiz, lesson = await school.quiz(place), await school.lesson(place)
        content = new_id()
        await api.roster(ROOT, lessons=[{"id": lesson, "title": "L", "content_ids": [content]}])
        names = {person.id: name for name, person in people.items()}
        for report_name, asked in (("quiz-results", quiz), ("lesson-completion", content)):
            rows = await report(api, report_name, content=asked, facility=school.facility)
            assert {names[row["user_id"]] for row in rows} == whom, (place, report_name)
            assert {row["status"] for row in rows} == {"not started"}
        for name, person in people.items():
            await api.start(person, 200 if name in whom else 403, quiz_id=quiz)
            await api.start(person, 200 if name in whom else 400, **video(lesson_id=lesson))


@ENGINES
async def test_results_keep_the_names_of_what_is_removed_and_who_has_moved(school: School) -> None:
    api = school.api
    quiz = await quiz_of(school, question_count=2)
    learner, unknown = await school.learner(), Person(new_id())
    await answered(school, learner, quiz, right("q1"))
    film = video()
    await api.update(unknown, await api.start(unknown, **film), progress=1)

    await api.roster(ROOT, remove={"quizzes": [quiz], "memberships": [membership(school, learner)]})

    [result] = await report(api, "quiz-results", await school.coach("facility"), content=quiz)
    [seen] = await report(api, "progress", content=film["content_id"])
    assert (result["quiz"], result["user_id"], result["score"]) == ("Fractions", learner.id, 0.5)
    assert result["username"]
    assert (seen["user_id"], seen["content"], seen["username"]) == (unknown.id, film["content_id"], "")
