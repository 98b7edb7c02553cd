"""Lists, pages, filters, the diff (contract, GET …)."""

import pytest

from tests.api.delivering import moment
from tests.api.trying import a_try
from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right, video, wrong

pytestmark = pytest.mark.secantusd_py


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
    assert moment(newest["end_timestamp"]) > moment(oldest["end_timestamp"])


async def test_attempts_are_ordered_by_try_then_start_then_id(api: Api, learner: Person) -> None:
    body = exercise()
    await a_try(api, learner, body, right("a"), right("b", time_spent=9), right("c"))
    await a_try(api, learner, body, right("d", time_spent=1), right("e", time_spent=2))
    await api.update(learner, await api.start(learner, **video()), interactions=[right("f")])

    rows = await api.attempts(learner)

    ends = {row["id"]: moment(row["end_timestamp"]) for row in await api.tries(learner)}
    tries = [row["masterylog"] for row in rows]
    assert tries[0] is None  # the video's session ended last
    assert [row["item"] for row in rows[:3]] == ["f", "e", "d"]
    assert rows[3]["item"] == "b"
    begins = [(moment(row["start_timestamp"]), row["id"]) for row in rows[3:]]
    assert begins == sorted(begins)
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


@pytest.mark.engines("mongomock", "embedded")  # how a request is read is no matter of the engine
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


SEES = {
    "anonymous": set(),
    "stranger": set(),
    "learner": {"learner"},
    "other": {"other"},
    "coach": {"learner", "coach"},
    "class admin": {"learner"},
    "other coach": {"other"},
    "facility coach": {"learner", "other", "coach", "facility only"},
    "facility admin": {"learner", "other", "coach", "facility only"},
    "superuser by roster": {"learner", "other", "coach", "facility only"},
    "superuser by token": {"learner", "other", "coach", "facility only"},
}
"""Who is asked about, by who asks."""


async def test_who_sees_whose_logs(school: School) -> None:
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
    content, asked = body["content_id"], ({}, {"facility": school.facility}, {"page_size": 100})

    for actor, sees in SEES.items():
        by = people[actor]
        for params in asked:
            listed = await api.tries(by, content=content, **params)
            rows = await api.attempts(by, content=content, **params)
            listed, rows = (found["results"] if "page_size" in params else found for found in (listed, rows))
            assert {tries[row["id"]] for row in listed} == sees, (actor, params)
            assert {names[row["user"]] for row in rows} == sees, (actor, params)
        in_class = await api.attempts(by, content=content, classroom=school.places["A1"])
        assert {names[row["user"]] for row in in_class} == sees & {"learner"}, actor
        for user, name in names.items():
            assert len(await api.tries(by, content=content, user=user)) == (name in sees), (actor, name)
            assert len(await api.attempts(by, user=user)) == (name in sees), (actor, name)
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


async def test_the_total_is_ones_own(api: Api, learner: Person) -> None:
    await a_try(api, learner, exercise(), right("a"))
    await api.update(learner, await api.start(learner, **video()), progress=1)
    await api.update(learner, await api.start(learner, **video()), progress=0.999)

    assert await api.total(learner) == 2
    for nobody in (ANONYMOUS, ROOT, Person(new_id())):
        await api.answer("GET", f"/api/logger/totalcontentprogress/{learner.id}", nobody, 403)
    await api.answer("GET", "/api/logger/totalcontentprogress/x", learner, 403)
