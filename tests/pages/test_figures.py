"""Each figure of a page is that of the report."""

import csv
import io
import re
from collections import Counter
from typing import Any

import pytest

from learntrack.domain.shares import per_cent
from learntrack.pages import home_page, learner_controller, learner_page
from tests.pages.opening import page
from tests.pages.reading import part
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.engines("embedded", "mongoeco")
UTC = {"timezone": "UTC"}


class Class:
    """Three learners: one who needs help, one who is done, one who has done nothing."""

    def __init__(self, school: School) -> None:
        self.school, self.api = school, school.api

    async def open(self) -> "Class":
        school, api = self.school, self.api
        self.coach = await school.coach("A1")
        self.stuck, self.done, self.idle = [await school.learner("A1") for _ in range(3)]
        self.room, self.quiz = school.places["A1"], await school.quiz("A1")
        self.lesson, self.course = await school.lesson("A1"), await school.course_session("A1")
        self.exercise, self.video = exercise(lesson_id=self.lesson), video(lesson_id=self.lesson)
        contents = [self.exercise["content_id"], self.video["content_id"], self.quiz]
        questions = [{"item": name, "title": f"Title {name}", "right_answer": "yes"} for name in ("a", "b", "c", "d")]
        await api.roster(
            ROOT,
            lessons=[{"id": self.lesson, "title": "Lesson", "content_ids": contents}],
            quizzes=[{"id": self.quiz, "title": "Quiz", "questions": questions}],
            contents=[{"id": contents[0], "title": "Exercise", "kind": "exercise"}],
        )
        session = await api.start(self.stuck, **self.exercise)
        sent = [wrong(name, simple_answer="2/5") for name in "abcde"] + [right("f")]
        await api.update(self.stuck, session, progress=0.3, time_spent_delta=300, interactions=sent)
        session = await api.start(self.done, **self.exercise)
        await api.update(self.done, session, progress=1, time_spent_delta=200, interactions=[right("a"), right("b")])
        for learner, answers in ((self.stuck, "d"), (self.done, "abc")):
            session = await api.start(learner, quiz_id=self.quiz)
            sent = [right(name) if name in answers else wrong(name, simple_answer="no") for name in "abcd"]
            await api.update(learner, session, progress=1, time_spent_delta=90, interactions=sent)
        self.unit = new_id()
        for test, answers in (("pre", "a"), ("post", "abc")):
            start = {"unit_id": self.unit, "course_session_id": self.course, "test_type": test}
            session = await api.start(self.done, **start)
            sent = [right(name) if name in answers else wrong(name) for name in "abcd"]
            await api.update(self.done, session, progress=1, interactions=sent)
        return self

    async def report(self, name: str, **params: str) -> list[dict[str, Any]]:
        asked = {"classroom": self.room} | UTC | params
        found: list[dict[str, Any]] = (await self.api.answer("GET", f"/api/reports/{name}", self.coach, params=asked))[
            "results"
        ]
        return found

    async def html(self, path: str = "") -> str:
        return (await page(self.api, f"/class/{self.room}{path}", self.coach)).text

    async def table(self, path: str) -> list[dict[str, str]]:
        answer = await page(self.api, f"/class/{self.room}{path}", self.coach)
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def name(self, learner: Person) -> str:
        return f"u{(learner.id or '')[:6]}"


@pytest.fixture(scope="module")
async def room(api: Api) -> Class:
    """Looked at only."""
    return await Class(await School(api).open()).open()


@pytest.fixture
async def own_room(school: School) -> Class:
    """To be changed."""
    return await Class(school).open()


async def test_the_class_is_that_of_the_progress_report(room: Class) -> None:
    statuses = {(row["user_id"], row["content_id"]): row for row in await room.report("progress")}
    html = await room.html()

    assert statuses[room.stuck.id or "", room.exercise["content_id"]]["status"] == "needs help"
    needs = part(html, "needs-help")
    assert "1 of 3 learners" in needs
    # The latest work comes first.
    assert f"{room.name(room.stuck)} Quiz 25 % in the test, class 50 % · also Exercise" in needs
    row = part(html, f"r{room.stuck.id}")
    assert "needs help · 1 of 6 right · 30 % done · 5 min" in row
    assert "needs help · 25 % right" in row  # a finished quiz below one half
    assert "done · 75 % right" in part(html, f"r{room.done.id}")
    assert part(html, f"r{room.idle.id}").count("not started") == 3
    assert "0 / 3" in part(html, f"r{room.idle.id}")


async def test_the_rule_of_what_needs_help_is_the_schools(own_room: Class) -> None:
    room = own_room
    facility = {"id": room.school.facility, "name": "A school"}
    await room.api.roster(
        ROOT, facilities=[{**facility, "exercise_needs_help": "all_tries", "quiz_needs_help_below": 0.2}]
    )

    row = part(await room.html(), f"r{room.stuck.id}")

    assert "needs help" not in row  # six answers are no ten, and a quarter is no fifth
    assert "needs help below 20" in part(await room.html(), "grid")


async def test_a_lesson_is_that_of_the_lesson_completion_report(room: Class) -> None:
    rows = [row for row in await room.report("lesson-completion") if row["lesson_id"] == room.lesson]
    counts = Counter((row["content_id"], row["status"]) for row in rows)

    shown = await room.table(f"/lesson/{room.lesson}?format=csv")

    assert [row["Content"] for row in shown] == ["Exercise", "Untitled content", "Quiz"]
    first = shown[0]
    done, started = (counts[room.exercise["content_id"], status] for status in ("done", "started"))
    assert (int(first["finished"]), int(first["needs help"]) + int(first["started"])) == (done, started)
    assert first["Who needs help"] == room.name(room.stuck)
    assert float(first["Average time, seconds"]) == 250
    assert "Need help 1 learner, at least once" in part(await room.html(f"/lesson/{room.lesson}"), "figures")


async def test_a_quiz_is_that_of_the_quiz_results_and_the_items(room: Class) -> None:
    results = {row["user_id"]: row for row in await room.report("quiz-results", content=room.quiz)}
    items = await room.report("item-analysis", content=room.quiz, attempts="latest")

    shown = {row["Learner"]: row for row in await room.table(f"/quiz/{room.quiz}?format=csv")}

    for learner in (room.stuck, room.done):
        row, result = shown[room.name(learner)], results[learner.id]
        assert float(row["Score"]) == result["score"]
        assert (float(row["Right"]), int(row["Answered"])) == (result["correct"], result["answered"])
    assert shown[room.name(room.idle)]["State"] == results[room.idle.id]["status"] == "not started"
    assert shown[room.name(room.stuck)]["Title a"] == "no"
    html = await room.html(f"/quiz/{room.quiz}")
    for item in items:
        number = "abcd".index(item["item"]) + 1
        card = part(html, f"q{number}")
        assert f"Question {number} {item['difficulty']:.0%}".replace("%", " %") in card
        assert "Right answer: yes" in card
    assert f"no 2 × {room.name(room.done)}" not in html
    assert "Below 50 % 1 of 2 learners" in part(html, "figures")


async def test_of_several_tries_at_a_quiz_the_finished_one_is_shown_as_in_the_report(own_room: Class) -> None:
    """And the try before it is the one before it, not the newer one that is under way."""
    room, api = own_room, own_room.api
    again = await api.start(room.stuck, quiz_id=room.quiz, repeat=True)
    sent = [right(name) if name != "a" else wrong(name, simple_answer="no") for name in "abcd"]
    await api.update(room.stuck, again, progress=1, interactions=sent)
    under_way = await api.start(room.stuck, quiz_id=room.quiz, repeat=True)
    await api.update(room.stuck, under_way, interactions=[wrong("b", simple_answer="newest")])
    results = {row["user_id"]: row for row in await room.report("quiz-results", content=room.quiz)}

    shown = {row["Learner"]: row for row in await room.table(f"/quiz/{room.quiz}?format=csv")}

    row, result = shown[room.name(room.stuck)], results[room.stuck.id]
    assert (row["State"], float(row["Score"])) == ("finished", 0.75) == (result["status"], result["score"])
    assert (float(row["Right"]), int(row["Answered"])) == (result["correct"], result["answered"])
    assert (row["Title a"], row["Title b"]) == ("no", "right")
    assert int(row["Try before, points"]) == 50
    assert "Finished 2 of 3" in part(await room.html(f"/quiz/{room.quiz}"), "figures")


async def test_a_learner_is_that_of_the_progress_report_and_the_tries(room: Class) -> None:
    rows = [row for row in await room.report("progress") if row["user_id"] == room.done.id]
    own = {room.exercise["content_id"], room.quiz}
    done = sum(row["status"] in ("mastered", "finished") for row in rows if row["content_id"] in own)
    html = await room.html(f"/learner/{room.done.id}")

    assert f"Done {done} of 3 · class median 0" in part(html, "figures")
    items = await room.report("item-analysis", attempts="all")
    share = sum(item["difficulty"] * item["attempts"] for item in items) / sum(item["attempts"] for item in items)
    assert f"last 30 days · class {per_cent(share)} %" in part(html, "figures")
    tries = await room.table(f"/learner/{room.done.id}?format=csv")
    listed = await room.api.tries(room.coach, user=room.done.id or "")
    assert [float(row["Right"]) for row in tries] == [row["correct"] for row in listed]
    assert "Pre-test: Unit 1" in part(html, "tries")
    assert "Title a right: x yes" in part(html, "tries")


async def test_progress_over_time_ends_at_what_is_done(room: Class) -> None:
    for learner in (room.stuck, room.done, room.idle):
        html = await room.html(f"/learner/{learner.id}")

        done = re.search(r"Done (\d+) of", part(html, "figures"))
        weeks = re.search(r"<caption[^>]*>Contents done, by week</caption>(.*?)</table>", html, re.DOTALL)
        assert done is not None
        assert weeks is not None
        assert re.findall(r'<td class="number">(\d+)</td>', weeks[1])[-2] == done[1]


async def test_what_is_next_says_how_much_more_is_open(room: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner_page, "NEXT", 1)

    html = await room.html(f"/learner/{room.stuck.id}")

    assert "Needs help with 2" in part(html, "figures")
    assert "Show 1 more" in part(html, "next")


async def test_what_was_answered_has_a_direction_of_its_own(room: Class) -> None:
    for path in ("", f"/quiz/{room.quiz}"):
        html = await room.html(path)

        answers = re.findall(r"(?:[Cc]ommonest wrong(?: answer)?|Right answer|Right): <b>(.*?)</b>", html)
        assert all(re.fullmatch("<bdi>.*</bdi>", answer) for answer in answers)
        assert answers or not path


async def test_a_unit_is_that_of_the_learning_gain_report(room: Class) -> None:
    [gain] = await room.report("learning-gain")

    [row] = await room.table(f"/unit/{room.course}/{room.unit}?format=csv")

    assert (float(row["Pre-test"]), float(row["Post-test"])) == (gain["pre_score"], gain["post_score"])
    assert float(row["Gain"]) == gain["gain"] == 0.5
    assert "Gain, on average 50 points, from 25 % to 75 %" in part(
        await room.html(f"/unit/{room.course}/{room.unit}"), "figures"
    )
    assert "50 points" in part(await room.html(), "units")


async def test_activity_is_that_of_the_days_and_the_funnel(room: Class) -> None:
    [today] = await room.report("daily-activity")
    shown = await room.table("/activity?period=7&format=csv")

    assert len(shown) == 7
    assert [row["Day"] for row in shown][-1] == today["day"]
    assert (int(shown[-1]["Learners"]), float(shown[-1]["Time, seconds"])) == (today["learners"], today["time_spent"])
    assert all(int(row["Sessions"]) == 0 for row in shown[:-1])
    [stuck] = await room.table("/activity?format=csv&table=stuck")
    [funnel] = await room.report("mastery-funnel")
    assert (int(stuck["Attempted"]), int(stuck["Done"])) == (funnel["attempted"], funnel["mastered"])
    assert int(stuck["Need help"]) == 1


async def test_home_counts_as_the_class_does(own_room: Class) -> None:
    room = own_room
    await room.school.classroom("A2")
    admin = await room.school.coach("facility", kind="admin")

    shown = " ".join(part((await page(room.api, "/", admin)).text, "main").split())

    assert "1 learner needs help now, in 1 of 2 classes." in shown
    assert "A1 3 learners 1 learner" in shown
    assert "2 of 3" in shown
    assert "A2 0 learners" in shown


async def test_home_counts_who_is_in_two_classes_once_and_says_of_which_classes(
    own_room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = own_room
    for name in ("A2", "A3"):
        await room.school.classroom(name)
    admin = await room.school.coach("facility", kind="admin")
    members = [{"user_id": room.stuck.id, "collection_id": room.school.places["A2"]}]
    await room.api.roster(ROOT, memberships=members)

    whole = part((await page(room.api, "/", admin)).text, "main")
    monkeypatch.setattr(learner_controller, "CLASSES", 2)
    monkeypatch.setattr(home_page, "CLASSES", 2)
    shown = (await page(room.api, "/?search=a", admin)).text

    assert "1 learner needs help now, in 2 of 3 classes." in whole
    assert "Classes 1 to 2 of 3: 1 learner needs help now, in 2 of 2 classes." in part(shown, "main")
    [further] = re.findall(r'href="(\?[^"]*)">Show more classes', shown)
    assert "search=a" in further
    rest = part((await page(room.api, f"/{further.replace('&amp;', '&')}", admin)).text, "main")
    assert "Classes 3 to 3 of 3" in rest
