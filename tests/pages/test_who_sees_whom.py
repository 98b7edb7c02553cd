"""Actor by page by class: a page shows the learners whom the API's list of that class shows to the same person."""

import csv
import io
import re

import pytest

from learntrack.pages import home_page, learner_controller
from tests.api.test_budget import spent
from tests.pages.opening import page
from tests.pages.reading import part
from tests.support import ROOT, Api, Person, School, exercise, new_id, right, token, wrong

pytestmark = pytest.mark.one_engine("embedded", "mongoeco")

LEARNER_LINK = re.compile(r'href="/reports/class/[0-9a-f]{32}/learner/([0-9a-f]{32})')


class TwoSchools:
    """Two schools; a learner of the second visits a class of the first."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.north, self.south = School(api), School(api)
        self.quiz = exercise({"type": "quiz"})

    async def open(self) -> "TwoSchools":
        north, south = await self.north.open(), await self.south.open()
        await north.classroom("A1")
        red = await north.group("red", "A1")
        self.learners = [await north.learner("A1"), await north.learner("red"), await north.learner("A2")]
        self.visitor = await south.learner("B1")
        group_coach, coach_and_learner = await north.person(), await north.coach("A1")
        await self.api.roster(
            ROOT,
            memberships=[
                {"user_id": self.visitor.id, "collection_id": north.places["A1"]},
                {"user_id": coach_and_learner.id, "collection_id": north.places["A1"]},
            ],
            roles=[{"user_id": group_coach.id, "collection_id": red, "kind": "coach"}],
        )
        for learner in (*self.learners, self.visitor, coach_and_learner):
            session = await self.api.start(learner, **self.quiz)
            await self.api.update(learner, session, interactions=[right("q1")], progress=1)
        self.actors = {
            "class coach": await north.coach("A1"),
            "coach who learns": coach_and_learner,
            "other class's coach": await north.coach("A2"),
            "group coach": group_coach,
            "facility admin": await north.coach("facility", kind="admin"),
            "visitor's admin": await south.coach("facility", kind="admin"),
            "learner": self.learners[0],
            "visitor": self.visitor,
            "unknown": Person(new_id()),
            "superuser": await north.person(superuser=True),
            "superuser by token": ROOT,
        }
        self.names = {row["_id"]: row["username"] for row in await self.api.db.find("users", {})}
        self.rooms = {"A1": north.places["A1"], "A2": north.places["A2"], "B1": south.places["B1"]}
        return self

    async def listed(self, by: Person, room: str) -> set[str]:
        """The learners whom the API's list of a class shows; each has an attempt."""
        return {row["user"] for row in await self.api.attempts(by, classroom=room)}


@pytest.fixture
async def schools(api: Api) -> TwoSchools:
    return await TwoSchools(api).open()


LOOKS_AT = {
    "class coach": {"A1"},
    "coach who learns": {"A1"},
    "other class's coach": {"A2"},
    "facility admin": {"A1", "A2"},
    "visitor's admin": {"B1"},
    "superuser": {"A1", "A2", "B1"},
    "superuser by token": {"A1", "A2", "B1"},
}


async def test_a_page_shows_whom_the_list_of_the_class_shows(schools: TwoSchools) -> None:
    api, content = schools.api, schools.quiz["content_id"]
    for name, actor in schools.actors.items():
        for room, room_id in schools.rooms.items():
            pages = [f"/class/{room_id}", f"/class/{room_id}/activity", f"/class/{room_id}/quiz/{content}"]
            if room not in LOOKS_AT.get(name, ()):
                for path in (*pages, f"/class/{room_id}/events"):
                    await page(api, path, actor, expect=404)
                continue
            listed = await schools.listed(actor, room_id)
            assert listed, (name, room)
            overview, quiz = [(await page(api, path, actor)).text for path in (pages[0], pages[2])]
            assert set(LEARNER_LINK.findall(overview)) == listed, (name, room)
            assert set(LEARNER_LINK.findall(quiz)) == listed, (name, room)
            days = await table(api, f"{pages[1]}?format=csv", actor)
            assert sum(int(day["Learners"]) for day in days) == len(listed), (name, room)
            for path in (f"{pages[0]}?format=csv", f"{pages[2]}?format=csv"):
                names = {row["Learner"] for row in await table(api, path, actor)}
                assert names == {schools.names[learner] for learner in listed}, (name, path)


async def table(api: Api, path: str, by: Person) -> list[dict[str, str]]:
    """The rows of a page's CSV."""
    text = (await page(api, path, by)).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


async def test_the_admin_of_a_school_does_not_see_anothers_learner_in_a_class(schools: TwoSchools) -> None:
    room, visitor = schools.rooms["A1"], schools.visitor.id
    admin, coach = schools.actors["facility admin"], schools.actors["class coach"]

    assert visitor not in (await page(schools.api, f"/class/{room}", admin)).text
    await page(schools.api, f"/learner/{visitor}", admin, expect=404)
    assert visitor in (await page(schools.api, f"/class/{room}", coach)).text
    await page(schools.api, f"/class/{room}/learner/{visitor}", admin, expect=404)
    await page(schools.api, f"/class/{room}/learner/{visitor}", coach)


async def test_a_learner_page_is_for_whom_the_list_of_the_learner_is_for(schools: TwoSchools) -> None:
    for name, actor in schools.actors.items():
        for learner in (*schools.learners, schools.visitor):
            listed = await schools.api.attempts(actor, user=learner.id)
            path = f"/learner/{learner.id}"
            answer = await page(schools.api, path, actor, expect=None)
            if answer.status_code == 303:
                path = answer.headers["location"].removeprefix("/reports")
                answer = await page(schools.api, path, actor, expect=None)
            assert answer.status_code == (200 if listed else 404), (name, path)
            assert bool(listed) or name not in ("superuser", "superuser by token")


async def test_the_first_page_names_the_classes_that_may_be_looked_at(schools: TwoSchools) -> None:
    shown = (await page(schools.api, "/", schools.actors["facility admin"])).text
    for room, room_id in schools.rooms.items():
        assert (f"/reports/class/{room_id}" in shown) == (room in LOOKS_AT["facility admin"]), room
    only = await page(schools.api, "/", schools.actors["class coach"], expect=303)
    assert only.headers["location"] == f"/reports/class/{schools.rooms['A1']}"


async def test_the_quiz_page_shows_what_the_diff_of_each_learner_says(school: School) -> None:
    api, quiz = school.api, exercise({"type": "quiz"})
    coach, learners = await school.coach("A1"), [await school.learner("A1") for _ in range(4)]
    tries = [
        [],
        [[right("a"), wrong("b")]],
        [[wrong("a"), right("b"), right("c")], [right("a"), wrong("b"), right("c"), right("d")]],
        [[right("a")], [right("a")], []],
    ]
    for learner, its_tries in zip(learners, tries, strict=True):
        for answers in its_tries:
            session = await api.start(learner, **quiz, repeat=True)
            await api.update(learner, session, progress=1, time_spent_delta=3, interactions=answers)
    room, content = school.places["A1"], quiz["content_id"]
    rows = {row["Learner"]: row for row in await table(api, f"/class/{room}/quiz/{content}?format=csv", coach)}
    names = {row["_id"]: row["username"] for row in await api.db.find("users", {})}
    html = (await page(api, f"/class/{room}/quiz/{content}", coach)).text

    assert rows[names[learners[0].id]]["State"] == "not started"
    diffs = []
    for learner in learners[1:]:
        expected = await api.diff(coach, 0, user=learner.id, content=content)
        diffs += [row["diff"]["correct"] for row in expected["attemptlogs"] if row["diff"]["correct"] is not None]
        row = rows[names[learner.id]]
        assert row["State"] == "finished"
        assert float(row["Right"]) == expected["correct"]
        assert int(row["Answered"]) == len(expected["attemptlogs"])
        assert float(row["Time, seconds"]) == expected["time_spent"]
    desktop = part(html, "answers")
    assert desktop.count("wrong in the try before") - 1 == sum(diff > 0 for diff in diffs)  # the legend says it too
    assert desktop.count("right in the try before") == sum(diff < 0 for diff in diffs)


@pytest.mark.engines("embedded")
async def test_no_page_asks_more_of_the_database_for_more_learners(school: School) -> None:
    api, quiz, coach = school.api, exercise({"type": "quiz"}), await school.coach("A1")
    room, commands = school.places["A1"], []
    for more in (2, 6):
        for learner in [await school.learner("A1") for _ in range(more)]:
            for _ in range(2):
                session = await api.start(learner, **quiz, repeat=True)
                await api.update(learner, session, progress=1, interactions=[right("q")])
        counted = []
        learner = f"/learner/{(await school.learner('A1')).id}"
        for path in ("", "/activity", f"/quiz/{quiz['content_id']}", learner):
            asked = f"/reports/class/{room}{path}", {"Cookie": cookie(coach)}
            await api.client.get(asked[0], headers=asked[1])  # titles that are not there are looked for once
            counted.append(await spent(api.client.get(asked[0], headers=asked[1])))
        commands.append(counted)

    assert commands[0] == commands[1]
    assert all(counted for counted in commands[0])


@pytest.mark.engines("embedded")
async def test_the_first_page_asks_no_more_of_the_database_for_classes_that_it_does_not_show(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home_page, "CLASSES", 2)
    monkeypatch.setattr(learner_controller, "CLASSES", 2)
    admin, commands = await school.coach("facility", kind="admin"), []
    for rooms in (("A1", "A2"), ("A3", "A4", "A5")):
        for room in rooms:
            await school.learner(room)
        asking = school.api.client.get("/reports/?all=1", headers={"Cookie": cookie(admin)})
        commands.append(await spent(asking))

    assert commands[0] == commands[1]
    assert commands[0]


def cookie(person: Person) -> str:
    return f"learntrack_token={token(person.id or '', superuser=person.superuser)}"
