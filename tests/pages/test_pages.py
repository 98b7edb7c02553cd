"""The pages over HTTP: who may look, the same figures as the API, and that they stay current."""

import asyncio
import csv
import io
import re
import time
from typing import Any

import pytest
from httpx import Response

from learntrack.documents import MasteryLog
from learntrack.domain import moments
from learntrack.pages import controller
from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, token, video, wrong

pytestmark = pytest.mark.engines("embedded", "mongoeco")


async def page(api: Api, path: str, by: Person | None, expect: int = 200, method: str = "GET", **more: Any) -> Response:
    cookie = (
        {} if by is None or by.id is None else {"Cookie": f"learntrack_token={token(by.id, superuser=by.superuser)}"}
    )
    response = await api.client.request(
        method, f"/reports{path}", headers={**cookie, **more.pop("headers", {})}, **more
    )
    assert response.status_code == expect, response.text[:500]
    return response


class Class:
    def __init__(self, school: School) -> None:
        self.school, self.api = school, school.api

    async def open(self) -> "Class":
        school = self.school
        self.learner, self.other = await school.learner("A1"), await school.learner("A1")
        self.coach, self.stranger = await school.coach("A1"), await school.coach("A2")
        self.room = school.places["A1"]
        self.exercise = exercise()
        self.quiz = await school.quiz("A1")
        self.session = await self.api.start(self.learner, **self.exercise)
        await self.api.update(
            self.learner,
            self.session,
            progress=0.4,
            time_spent_delta=95,
            interactions=[wrong("<b>q1</b>"), right("q2")],
        )
        return self


@pytest.fixture
async def room(school: School) -> Class:
    return await Class(school).open()


async def test_signing_in_and_out(room: Class) -> None:
    api = room.api
    assert (await page(api, "/", None, expect=303)).headers["location"] == "/reports/sign-in"
    good = await page(api, "/sign-in", None, expect=303, method="POST", data={"token": token(room.coach.id or "")})
    cookie = good.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/reports" in cookie
    by_header = {"Authorization": f"Bearer {token(room.coach.id or '')}"}
    assert "set-cookie" in (await page(api, "/sign-in", None, expect=303, method="POST", headers=by_header)).headers
    for bad in ("", "nonsense", token(room.coach.id or "", secret="another secret, just as long")):
        refused = await page(api, "/sign-in", None, expect=401, method="POST", data={"token": bad})
        assert "set-cookie" not in refused.headers
    await page(api, "/sign-out", room.coach, expect=403, method="POST", headers={"Sec-Fetch-Site": "cross-site"})
    out = await page(api, "/sign-out", room.coach, expect=303, method="POST")
    assert 'learntrack_token=""' in out.headers["set-cookie"] or "max-age=0" in out.headers["set-cookie"].lower()
    api.client.cookies.clear()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
async def test_another_sites_form_neither_signs_in_nor_out(room: Class, path: str) -> None:
    async def send(headers: dict[str, str]) -> int:
        sent = {"data": {"token": token(room.coach.id or "")}, "headers": headers}
        answer = await room.api.client.post(f"/reports{path}", **sent)  # type: ignore[arg-type]
        room.api.client.cookies.clear()
        return answer.status_code

    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://learntrack"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://learntrack:81"},
        {"Origin": "http://learntrack.evil.example"},
        {"Origin": "http://[", "Referer": "http://learntrack/reports/sign-in"},
        {"Referer": "https://evil.example/?http://learntrack/"},
        {"Referer": "http://learntrack@evil.example/"},
    ):
        assert await send(foreign) == 403, foreign
    for own in (
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Origin": "null"},
        {"Origin": "http://learntrack"},
        {"Origin": "https://LEARNTRACK"},
        {"Referer": "http://learntrack/reports/sign-in"},
    ):
        assert await send(own) == 303, own


async def test_an_open_page_hears_no_more_when_its_viewers_role_or_token_ends(
    room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams of the test's own, because the tests' client waits for the end of an answer."""
    monkeypatch.setattr(controller, "_BEAT_SECONDS", 0.05)
    role = {"user_id": room.coach.id, "collection_id": room.room, "kind": "coach"}
    lasting, short = token(room.coach.id or ""), token(room.coach.id or "", exp=time.time() + 1.5)

    async def stream(with_token: str) -> str:
        headers = {"Cookie": f"learntrack_token={with_token}"}
        return (await room.api.client.get(f"/reports/class/{room.room}/events", headers=headers)).text

    async with asyncio.timeout(20):
        assert "beat" in await stream(short)
        watching = asyncio.create_task(stream(lasting))
        await asyncio.wait([watching], timeout=0.5)
        assert not watching.done()
        await room.api.roster(ROOT, remove={"roles": [role]})
        await watching


async def test_the_cookie_opens_pages_only(room: Class) -> None:
    cookie = {"Cookie": f"learntrack_token={token(room.coach.id or '')}"}
    answer = await room.api.client.get("/api/logger/masterylog", headers=cookie, params={"user": room.learner.id})
    assert answer.json() == []


async def test_who_may_look(room: Class) -> None:
    api, classroom, learner = room.api, f"/class/{room.room}", f"/learner/{room.learner.id}"
    for path in (classroom, f"{classroom}/activity", f"{classroom}/quiz/{room.quiz}", learner):
        await page(api, path, room.coach)
        await page(api, path, ROOT)
        await page(api, path, room.stranger, expect=404)
        assert (await page(api, path, ANONYMOUS, expect=303)).headers["location"] == "/reports/sign-in"
    await page(api, learner, room.learner)
    await page(api, learner, room.other, expect=404)
    await page(api, classroom, room.learner, expect=404)
    assert (await page(api, "/", room.learner, expect=303)).headers["location"] == f"/reports{learner}"
    await page(api, f"{classroom}/events", room.stranger, expect=404)
    for nowhere in ("/class/x", f"/class/{new_id()}", "/learner/x", f"{classroom}/quiz/x"):
        await page(api, nowhere, room.coach, expect=404)


async def test_the_figures_are_those_of_the_reports(room: Class) -> None:
    api, classroom = room.api, f"/class/{room.room}"
    [row] = (await api.answer("GET", "/api/reports/progress", room.coach, params={"classroom": room.room}))["results"]
    shown = (await page(api, classroom, room.coach)).text
    assert (
        f"{row['status']}, {row['progress']:.0%} done, 2 min, {row['attempts']} attempts, "
        f"{row['correct_share']:.0%} right" in shown
    )

    table = list(csv.DictReader(io.StringIO((await page(api, f"{classroom}?format=csv", room.coach)).text)))
    assert [(each["content_id"], float(each["time_spent"])) for each in table] == [
        (row["content_id"], row["time_spent"])
    ]

    content = room.exercise["content_id"]
    quiz = (await page(api, f"{classroom}/quiz/{content}", room.coach)).text
    assert "&lt;b&gt;q1&lt;/b&gt;" in quiz
    assert "<b>q1" not in quiz
    items = (
        await api.answer(
            "GET", "/api/reports/item-analysis", room.coach, params={"classroom": room.room, "content": content}
        )
    )["results"]
    read = list(
        csv.DictReader(
            io.StringIO((await page(api, f"{classroom}/quiz/{content}?table=item-analysis", room.coach)).text)
        )
    )
    assert [float(each["difficulty"]) for each in read] == [each["difficulty"] for each in items]

    learner = (await page(api, f"/learner/{room.learner.id}", room.learner)).text
    assert "1 of 2 right" in learner
    assert '{"value": "' in learner  # an answer, in the history of an attempt
    days = (await page(api, f"{classroom}/activity", room.coach)).text
    assert moments.now().date().isoformat() in days


async def test_an_imported_history_may_lack_what_ours_has(room: Class) -> None:
    imported = {"attempts.0.interaction_history": [{"type": "answer"}, {"type": "answer", "answer": {"is": 1}}, {}]}
    await room.api.db.collection(MasteryLog).update_one({"user_id": room.learner.id}, {"$set": imported})

    shown = (await page(room.api, f"/learner/{room.learner.id}", room.coach)).text

    assert '<li>answer: null</li><li>answer: {"is": 1}</li><li>entry</li>' in shown


async def test_a_second_try_is_better_or_worse(room: Class) -> None:
    api = room.api
    practice = exercise({"type": "quiz"})
    for answers in ([wrong("a"), right("b"), right("c")], [right("a"), wrong("b"), right("c")]):
        session = await api.start(room.learner, **practice, repeat=True)
        await api.update(room.learner, session, progress=1, time_spent_delta=5, interactions=answers)
    shown = (await page(api, f"/class/{room.room}/quiz/{practice['content_id']}", room.coach)).text
    assert re.search(r'\+0</td><td class="number">1</td><td class="number">1</td><td class="number">1</td>', shown)


async def test_filters_are_the_address(room: Class) -> None:
    api, classroom = room.api, f"/class/{room.room}"
    group = await room.school.group("red", "A1")
    await api.roster(ROOT, memberships=[{"user_id": room.other.id, "collection_id": group}])
    lesson = await room.school.lesson("A1")
    await api.start(room.other, **video(lesson_id=lesson))

    assert "1 learners, 1 contents" in (await page(api, f"{classroom}?group={group}", room.coach)).text
    assert "2 learners, 1 contents" in (await page(api, f"{classroom}?lesson={lesson}", room.coach)).text
    assert "2 learners, 2 contents" in (await page(api, classroom, room.coach)).text
    assert "Nothing has been used yet." in (await page(api, f"{classroom}?until=2001-01-01", room.coach)).text
    assert "selected" in (await page(api, f"{classroom}?sort=time_spent", room.coach)).text
    await page(api, f"{classroom}?since=nonsense", room.coach, expect=400)
