"""Contents that several lessons have, for several groups, and quizzes that are not the class's any more."""

import csv
import io
import re
from typing import Any

import pytest

from tests.pages.opening import page
from tests.pages.reading import part
from tests.support import ROOT, Person, School, exercise, video

pytestmark = pytest.mark.engines("embedded", "mongoeco")


class Groups:
    """Two learners in two groups, each with a lesson of their own; the exercise is in both lessons."""

    def __init__(self, school: School) -> None:
        self.school, self.api = school, school.api

    async def open(self) -> "Groups":
        school = self.school
        self.room = await school.classroom()
        for group in ("red", "blue"):
            await school.group(group)
        self.red, self.blue = await school.learner("red"), await school.learner("blue")
        self.coach = await school.coach()
        self.lessons = [await school.lesson(group) for group in ("red", "blue")]
        self.shared, self.other = exercise(), video()
        ids = [self.shared["content_id"], self.other["content_id"]]
        contents = ([ids[0], ids[1], ids[0]], [ids[0]])
        lessons = [
            {"id": lesson, "title": f"{number} lesson", "content_ids": content_ids}
            for number, (lesson, content_ids) in enumerate(zip(self.lessons, contents, strict=True))
        ]
        named = [
            {"id": ids[0], "title": "Shared", "kind": "exercise"},
            {"id": ids[1], "title": "Other", "kind": "video"},
        ]
        await self.api.roster(ROOT, lessons=lessons, contents=named)
        return self

    async def table(self, path: str) -> dict[str, dict[str, str]]:
        """A page's table, by its first column."""
        answer = await page(self.api, f"/class/{self.room}{path}", self.coach)
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        return {next(iter(row.values())): row for row in rows}

    async def name(self, person: Person) -> str:
        row: Any = await self.api.db.find_one("users", {"_id": person.id})
        return str(row["username"])


@pytest.fixture
async def groups(school: School) -> Groups:
    return await Groups(school).open()


async def test_a_content_of_two_lessons_is_everybodys_who_has_one_of_them(groups: Groups) -> None:
    red, blue = await groups.name(groups.red), await groups.name(groups.blue)

    grid = await groups.table("?format=csv")
    assert (grid[red]["Shared"], grid[blue]["Shared"]) == ("not started", "not started")
    assert (grid[red]["Other"], grid[blue]["Other"]) == ("not started", "")
    assert (grid[red]["Of"], grid[blue]["Of"]) == ("2", "1")
    assert list(grid[red]) == ["Learner", "Needs help", "Done", "Of", "Shared", "Other"], "each content once"
    second = await groups.table(f"?format=csv&lesson={groups.lessons[1]}")
    assert second[blue]["Shared"] == "not started"
    assert "Other" not in second[blue]
    assert (await groups.table(f"/quiz/{groups.shared['content_id']}?format=csv")).keys() == {red, blue}


async def test_a_lesson_whose_contents_an_earlier_one_has_counts_them(groups: Groups) -> None:
    session = await groups.api.start(groups.blue, **groups.shared)
    await groups.api.update(groups.blue, session, progress=1)

    shown = part((await page(groups.api, f"/class/{groups.room}", groups.coach)).text, "lessons")
    assert "0 of 1 finished · 1 not started" in shown, "red's"
    assert "1 of 1 finished" in shown, "blue's"


async def test_a_quiz_that_is_not_the_classs_any_more_is_only_theirs_who_have_begun_it(groups: Groups) -> None:
    quiz = await groups.school.quiz()
    await groups.api.start(groups.red, quiz_id=quiz)
    await groups.api.roster(ROOT, quizzes=[{"id": quiz, "title": "Fractions", "collection_ids": [groups.room]}])
    await groups.api.roster(ROOT, remove={"quizzes": [quiz]})

    grid = await groups.table("?format=csv")

    red, blue = grid[await groups.name(groups.red)], grid[await groups.name(groups.blue)]
    assert red["Fractions"] not in ("", "not started")
    assert blue["Fractions"] == ""


async def test_a_learners_page_lists_a_content_under_each_of_its_lessons(groups: Groups) -> None:
    address = f"/class/{groups.room}/learner/{groups.blue.id}"
    own = f"/learner/{groups.blue.id}"
    session = await groups.api.start(groups.blue, **groups.shared)
    await groups.api.update(groups.blue, session, progress=1)

    for by, path, lessons in ((groups.coach, address, ["0 lesson", "1 lesson"]), (groups.blue, own, ["1 lesson"])):
        whole = (await page(groups.api, f"{path}?lesson=all", by)).text
        shown = part(whole, "contents")
        assert re.findall(r"(\d lesson) State Progress Right Time Shared exercise", shown) == lessons
        assert whole.count(f'id="c{groups.shared["content_id"]}"') == 1
    second = part((await page(groups.api, f"{address}?lesson={groups.lessons[1]}", groups.coach)).text, "contents")
    assert "1 lesson State Progress Right Time Shared" in second
