"""The pages over HTTP: who may look, the same figures as the API, and that they stay current."""

import asyncio
import csv
import gzip
import io
import re
import time

import pytest
from httpx import Response

from learntrack.documents import MasteryLog
from learntrack.pages import event_controller
from tests.pages.opening import Class, page
from tests.pages.reading import part
from tests.support import ANONYMOUS, ROOT, School, new_id, token, video

pytestmark = pytest.mark.one_engine("embedded", "mongoeco")


async def test_an_open_page_hears_no_more_when_its_viewers_role_or_token_ends(
    room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams of the test's own, because the tests' client waits for the end of an answer."""
    monkeypatch.setattr(event_controller, "_BEAT_SECONDS", 0.05)
    role = {"user_id": room.coach.id, "collection_id": room.room, "kind": "coach"}

    async def stream(**claims: float) -> str:
        headers = {"Cookie": f"learntrack_token={token(room.coach.id or '', **claims)}"}
        return (await room.api.client.get(f"/reports/class/{room.room}/events", headers=headers)).text

    async with asyncio.timeout(120):
        heard = ""
        for seconds in (1.5, 6, 24):  # on a slow machine a short one has ended before anybody looks at it
            if "beat" not in heard:
                heard = await stream(exp=time.time() + seconds)
        assert "beat" in heard
        watching = asyncio.create_task(stream())
        await asyncio.wait([watching], timeout=0.5)
        assert not watching.done()
        await room.api.roster(ROOT, remove={"roles": [role]})
        await watching


async def test_an_open_page_is_sent_to_ask_again_when_somebody_joins_the_class(
    room: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose work it hears of was settled when it opened: who came later would never show."""
    monkeypatch.setattr(event_controller, "_BEAT_SECONDS", 0.05)
    headers = {"Cookie": f"learntrack_token={token(room.coach.id or '')}"}

    async with asyncio.timeout(60):
        watching = asyncio.create_task(room.api.client.get(f"/reports/class/{room.room}/events", headers=headers))
        # Who joins before it has begun belongs to those with whom it begins.
        while not watching.done():
            await room.school.learner("A1")
        assert "beat" in (await watching).text


async def test_a_period_shows_its_days_and_none_that_is_to_come(room: Class) -> None:
    path = f"/class/{room.room}/activity?period=days"

    turned = await page(room.api, f"{path}&since=2026-02-03&until=2026-02-01&format=csv", room.coach)
    long_ago = await page(room.api, f"{path}&until=1970-01-01&format=csv", room.coach)
    for_ever = await page(room.api, f"{path}&since=1970-01-01&until=9000-12-31&format=csv", room.coach)

    assert [row["Day"] for row in rows_of(turned)] == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert [row["Day"] for row in rows_of(long_ago)] == ["1970-01-01"]
    [*_, last] = rows_of(for_ever)
    assert last["Day"] < "2100"
    assert int(last["Learners"]) == 1, "today's work"


def rows_of(table: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))


async def test_who_may_look(room: Class) -> None:
    api, classroom = room.api, f"/class/{room.room}"
    lesson = await room.school.lesson("A1")
    learner = f"{classroom}/learner/{room.learner.id}"
    paths = (
        classroom,
        f"{classroom}/activity",
        f"{classroom}/quiz/{room.quiz}",
        f"{classroom}/lesson/{lesson}",
        learner,
    )
    for path in paths:
        await page(api, path, room.coach)
        await page(api, path, ROOT)
        await page(api, path, room.stranger, expect=404)
        await page(api, path, room.learner, expect=404)
        assert (await page(api, path, ANONYMOUS, expect=303)).headers["location"] == "/reports/sign-in"
    own = f"/learner/{room.learner.id}"
    await page(api, own, room.learner)
    assert (await page(api, own, room.coach, expect=303)).headers["location"] == f"/reports{learner}"
    await page(api, own, room.stranger, expect=404)
    await page(api, own, room.other, expect=404)
    assert (await page(api, "/", room.learner, expect=303)).headers["location"] == f"/reports{own}"
    await page(api, f"{classroom}/events", room.stranger, expect=404)
    for nowhere in (
        "/class/x",
        f"/class/{new_id()}",
        "/learner/x",
        f"{classroom}/quiz/x",
        f"{classroom}/quiz/{await room.school.lesson()}",
        f"{classroom}/lesson/{new_id()}",
        f"{classroom}/learner/{room.coach.id}",
        f"{classroom}/unit/{new_id()}/{new_id()}",
        f"/classes/{room.room}",
        f"{classroom}/nothing/of/that",
    ):
        await page(api, nowhere, room.coach, expect=404)


async def test_an_address_that_leads_nowhere_is_a_page_for_who_is_not_signed_in_too(room: Class) -> None:
    answer = await room.api.client.get("/reports/classes")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_page_tells_nothing_of_another_classs_quiz(room: Class) -> None:
    """Nor of one that was removed; an exercise that nobody has begun yet is nobody's secret."""
    there, gone, exercises = await room.school.quiz("A2"), await room.school.quiz("A2"), new_id()
    await room.api.roster(
        ROOT,
        contents=[{"id": exercises, "title": "Fractions", "kind": "exercise"}],
        remove={"quizzes": [gone]},
    )

    for quiz in (there, gone):
        for query in ("", "?format=csv"):
            await page(room.api, f"/class/{room.room}/quiz/{quiz}{query}", room.coach, expect=404)
    await page(room.api, f"/class/{room.room}/quiz/{exercises}", room.coach)


async def test_the_root_says_what_this_is_and_leads_on(room: Class) -> None:
    answer = await room.api.client.get("/")

    assert answer.status_code == 200
    assert "learntrack is running" in answer.text
    assert {"/reports/", "/schema", "/health/ready"} <= set(re.findall(r'href="([^"]+)"', answer.text))
    assert "script-src 'self'" in answer.headers["content-security-policy"]


async def test_the_language_is_the_chosen_one_else_the_browsers(room: Class) -> None:
    async def language(accepted: str, kept: str = "") -> str:
        headers = {"Accept-Language": accepted} | ({"Cookie": f"learntrack_language={kept}"} if kept else {})
        answer = await room.api.client.get("/", headers=headers)
        assert re.search(r"Accept-Language", answer.headers["vary"])
        found = re.search(r'<html lang="(\w+)" dir="(\w+)">', answer.text)
        assert found is not None
        assert (found[2] == "rtl") == (found[1] == "ar")
        return found[1]

    assert await language("ar-EG,en;q=0.8") == "ar"
    assert await language("xx, fr;q=0.5, es;q=0.9") == "es"
    assert await language("xx") == await language("") == await language(";q=,,;") == "en"
    assert await language("ar", kept="pt") == "pt"
    assert await language("ar", kept="xx") == "ar"

    async def choose(back: str, **headers: str) -> Response:
        sent = {"language": "sw", "back": back}
        answer = await room.api.client.post("/reports/language", data=sent, headers=headers)
        room.api.client.cookies.clear()
        return answer

    chosen = await choose("/reports/?all=1")
    assert chosen.headers["location"] == "/reports/?all=1"
    assert "learntrack_language=sw" in chosen.headers["set-cookie"]
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "evil"):
        assert (await choose(elsewhere)).headers["location"] == "/"
    assert (await choose("/", **{"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_an_imported_history_may_lack_what_ours_has(room: Class) -> None:
    history = [
        {"type": "answer"},
        {"type": "hint"},
        {"type": "answer", "answer": {"is": 1}, "correct": 1},
        {},
        {"type": "answer", "answer": {"a": 1, "b": {}}},
    ]
    imported = {"attempts.0.interaction_history": history, "attempts.0.simple_answer": ""}
    await room.api.db.collection(MasteryLog).update_one({"user_id": room.learner.id}, {"$set": imported})

    shown = part((await page(room.api, f"/class/{room.room}/learner/{room.learner.id}", room.coach)).text, "tries")

    assert re.search("wrong: left empty hint right: 1 wrong: <b>q1</b>", shown)
    assert "{" not in shown


async def test_filters_are_the_address(room: Class) -> None:
    api, classroom = room.api, f"/class/{room.room}"
    group = await room.school.group("red", "A1")
    await api.roster(ROOT, memberships=[{"user_id": room.other.id, "collection_id": group}])
    lesson = await room.school.lesson("A1")
    watched = video(lesson_id=lesson)
    await api.roster(ROOT, lessons=[{"id": lesson, "title": "Lesson", "content_ids": [watched["content_id"]]}])
    await api.start(room.other, **watched)

    async def shown(query: str) -> str:
        return part((await page(api, f"{classroom}?{query}", room.coach)).text, "grid")

    assert "1 × 3" in await shown(f"group={group}")  # the lesson's, the quiz, what was used besides
    assert "Nobody is in this group" in await shown(f"group={room.room}")  # the class's id is no group's
    assert "2 × 1" in await shown(f"lesson={lesson}")
    assert "2 × 3" in await shown("")
    assert "2 × 3" in await shown("until=2001-01-01&period=days")  # nobody disappears who has done nothing
    nobody = await shown("search=zoe")
    assert "No learner matches" in nobody
    assert "Nobody has “zoe” in the name." in nobody
    assert "Name: “zoe”" in nobody
    assert "selected" in (await page(api, f"{classroom}?sort=time", room.coach)).text
    wrong_day = await page(api, f"{classroom}?period=days&since=nonsense", room.coach, expect=400)
    assert "This address does not work" in wrong_day.text


async def test_learners_who_have_done_nothing_are_there(school: School) -> None:
    coach, learners = await school.coach("A1"), [await school.learner("A1") for _ in range(3)]
    empty = await school.coach("A2")
    await school.quiz("A1")

    begun = (await page(school.api, f"/class/{school.places['A1']}", coach)).text

    assert "Nobody has worked yet." in begun
    for learner in learners:
        assert f"/learner/{learner.id}" in begun
    nobody = (await page(school.api, f"/class/{school.places['A2']}", empty)).text
    assert "Nobody is in this class yet" in nobody


async def test_the_table_that_is_shown_is_the_csv(room: Class) -> None:
    api, classroom = room.api, f"/class/{room.room}"
    titled = [{"id": room.exercise["content_id"], "title": "=1+1", "kind": "exercise"}]
    await api.roster(ROOT, contents=titled)

    answer = await page(api, f"{classroom}?format=csv", room.coach)

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Learner", "Needs help", "Done", "Of", "quizzes", "'=1+1"]
    assert sorted(row[-1] for row in rows[1:]) == ["not started", "started"]
    assert re.search(r'filename="class-[a-z0-9-]+-\d{4}-\d\d-\d\d\.csv"', answer.headers["content-disposition"])


async def test_an_open_page_is_sent_what_has_changed_and_nothing_else(room: Class) -> None:
    api, path = room.api, f"/class/{room.room}"
    opened = (await page(api, path, room.coach)).text
    have = {"Learntrack-Have": ",".join(re.findall(r'data-v="(\w+)"', opened))}

    nothing = (await page(api, path, room.coach, headers=have)).json()
    assert nothing["fragments"] == []
    assert f'data-order="{nothing["order"]}"' in opened
    await api.update(room.learner, room.session, progress_delta=0.2, time_spent_delta=100)
    changed = (await page(api, path, room.coach, headers=have)).json()

    ids = {each["id"] for each in changed["fragments"]}
    assert f"r{room.learner.id}" in ids
    assert f"r{room.other.id}" not in ids
    assert all(each["html"].count(f'id="{each["id"]}"') == 1 for each in changed["fragments"])
    signed_out = await page(api, path, ANONYMOUS, expect=401, headers=have)
    assert signed_out.content == b""


async def test_answers_are_compressed_for_who_asks_but_streams_are_not(room: Class) -> None:
    api, path = room.api, f"/reports/class/{room.room}"
    headers = {"Cookie": f"learntrack_token={token(room.coach.id or '')}"}

    async def sent(path: str, accepted: str, **more: str) -> Response:
        return await api.client.get(path, headers={**headers, "Accept-Encoding": accepted, **more})

    plain, small = await sent(path, "identity"), await sent(path, "gzip")
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]
    assert small.text.splitlines()[0] == plain.text.splitlines()[0]
    assert len(gzip.compress(plain.content)) < len(plain.content) / 3
    listed = await sent("/api/reports", "gzip", **room.coach.headers)
    assert listed.headers["content-encoding"] == "gzip"


async def test_on_a_phone_all_learners_are_a_link_away(room: Class) -> None:
    for _ in range(25):
        await room.school.learner("A1")
    path = f"/class/{room.room}"

    few = (await page(room.api, path, room.coach)).text
    more = re.search(r'href="(\?all=1)#learners"', few)
    assert more is not None
    every = (await page(room.api, path + more[1], room.coach)).text

    assert [text.count('class="rows people phone-only whole"') for text in (few, every)] == [0, 1]
    assert "?all=1#learners" not in every
