"""Lists, pages, filters, the diff (contract, GET …)."""

import pytest

from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


@pytest.fixture
def learner() -> Person:
    return Person(new_id())


async def a_try(api: Api, by: Person, body: dict, *interactions: dict, finish: bool = True, seconds: float = 1) -> dict:
    session = await api.start(by, **body, repeat=True)
    await api.update(
        by, session, time_spent_delta=seconds, interactions=list(interactions), **({"progress": 1} if finish else {})
    )
    return session


async def test_a_list_of_tries(api: Api, learner: Person) -> None:
    body = exercise()
    await a_try(api, learner, body, right("a", correct=0.5), right("b", correct=0.25), seconds=3)
    await a_try(api, learner, body, right("a"), finish=False)

    newest, oldest = await api.tries(learner, content=body["content_id"])

    assert set(newest) == {
        "id",
        "mastery_criterion",
        "start_timestamp",
        "end_timestamp",
        "completion_timestamp",
        "complete",
        "correct",
        "time_spent",
    }
    assert (newest["complete"], newest["completion_timestamp"], newest["correct"]) == (False, None, 1.0)
    assert (oldest["complete"], oldest["correct"], oldest["time_spent"]) == (True, 0.75, 3.0)
    assert newest["end_timestamp"] > oldest["end_timestamp"]


async def test_attempts_are_ordered_by_try_then_start_then_id(api: Api, learner: Person) -> None:
    body = exercise()
    await a_try(api, learner, body, right("a"), right("b", time_spent=9), right("c"))
    await a_try(api, learner, body, right("d", time_spent=1), right("e", time_spent=2))
    await api.update(learner, await api.start(learner, **video()), interactions=[right("f")])

    rows = await api.attempts(learner)

    ends = {row["id"]: row["end_timestamp"] for row in await api.tries(learner)}
    tries = [row["masterylog"] for row in rows]
    assert tries[0] is None  # the video's session ended last
    assert [row["item"] for row in rows[:3]] == ["f", "e", "d"]
    assert rows[3]["item"] == "b"
    assert [(row["start_timestamp"], row["id"]) for row in rows[3:]] == sorted(
        (row["start_timestamp"], row["id"]) for row in rows[3:]
    )
    assert ends[tries[1]] > ends[tries[3]]


async def test_pages_are_the_list_in_pieces(api: Api, learner: Person) -> None:
    for number in range(3):
        await a_try(api, learner, exercise(), *[right(f"{number}-{n}", complete=n % 2 == 0) for n in range(number + 2)])
    await api.update(learner, await api.start(learner, **video()), interactions=[right("v")])
    for narrowed in ({}, {"complete": "true"}, {"complete": "false"}, {"item": "2-1"}, {"content": new_id()}):
        everything = await api.attempts(learner, **narrowed)
        for size in (1, 2, 3, 50):
            total = max(1, -(-len(everything) // size))
            pages = [await api.attempts(learner, **narrowed, page_size=size, page=page + 1) for page in range(total)]
            assert [row for page in pages for row in page["results"]] == everything
            assert [(page["page"], page["count"], page["total_pages"]) for page in pages] == [
                (number + 1, len(everything), total) for number in range(total)
            ]
            await api.attempts(learner, 404, **narrowed, page_size=size, page=total + 1)
    assert await api.attempts(learner, page=7) == await api.attempts(learner)
    assert (await api.attempts(learner, page_size=2))["page"] == 1


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"page_size": 0}, 400),
        ({"page_size": -1}, 400),
        ({"page_size": "x"}, 400),
        ({"page_size": "1.5"}, 400),
        ({"page_size": 1, "page": 0}, 404),
        ({"page_size": 1, "page": "last"}, 404),
        ({"page_size": 1, "page": 2}, 404),
        ({"page_size": 1, "page": 1}, 200),
        ({"page_size": "", "page": ""}, 200),
        ({"content": "x"}, 400),
        ({"user": "x"}, 400),
        ({"classroom": "x"}, 400),
        ({"learner_group": "x"}, 400),
        ({"facility": "x"}, 400),
        ({"complete": "yes"}, 400),
        ({"complete": "TRUE"}, 200),
        ({"complete": "0"}, 200),
        ({"content": "", "user": "", "facility": "", "complete": ""}, 200),
        ({"user": new_id()}, 200),
        ({"something": "else"}, 200),
    ],
)
async def test_what_a_filter_may_be(api: Api, learner: Person, params: dict, status: int) -> None:
    for path in ("masterylog", "attemptlog"):
        await api.answer("GET", f"/api/logger/{path}", learner, status, params=params)


async def test_filters_of_one_list_only(api: Api, learner: Person) -> None:
    await api.tries(learner, 400, quiz="maybe")
    await api.attempts(learner, 400, masterylog="x")
    await api.attempts(learner, 400, mastery_level="x")
    await api.attempts(learner, 400, mastery_level="1.5")
    assert await api.tries(learner, quiz="1") == []
    assert await api.attempts(learner, mastery_level="-3") == []


async def test_every_filter_narrows(school: School) -> None:
    api = school.api
    await school.group("red")
    one, two, away = await school.learner("red"), await school.learner("A1"), await school.learner("A2")
    both = await school.learner("A1", "red")
    body, quiz = exercise(), await school.quiz("A1")
    for by in (one, two, away, both):
        await a_try(api, by, body, right("a"), wrong("b", complete=True), finish=by is one)
    await api.update(one, await api.start(one, quiz_id=quiz), interactions=[right("q")])
    admin = await school.coach("facility", "admin")

    async def users(**params: str) -> list[str]:
        return sorted(row["user"] for row in await api.attempts(admin, item="a", **params))

    assert await users(classroom=school.places["A1"]) == sorted([one.id, two.id, both.id])
    assert await users(learner_group=school.places["red"]) == sorted([one.id, both.id])
    assert await users(classroom=school.places["A2"], content=body["content_id"]) == [away.id]
    assert await users(facility=school.facility) == sorted([one.id, two.id, away.id, both.id])
    assert await users(facility=school.facility, classroom=school.places["A1"], user=two.id) == [two.id]
    assert await users(classroom=school.places["A2"], user=two.id) == []
    assert await users(facility=new_id()) == []
    assert await users(content=quiz) == []
    assert [row["item"] for row in await api.attempts(admin, user=one.id, content=quiz)] == ["q"]
    assert [row["item"] for row in await api.attempts(admin, user=two.id, complete="true")] == ["b"]
    assert [row["item"] for row in await api.attempts(admin, user=two.id, mastery_level="1", complete="0")] == ["a"]
    assert len(await api.tries(admin, quiz="true", classroom=school.places["A1"])) == 1
    assert len(await api.tries(admin, quiz="false", classroom=school.places["A1"])) == 3
    assert len(await api.tries(admin, complete="true", facility=school.facility)) == 1
    [mine] = await api.tries(admin, content=body["content_id"], user=one.id)
    assert {row["masterylog"] for row in await api.attempts(admin, masterylog=mine["id"])} == {mine["id"]}
    assert await api.attempts(away, masterylog=mine["id"]) == []


@pytest.mark.parametrize(
    ("actor", "sees"),
    [
        ("anonymous", set()),
        ("stranger", set()),
        ("learner", {"learner"}),
        ("other", {"other"}),
        ("coach", {"learner", "coach"}),
        ("class admin", {"learner"}),
        ("other coach", {"other"}),
        ("facility coach", {"learner", "other", "coach", "facility only"}),
        ("facility admin", {"learner", "other", "coach", "facility only"}),
        ("superuser by roster", {"learner", "other", "coach", "facility only"}),
        ("superuser by token", {"learner", "other", "coach", "facility only"}),
    ],
)
async def test_who_sees_whose_logs(school: School, actor: str, sees: set[str]) -> None:
    api = school.api
    people = {
        "learner": await school.learner("A1"),
        "other": await school.learner("A2"),
        "coach": await school.coach("A1"),
        "facility only": await school.person(),
        "class admin": await school.coach("A1", "admin"),
        "other coach": await school.coach("A2"),
        "facility coach": await school.coach("facility"),
        "facility admin": await school.coach("facility", "admin"),
        "superuser by roster": await school.person(superuser=True),
        "superuser by token": Person(new_id(), superuser=True),
        "stranger": Person(new_id()),
        "anonymous": ANONYMOUS,
    }
    body = exercise()
    names = {people[name].id: name for name in ("learner", "other", "coach", "facility only")}
    tries = {}
    for name in names.values():
        await a_try(api, people[name], body, right("a"))
        [one] = await api.tries(people[name], content=body["content_id"], user=people[name].id)
        tries[one["id"]] = name
    by, content = people[actor], body["content_id"]

    for params in ({}, {"facility": school.facility}, {"page_size": 100}):
        listed = await api.tries(by, content=content, **params)
        rows = await api.attempts(by, content=content, **params)
        listed, rows = (found["results"] if "page_size" in params else found for found in (listed, rows))
        assert {tries[row["id"]] for row in listed} == sees
        assert {names[row["user"]] for row in rows} == sees
    in_class = await api.attempts(by, content=content, classroom=school.places["A1"])
    assert {names[row["user"]] for row in in_class} == sees & {"learner"}
    for name in names.values():
        user = people[name].id
        assert len(await api.tries(by, content=content, user=user)) == (name in sees)
        assert len(await api.attempts(by, user=user)) == (name in sees)
        await api.diff(by, 0, 200 if name in sees else 404, content=content, user=user)


async def test_what_may_be_read_is_decided_by_the_roster_of_now(school: School) -> None:
    api, learner, coach = school.api, await school.learner("A2"), await school.coach("A1")
    await a_try(api, learner, exercise(), right("a"))
    assert await api.tries(coach) == []

    await api.roster(ROOT, memberships=[{"user_id": learner.id, "collection_id": school.places["A1"]}])
    assert len(await api.tries(coach)) == 1
    await api.roster(ROOT, remove={"memberships": [{"user_id": learner.id, "collection_id": school.places["A1"]}]})
    assert await api.tries(coach) == []


async def test_anonymous_attempts_are_seen_by_superusers_only(api: Api, learner: Person) -> None:
    session = await api.start(ANONYMOUS, **exercise())
    item = new_id()
    await api.update(ANONYMOUS, session, interactions=[right(item)])

    [row] = await api.attempts(ROOT, item=item)

    assert (row["user"], row["masterylog"], row["sessionlog"]) == (None, None, session["session_id"])
    assert await api.attempts(ANONYMOUS) == []
    assert await api.attempts(learner, item=item) == []


async def test_the_diff_between_tries(api: Api, learner: Person) -> None:
    body = exercise()
    ask = {"content": body["content_id"], "user": learner.id}
    await a_try(api, learner, body, wrong("a"), right("b"), right("c", correct=0.25), seconds=10)
    await a_try(api, learner, body, right("a"), wrong("b"), right("c", correct=0.75), right("new"), seconds=4)

    newest, oldest = await api.diff(learner, 0, **ask), await api.diff(learner, 1, **ask)

    assert newest["diff"] == {"correct": 1.5, "time_spent": -6.0}
    assert {row["item"]: row["diff"]["correct"] for row in newest["attemptlogs"]} == {
        "a": 1.0,
        "b": -1.0,
        "c": 0.5,
        "new": None,
    }
    assert oldest["diff"] is None
    assert [row["diff"] for row in oldest["attemptlogs"]] == [{"correct": None}] * 3
    [first, second] = await api.tries(learner, **ask)
    assert {key: newest[key] for key in first} == first
    assert {key: oldest[key] for key in second} == second
    rows = await api.attempts(learner, masterylog=first["id"])
    assert [{key: row[key] for key in rows[0]} for row in newest["attemptlogs"]] == rows


async def test_the_diff_is_against_the_newest_attempt_on_the_item(api: Api, learner: Person) -> None:
    body = exercise()
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[wrong("a")])
    await api.update(learner, session, interactions=[right("a", correct=0.5)])
    await api.update(learner, session, progress=1)
    await a_try(api, learner, body, right("a"), right("a"))

    diff = await api.diff(learner, 0, content=body["content_id"], user=learner.id)

    assert [row["diff"]["correct"] for row in diff["attemptlogs"]] == [0.5]


async def test_a_try_without_attempts_has_a_diff(api: Api, learner: Person) -> None:
    body = exercise()
    await api.start(learner, **body)

    diff = await api.diff(learner, 0, content=body["content_id"], user=learner.id)

    assert (diff["attemptlogs"], diff["diff"]) == ([], None)


async def test_the_filters_apply_to_the_tries_that_the_diff_counts(api: Api, learner: Person) -> None:
    body = exercise()
    ask = {"content": body["content_id"], "user": learner.id}
    await a_try(api, learner, body, right("a"), seconds=5)
    await a_try(api, learner, body, right("a"), seconds=7, finish=False)
    await a_try(api, learner, body | {"mastery_model": {"type": "quiz"}}, right("q"), seconds=1, finish=False)

    assert (await api.diff(learner, 0, **ask, quiz="false"))["diff"]["time_spent"] == 2.0
    assert (await api.diff(learner, 0, **ask, complete="true"))["diff"] is None
    await api.diff(learner, 1, 404, **ask, complete="true")


@pytest.mark.parametrize("index", ["1", "-1", "x", "0.5", "99999999999999999999"])
async def test_a_try_that_is_not_there_is_404(api: Api, learner: Person, index: str) -> None:
    body = exercise()
    await a_try(api, learner, body, right("a"))

    await api.diff(learner, index, 404, content=body["content_id"], user=learner.id)


async def test_the_diff_needs_content_and_user(api: Api, learner: Person) -> None:
    assert set((await api.diff(learner, 0, 400))["errors"]) == {"content", "user"}
    assert set((await api.diff(learner, 0, 400, user=learner.id))["errors"]) == {"content"}
    await api.diff(learner, 0, 400, user=learner.id, content="x")


async def test_the_total_is_ones_own(api: Api, learner: Person) -> None:
    await a_try(api, learner, exercise(), right("a"))
    await api.update(learner, await api.start(learner, **video()), progress=1)
    await api.update(learner, await api.start(learner, **video()), progress=0.999)

    assert await api.total(learner) == 2
    for nobody in (ANONYMOUS, ROOT, Person(new_id())):
        await api.answer("GET", f"/api/logger/totalcontentprogress/{learner.id}", nobody, 403)
    await api.answer("GET", "/api/logger/totalcontentprogress/x", learner, 403)


async def test_a_long_try_is_one_whole(api: Api, learner: Person) -> None:
    """Attempts that have moved to chunks are seen by every question."""
    body = exercise({"type": "m_of_n", "m": 1, "n": 60})
    ask = {"content": body["content_id"], "user": learner.id}
    first = await api.start(learner, **body)
    sent = [right(f"q{n}", correct=(n % 4) / 4, complete=n % 3 == 0, time_spent=float(900 - n)) for n in range(130)]
    ids = []
    for part in range(0, 130, 26):
        ids += [
            one["id"] for one in (await api.update(learner, first, interactions=sent[part : part + 26]))["attempts"]
        ]
    stored = await api.db.find_one("mastery_logs", {"user_id": learner.id})
    assert len(stored["attempts"]) <= 50
    assert stored["overflow"]["attempt_count"] == 130 - len(stored["attempts"])

    again = await api.start(learner, **body)
    assert again["totalattempts"] == 130
    assert [one["id"] for one in again["pastattempts"]] == ids[::-1][:60]
    [by_id] = (await api.update(learner, first, interactions=[right("x", id=ids[3], replace=True)]))["attempts"]
    [by_item] = (await api.update(learner, first, interactions=[right("q5", replace=True)]))["attempts"]
    assert (by_id["id"], by_id["correct"], by_item["id"], by_item["correct"]) == (ids[3], 1.0, ids[5], 1.0)
    total = sum(one["correct"] for one in sent) - sent[3]["correct"] - sent[5]["correct"] + 2
    assert (await api.tries(learner, **ask))[0]["correct"] == pytest.approx(total)
    rows = await api.attempts(learner)
    assert [row["id"] for row in rows] == ids
    paged = [row for page in range(1, 9) for row in (await api.attempts(learner, page_size=18, page=page))["results"]]
    assert paged == rows
    assert (
        len(await api.attempts(learner, complete="true"))
        == (await api.attempts(learner, complete="1", page_size=1))["count"]
    )
    assert [row["id"] for row in await api.attempts(learner, item="q7")] == [ids[7]]
    assert (await api.attempts(learner, item="q7", page_size=5))["count"] == 1
    await api.update(learner, first, progress=1)
    await a_try(api, learner, body, right("q0"), right("q127"), right("q1", correct=0.5))
    newest, older = await api.diff(learner, 0, **ask), await api.diff(learner, 1, **ask)
    assert {row["item"]: row["diff"]["correct"] for row in newest["attemptlogs"]} == {
        "q0": 1.0,
        "q127": 0.25,
        "q1": 0.25,
    }
    assert newest["diff"]["correct"] == pytest.approx(2.5 - total)
    assert [row["id"] for row in older["attemptlogs"]] == ids


async def test_a_long_quiz_shows_all_its_attempts(api: Api, learner: Person) -> None:
    body = exercise({"type": "quiz"})
    session = await api.start(learner, **body)
    await api.update(learner, session, interactions=[right(f"q{n}") for n in range(120)])

    again = await api.start(learner, **body)

    assert [one["item"] for one in again["pastattempts"]] == [f"q{n}" for n in range(120)]


async def test_a_long_visit_without_a_try_is_one_whole(api: Api, learner: Person) -> None:
    session = await api.start(learner, **video())
    await api.update(learner, session, interactions=[wrong(f"q{n}") for n in range(120)])
    [replaced] = (await api.update(learner, session, interactions=[right("q2", replace=True)]))["attempts"]

    rows = await api.attempts(learner)

    assert len(rows) == 120
    assert [row["correct"] for row in rows if row["id"] == replaced["id"]] == [1.0]
