"""Who the caller is, for apps and for Kolibri's heartbeat."""

from datetime import UTC, datetime, timedelta

from tests.support import ANONYMOUS, Api, Person, School, new_id


async def test_a_learner_hears_of_their_classes_and_groups(school: School) -> None:
    api, group = school.api, await school.group("red")
    learner = await school.learner("red")

    me = await api.answer("GET", "/api/me", learner)

    assert (me["user"]["id"], me["user"]["facility_id"]) == (learner.id, school.facility)
    assert me["roles"] == []
    assert [each["id"] for each in me["classrooms"]] == [school.places["A1"]]
    assert me["learner_groups"] == [{"id": group, "name": "red", "classroom_id": school.places["A1"]}]


async def test_a_coach_hears_of_their_roles(school: School) -> None:
    coach = await school.coach()

    me = await school.api.answer("GET", "/api/me", coach)

    assert me["roles"] == [{"user_id": coach.id, "collection_id": school.places["A1"], "kind": "coach"}]
    assert me["classrooms"] == []


async def test_who_is_in_no_roster_is_told_what_the_token_says(api: Api) -> None:
    stranger = Person(new_id(), superuser=True)

    me = await api.answer("GET", "/api/me", stranger)

    assert (me["user"]["id"], me["user"]["is_superuser"]) == (stranger.id, True)
    assert (await api.answer("GET", "/api/me", ANONYMOUS))["user"] is None


async def test_the_heartbeat_says_who_is_signed_in_and_what_time_it_is(school: School) -> None:
    api, learner = school.api, await school.learner()

    beat = await api.answer("PUT", "/api/auth/session/current/", learner, json={"active": True})

    assert (beat["id"], beat["user_id"], beat["kind"]) == ("current", learner.id, ["learner"])
    assert abs(datetime.now(UTC) - datetime.fromisoformat(beat["server_time"])) < timedelta(seconds=30)
    anonymous = await api.answer("PUT", "/api/auth/session/current/", ANONYMOUS, content=b"not even JSON")
    assert (anonymous["user_id"], anonymous["kind"]) == (None, ["anonymous"])
    expired = await api.send(
        "PUT", "/api/auth/session/current/", ANONYMOUS, headers={"Authorization": "Bearer not.a.token"}
    )
    assert expired.status_code == 401


async def test_kolibri_finds_no_stored_exports(school: School) -> None:
    query = {"facility": school.facility, "log_type": "summary"}

    assert await school.api.answer("GET", "/api/logger/generatecsvlogrequest/", ANONYMOUS, params=query) == []
