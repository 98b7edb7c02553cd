"""PUT /api/roster and GET /api/roster/{kind} (contract)."""

import pytest

from tests.support import ANONYMOUS, ROOT, Api, Person, School, exercise, new_id, right


def question(item: str, **more: str | None) -> dict:
    return {"item": item, "title": f"Question {item}", "content_id": new_id(), "right_answer": None, **more}


def small_roster() -> dict:
    facility, classroom, group, user = (new_id() for _ in range(4))
    return {
        "facilities": [{"id": facility, "name": "F", "timezone": "Africa/Nairobi"}],
        "classrooms": [{"id": classroom, "name": "C", "facility_id": facility}],
        "learner_groups": [{"id": group, "name": "G", "classroom_id": classroom}],
        "users": [{"id": user, "username": "u", "full_name": "U", "facility_id": facility, "is_superuser": False}],
        "memberships": [{"user_id": user, "collection_id": group}],
        "roles": [{"user_id": user, "collection_id": classroom, "kind": "coach"}],
        "lessons": [{"id": new_id(), "title": "L", "collection_ids": [classroom], "content_ids": [new_id(), new_id()]}],
        "quizzes": [
            {
                "id": new_id(),
                "title": "Q",
                "active": True,
                "collection_ids": [group],
                "question_count": 2,
                "questions": [question("q1"), question("q2", title=None, right_answer="3/4")],
            }
        ],
        "course_sessions": [{"id": new_id(), "title": "S", "collection_ids": [facility]}],
        "contents": [
            {
                "id": new_id(),
                "title": "Fractions",
                "kind": "exercise",
                "channel_id": new_id(),
                "channel_name": "Mathematics",
                "question_count": 30,
                "topics": ["Numbers", "Shares"],
                "questions": [question("q1")],
            }
        ],
    }


async def listed(api: Api, kind: str) -> list[dict]:
    return await api.answer("GET", f"/api/roster/{kind}", ROOT)


async def test_what_is_written_is_listed_and_writing_again_changes_nothing(api: Api) -> None:
    roster = small_roster()

    counts = await api.roster(ROOT, **roster)
    before = await api.stored()
    assert await api.roster(ROOT, **roster) == counts

    assert {kind: count for kind, count in counts.items() if kind != "removed"} == dict.fromkeys(roster, 1)
    assert await api.stored() == before
    for kind, [record] in roster.items():
        assert record in await listed(api, kind)


async def test_a_second_write_changes_what_it_names_and_keeps_the_rest(api: Api) -> None:
    roster = small_roster()
    await api.roster(ROOT, **roster)
    user = roster["users"][0]

    await api.roster(ROOT, users=[user | {"username": "renamed"}])

    stored = await api.db.find_one("users", {"_id": user["id"]})
    assert (stored["username"], stored["memberships"]) == ("renamed", [roster["learner_groups"][0]["id"]])


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("classrooms", "facility_id"),
        ("learner_groups", "classroom_id"),
        ("users", "facility_id"),
        ("memberships", "user_id"),
        ("memberships", "collection_id"),
        ("roles", "user_id"),
        ("roles", "collection_id"),
        ("lessons", "collection_ids"),
        ("quizzes", "collection_ids"),
        ("course_sessions", "collection_ids"),
    ],
)
async def test_a_dangling_reference_is_named_and_nothing_is_written(api: Api, part: str, field: str) -> None:
    roster = small_roster()
    missing = new_id()
    roster[part][0][field] = [missing] if field == "collection_ids" else missing
    before = await api.stored()

    refused = await api.roster(ROOT, 400, **roster)

    assert missing in refused["errors"][f"{part}[0].{field}"][0]
    assert await api.stored() == before


async def test_malformed_records_are_named(api: Api) -> None:
    refused = await api.roster(ROOT, 400, users=[{"id": "x", "username": "u", "facility_id": new_id()}])
    assert refused["errors"] == {"users[0].id": ["Must be a valid UUID."]}
    refused = await api.roster(ROOT, 400, roles=[{"user_id": new_id(), "collection_id": new_id(), "kind": "boss"}])
    assert "roles[0].kind" in refused["errors"]
    await api.roster(ROOT, 400, facilities={})


async def test_only_a_superuser_may_write_and_only_staff_may_list(school: School) -> None:
    api = school.api
    by_roster = await school.person(superuser=True)
    nobodies = [ANONYMOUS, Person(new_id()), await school.learner()]

    for nobody in nobodies:
        await api.roster(nobody, 403, **small_roster())
        await api.answer("GET", "/api/roster/users", nobody, 403)
    await api.roster(await school.coach("facility", "admin"), 403, **small_roster())
    await api.roster(by_roster, **small_roster())
    await api.answer("GET", "/api/roster/users", by_roster)


async def test_a_roster_of_too_many_records_is_413(api: Api) -> None:
    facility = new_id()
    users = [{"id": new_id(), "username": "u", "facility_id": facility} for _ in range(10_000)]

    await api.roster(ROOT, 413, facilities=[{"id": facility, "name": "F"}], users=users)


async def test_records_have_a_bounded_number_of_entries_in_all(api: Api) -> None:
    """60 quizzes of 10,000 questions each held up everybody for 10 s."""
    questions = [{"item": f"q{number}"} for number in range(10_000)]
    contents = [{"id": new_id(), "title": "C", "kind": "exercise", "questions": questions} for _ in range(11)]

    await api.roster(ROOT, 413, contents=contents)


async def test_references_beyond_what_one_question_to_the_database_can_name_are_looked_up(api: Api) -> None:
    """100,000 of them make a question of 4.7 MB; 400,000 were a 500."""
    lessons = [
        {"id": new_id(), "title": "L", "collection_ids": [f"{first + number:032x}" for number in range(10_000)]}
        for first in range(0, 30_000, 10_000)
    ]

    refusal = await api.roster(ROOT, 400, lessons=lessons)

    assert list(refusal["errors"]) == [f"lessons[{number}].collection_ids" for number in range(3)]
    for messages in refusal["errors"].values():
        assert len(messages) == 21
        assert messages[-1] == "And 9980 more are not there."


@pytest.mark.parametrize("part", ["lessons", "quizzes", "course_sessions"])
async def test_nothing_is_assigned_to_more_collections_than_are_looked_up_at_once(api: Api, part: str) -> None:
    assigned = {"id": new_id(), "title": "L", "collection_ids": [f"{number:032x}" for number in range(10_001)]}

    refusal = await api.roster(ROOT, 400, **{part: [assigned]})

    assert list(refusal["errors"]) == [f"{part}[0].collection_ids"]


async def test_a_lesson_has_no_more_contents_than_a_page_can_show(api: Api) -> None:
    lesson = {"id": new_id(), "title": "L", "content_ids": [f"{number:032x}" for number in range(10_001)]}

    refusal = await api.roster(ROOT, 400, lessons=[lesson])

    assert list(refusal["errors"]) == ["lessons[0].content_ids"]


async def test_lists_have_pages(api: Api) -> None:
    await api.roster(ROOT, facilities=[{"id": new_id(), "name": f"F{n}"} for n in range(5)])
    everything = await listed(api, "facilities")

    page = await api.answer("GET", "/api/roster/facilities", ROOT, params={"page_size": 2, "page": 2})

    assert page == {
        "page": 2,
        "count": len(everything),
        "total_pages": -(-len(everything) // 2),
        "results": everything[2:4],
    }
    assert [record["id"] for record in everything] == sorted(record["id"] for record in everything)
    await api.answer("GET", "/api/roster/facilities", ROOT, 404, params={"page_size": 2, "page": 10_000})
    await api.answer("GET", "/api/roster/facilities", ROOT, 400, params={"page_size": 0})
    refused = await api.answer("GET", "/api/roster/nonsense", ROOT, 400)
    assert refused["errors"]["kind"][0].startswith("Must be one of facilities, classrooms, learner_groups, users, ")
    refused = await api.answer("DELETE", f"/api/roster/lessons/{new_id()}", ROOT, expect=400)
    assert refused["errors"] == {"kind": ["Must be users."]}


async def test_leaving_a_class_ends_what_it_gave(school: School) -> None:
    api, learner, coach = school.api, await school.learner(), await school.coach()
    lesson, quiz = await school.lesson(), await school.quiz()
    await api.update(learner, await api.start(learner, **exercise()), interactions=[right("q")])
    place = school.places["A1"]
    remove = {
        "memberships": [{"user_id": learner.id, "collection_id": place}, {"user_id": new_id(), "collection_id": place}],
        "roles": [{"user_id": coach.id, "collection_id": place, "kind": "admin"}],
        "lessons": [lesson, new_id()],
    }
    assert len(await api.attempts(coach, user=learner.id)) == 1

    counts = await api.roster(ROOT, remove=remove)

    assert counts["removed"] == {"memberships": 2, "roles": 1, "lessons": 2}
    assert await api.attempts(coach, user=learner.id) == []
    assert len(await api.attempts(learner)) == 1
    await api.start(learner, 403, quiz_id=quiz)
    assert lesson not in {record["id"] for record in await listed(api, "lessons")}
    stored = await api.db.find_one("users", {"_id": coach.id})
    assert stored["roles"] == [{"collection_id": place, "kind": "coach"}]


async def test_removing_a_class_takes_its_groups_and_keeps_its_learners_logs(school: School) -> None:
    api = school.api
    group = await school.group("red")
    learner, coach = await school.learner("red"), await school.coach()
    quiz = await school.quiz("red")
    await api.update(learner, await api.start(learner, quiz_id=quiz), interactions=[right("q")])

    await api.roster(ROOT, remove={"classrooms": [school.places["A1"]]})

    assert group not in {record["id"] for record in await listed(api, "learner_groups")}
    assert await api.attempts(coach) == []
    assert len(await api.attempts(learner)) == 1
    assert [record["collection_ids"] for record in await listed(api, "quizzes") if record["id"] == quiz] == [[]]
    await api.roster(ROOT, 400, memberships=[{"user_id": learner.id, "collection_id": group}])


async def test_a_group_that_moves_takes_its_learners_along(school: School) -> None:
    api = school.api
    group = await school.group("red", of="A1")
    learner, coach = await school.learner("red"), await school.coach("A2")
    await api.update(learner, await api.start(learner, **exercise()), interactions=[right("q")])
    assert await api.attempts(coach) == []

    await api.roster(ROOT, learner_groups=[{"id": group, "name": "red", "classroom_id": school.places["A2"]}])

    assert len(await api.attempts(coach)) == 1


async def test_a_field_that_is_left_out_keeps_its_value(api: Api) -> None:
    roster = small_roster()
    await api.roster(ROOT, **roster)
    quiz, user, lesson = roster["quizzes"][0], roster["users"][0], roster["lessons"][0]
    await api.roster(ROOT, quizzes=[quiz | {"active": False}])

    await api.roster(
        ROOT,
        quizzes=[{"id": quiz["id"], "title": "Renamed", "active": None}],
        users=[{"id": user["id"], "username": "renamed", "facility_id": user["facility_id"]}],
        lessons=[{"id": lesson["id"], "title": "Renamed"}],
    )

    assert quiz | {"title": "Renamed", "active": False} in await listed(api, "quizzes")
    assert user | {"username": "renamed"} in await listed(api, "users")
    assert lesson | {"title": "Renamed"} in await listed(api, "lessons")


async def test_a_wrong_field_is_named_exactly(api: Api) -> None:
    key = new_id()
    user = {"id": key, "username": "u", "facility_id": key}
    for field, body in {
        "users[2].facility_id": {"users": [user, user, user | {"facility_id": f"{key}\n"}]},
        "users[1].username": {"users": [user, {"id": key, "facility_id": key}]},
        "users[0].id": {"users": [user | {"id": f"{key[:8]}-{key[8:]}"}]},
        "users[0]": {"users": [5]},
        "users": {"users": {}},
        "lessons[0].collection_ids[1]": {"lessons": [{"id": key, "title": "a", "collection_ids": [key, "x"]}]},
        "roles[0].kind": {"roles": [{"user_id": key, "collection_id": key, "kind": "boss"}]},
        "remove.lessons[1]": {"remove": {"lessons": [key, "x"]}},
        "remove.memberships[0].user_id": {"remove": {"memberships": [{"collection_id": key}]}},
        "memberships[0].user_id": {"memberships": [{"user_id": key, "collection_id": new_id()}]},
    }.items():
        assert field in (await api.roster(ROOT, expect=400, **body))["errors"], field
