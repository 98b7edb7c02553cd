"""What is handed out as files: sessions, summaries, attempts and interactions."""

import csv
import io
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from learntrack.reports import attempt_exports, exports
from tests.support import ROOT, Person, School, exercise, new_id, right, video, wrong

ENGINES = pytest.mark.engines("mongomock", "embedded", "mongoeco")


async def text(school: School, kind: str, by: Person, form: str = "csv", **asked: Any) -> str:
    answer = await school.api.send("GET", f"/api/logger/export/{kind}.{form}", by, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


async def rows(school: School, kind: str, by: Person, **asked: Any) -> list[dict[str, str]]:
    found = await text(school, kind, by, **asked)
    return list(csv.DictReader(io.StringIO(found.removeprefix("\ufeff"))))


@ENGINES
async def test_attempts_and_interactions_are_handed_out_one_by_one(school: School) -> None:
    """A long try, whose older attempts stand elsewhere; attempts outside a try; and nobody else's."""
    api, learner, coach = school.api, await school.learner(), await school.coach()
    await school.classroom("A2")
    stranger = await school.learner("A2")
    practice = exercise()
    title = {"id": practice["content_id"], "title": "Brüche", "kind": "exercise", "channel_name": "Mathe"}
    questions = [{"item": "q0", "title": "Half of 3", "right_answer": "3/2"}]
    await api.roster(ROOT, contents=[title | {"questions": questions}])
    session = await api.start(learner, **practice)
    for number in range(30):
        await api.update(learner, session, interactions=[wrong(f"q{number}", hinted=True), right(f"q{number}")])
    outside = await api.start(learner, **video())
    await api.update(learner, outside, interactions=[right("v", answer={"$x": 1})])
    await api.update(stranger, await api.start(stranger, **exercise()), interactions=[right("q")])

    attempts = await rows(school, "attempts", coach)
    interactions = await rows(school, "interactions", coach)
    stored = await api.attempts(coach)

    assert len(attempts) == len(stored) == 31
    assert {row["Attempt id"] for row in attempts} == {row["id"] for row in stored}
    [first] = [row for row in attempts if row["Question"] == "q0"]
    assert [first[name] for name in ("Content title", "Channel name", "Question title", "Right answer")] == [
        "Brüche",
        "Mathe",
        "Half of 3",
        "3/2",
    ]
    assert (first["User id"], first["User type"], first["Facility name"]) == (learner.id, "learner", "A school")
    assert [(row["Number of the interaction"], row["Type"]) for row in interactions if row["Question"] == "q0"] == [
        ("1", "hint"),
        ("2", "answer"),
    ]
    [loose] = [row for row in interactions if row["Question"] == "v"]
    assert (loose["Try id"], json.loads(loose["Answer (JSON)"])) == ("", {"$x": 1})
    assert len(await rows(school, "attempts", coach, content=practice["content_id"])) == 30
    assert await rows(school, "attempts", coach, until="2020-01-01") == []


@pytest.mark.engines("mongomock")
async def test_of_many_learners_some_at_a_time_in_the_same_order(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, coach = school.api, await school.coach()
    for learner in [await school.learner() for _ in range(3)]:
        await api.update(learner, await api.start(learner, **exercise()), interactions=[wrong("q1"), right("q2")])
        await api.start(learner, **video())
    together = {kind: await rows(school, kind, coach) for kind in ("sessions", "summaries", "attempts")}
    monkeypatch.setattr(exports, "LEARNERS_AT_ONCE", 1)
    monkeypatch.setattr(attempt_exports, "LEARNERS_AT_ONCE", 2)

    assert await rows(school, "sessions", coach) == together["sessions"]
    assert await rows(school, "summaries", coach) == together["summaries"]
    apart = await rows(school, "attempts", coach)
    assert sorted(map(str, apart)) == sorted(map(str, together["attempts"]))
    assert (len(together["sessions"]), len(apart)) == (6, 6)


@pytest.mark.engines("mongomock")
async def test_every_form_has_the_same_rows(school: School) -> None:
    api, learner, coach = school.api, await school.learner(), await school.coach()
    await api.update(learner, await api.start(learner, **exercise()), interactions=[wrong("q1"), right("q2")])

    for kind in ("sessions", "summaries", "attempts", "interactions"):
        table = await rows(school, kind, coach)
        lines = [json.loads(line) for line in (await text(school, kind, coach, "jsonl")).splitlines()]
        assert len(table) == len(lines) > 0
        assert [len(row) for row in table] == [len(line) for line in lines]
        assert {line["user_id"] for line in lines} == {learner.id}
        await api.answer("GET", f"/api/logger/export/{kind}.jsonl", learner, 403)


@pytest.mark.engines("mongomock")
async def test_a_spreadsheet_reads_names_in_any_script(school: School) -> None:
    """It takes a file for UTF-8 by its byte-order mark; programs may do without."""
    api, coach = school.api, await school.coach()
    learner = await school.learner()
    user = {"id": learner.id, "username": "ليلى", "full_name": "李娜", "facility_id": school.facility}
    await api.roster(ROOT, users=[user], facilities=[{"id": school.facility, "name": "مدرسة"}])
    await api.start(learner, **video())

    answer = await api.send("GET", "/api/logger/export/sessions.csv", coach, params={"facility": school.facility})
    plain = await api.send("GET", "/api/logger/export/sessions.csv", coach, params={"bom": "false"})
    report = await api.send("GET", "/api/reports/time-on-task", coach, params={"format": "csv"})
    lines = await api.send("GET", "/api/reports/time-on-task", coach, params={"format": "jsonl"})

    assert answer.headers["content-type"] == report.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbfFacility name,Username,User id")
    assert report.content.startswith(b"\xef\xbb\xbfcontent_id,content,user_id")
    assert plain.content.startswith(b"Facility name")
    assert "ليلى" in answer.text
    assert json.loads(lines.text)["user_id"] == learner.id
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="sessions_made-20')
    assert "filename*=UTF-8''sessions_%D9%85%D8%AF%D8%B1%D8%B3%D8%A9_made-20" in name
    await api.answer("GET", "/api/logger/export/sessions.csv", coach, 400, params={"bom": "perhaps"})


@pytest.mark.engines("mongomock")
async def test_progress_is_what_it_is_and_never_more(school: School) -> None:
    api, coach = school.api, await school.coach()
    for progress in (0.57, 0.999):
        learner = await school.learner()
        await api.update(learner, await api.start(learner, **video(content_id=new_id())), progress=progress)

    found = {row["Progress (0-1)"] for row in await rows(school, "summaries", coach)}

    assert found == {"0.57", "0.999"}


@pytest.mark.engines("mongomock")
async def test_who_is_who_is_told(school: School) -> None:
    api = school.api
    people = [await school.learner(), await school.coach(), await school.coach("facility", "admin")]
    for person in people:
        await api.start(person, **video())

    found = {row["User id"]: row["User type"] for row in await rows(school, "sessions", ROOT, facility=school.facility)}

    assert found == dict(zip([person.id for person in people], ["learner", "coach", "admin"], strict=True))


@pytest.mark.engines("mongomock", "embedded", "mongoeco")
async def test_an_attempts_channel_is_that_of_the_visit_where_the_roster_knows_none(school: School) -> None:
    api, learner, coach = school.api, await school.learner(), await school.coach()
    practice = exercise()
    await api.update(learner, await api.start(learner, **practice), interactions=[right("q")])
    quiz = await school.quiz()
    await api.update(learner, await api.start(learner, quiz_id=quiz), interactions=[right("q")])

    for kind in ("attempts", "interactions"):
        channels = {row["Content id"]: row["Channel id"] for row in await rows(school, kind, coach)}
        assert channels == {practice["content_id"]: practice["channel_id"], quiz: ""}


@pytest.mark.engines("embedded", "mongoeco")
async def test_tests_of_units_are_called_by_their_units(school: School) -> None:
    """The roster may name the unit, as a content, or only the course; the tests themselves nobody names."""
    api, learner, coach = school.api, await school.learner(), await school.coach()
    course, named, unnamed = await school.course_session(), new_id(), new_id()
    await api.roster(ROOT, contents=[{"id": named, "title": "Fractions", "kind": "topic"}])
    for unit, test in ((named, "pre"), (named, "post"), (unnamed, "pre")):
        session = await api.start(learner, unit_id=unit, test_type=test, course_session_id=course)
        await api.update(learner, session, interactions=[right("q")], progress=1)

    titles = {"Pre-test: Fractions", "Post-test: Fractions", f"Pre-test: course_sessions, unit {unnamed}"}
    for name in ("progress", "time-on-task", "item-analysis"):
        found = await api.answer("GET", f"/api/reports/{name}", coach)
        assert {row["content"] for row in found["results"]} == titles
    gain = (await api.answer("GET", "/api/reports/learning-gain", coach))["results"]
    assert {(row["course"], row["unit"]) for row in gain} == {
        ("course_sessions", "Fractions"),
        ("course_sessions", unnamed),
    }
    assert {row["Content title"] for row in await rows(school, "attempts", coach)} == titles


@pytest.mark.engines("mongomock")
async def test_a_file_says_in_which_zone_its_days_begin(school: School) -> None:
    """The day in its name, too, is that of the zone."""
    api, coach = school.api, await school.coach()
    await api.roster(ROOT, facilities=[{"id": school.facility, "name": "A school", "timezone": "Pacific/Kiritimati"}])

    for path, asked in (
        ("/api/reports/totals", {"format": "csv"}),
        ("/api/reports/totals", {"format": "jsonl"}),
        ("/api/logger/export/sessions.csv", {}),
        ("/api/logger/export/attempts.jsonl", {}),
    ):
        before = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
        answer = await api.send("GET", path, coach, params=asked)
        days = {before, datetime.now(ZoneInfo("Pacific/Kiritimati")).date()}
        assert answer.headers["learntrack-timezone"] == "Pacific/Kiritimati"
        name = answer.headers["content-disposition"]
        assert any(f"made-{day}_days-of-Pacific-Kiritimati." in name for day in days)


@ENGINES
async def test_topics_are_columns_as_in_kolibris_export(school: School) -> None:
    """As many as the deepest content has folders over it; empty where a content has fewer, or none is known."""
    api, learner, coach = school.api, await school.learner(), await school.coach()
    deep, shallow, unknown = video(), video(), exercise()
    topics = {deep["content_id"]: ["Maths", "Fractions", "Halves"], shallow["content_id"]: ["Maths"]}
    contents = [{"id": key, "title": "T", "kind": "video", "topics": names} for key, names in topics.items()]
    await api.roster(ROOT, contents=contents)
    for start in (deep, shallow, unknown):
        await api.update(learner, await api.start(learner, **start), interactions=[right("q")])

    for kind in ("sessions", "summaries", "attempts", "interactions"):
        found = {row["Content id"]: row for row in await rows(school, kind, coach)}
        assert list(found[deep["content_id"]])[-3:] == ["Topic level 1", "Topic level 2", "Topic level 3"]
        levels = {key: [row[f"Topic level {level}"] for level in (1, 2, 3)] for key, row in found.items()}
        assert levels == {
            deep["content_id"]: ["Maths", "Fractions", "Halves"],
            shallow["content_id"]: ["Maths", "", ""],
            unknown["content_id"]: ["", "", ""],
        }


@pytest.mark.engines("mongomock")
async def test_a_channels_name_stands_only_beside_its_own_id(school: School) -> None:
    """The content is visited in another channel than the roster knows it from."""
    api, learner, coach = school.api, await school.learner(), await school.coach()
    film, home = video(), new_id()
    known = {"id": film["content_id"], "title": "T", "kind": "video", "channel_id": home, "channel_name": "Maths"}
    await api.roster(ROOT, contents=[known])
    await api.start(learner, **film)

    [row] = await rows(school, "sessions", coach)

    assert (row["Channel id"], row["Channel name"]) == (film["channel_id"], "")
