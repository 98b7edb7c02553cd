"""For random rosters and logs the lists equal a naive model: a few lines over plain Python lists."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from learntrack.logs import lists_by_group
from tests.examples import usually
from tests.support import ANONYMOUS, ROOT, Api, Person, exercise, new_id, right, video

pytestmark = pytest.mark.engines("mongomock", "embedded")

CLASSES, GROUPS, LEARNERS = 2, 2, 4


class World:
    """A random school with random logs, as the API has it and as plain Python has it."""

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        self.api = api
        self.loop = loop
        self.facilities = [new_id(), new_id()]
        self.classes = [new_id() for _ in range(CLASSES)]
        self.groups = [new_id() for _ in range(GROUPS)]
        self.learners = [Person(new_id()) for _ in range(LEARNERS)]
        self.contents = [new_id(), new_id()]
        self.items = ["a", "b"]
        self.home: dict[str, str] = {}
        self.places: dict[str, set[str]] = {}
        self.roles: dict[str, set[str]] = {}
        self.superusers: set[str] = set()
        self.tries: list[dict[str, Any]] = []
        self.attempts: list[dict[str, Any]] = []

    def run(self, request: Any) -> Any:
        """Send a request from the thread that draws."""
        return asyncio.run_coroutine_threadsafe(request, self.loop).result(60)

    def populate(self, data: st.DataObject) -> None:
        draw = data.draw
        classrooms = [
            {"id": key, "name": "", "facility_id": draw(st.sampled_from(self.facilities))} for key in self.classes
        ]
        groups = [{"id": key, "name": "", "classroom_id": draw(st.sampled_from(self.classes))} for key in self.groups]
        classroom_of = {group["id"]: group["classroom_id"] for group in groups}
        every_place = [*self.facilities, *self.classes, *self.groups]
        users, memberships, roles = [], [], []
        for person in self.learners:
            facility = draw(st.sampled_from(self.facilities))
            member_of = draw(st.sets(st.sampled_from([*self.classes, *self.groups]), max_size=2))
            role_in = draw(st.sets(st.sampled_from(every_place), max_size=1))
            is_superuser = draw(st.integers(0, 7)) == 0
            users.append({"id": person.id, "username": "u", "facility_id": facility, "is_superuser": is_superuser})
            memberships += [{"user_id": person.id, "collection_id": place} for place in sorted(member_of)]
            roles += [
                {"user_id": person.id, "collection_id": place, "kind": draw(st.sampled_from(["admin", "coach"]))}
                for place in role_in
            ]
            self.home[person.id] = facility
            self.places[person.id] = (
                {facility} | member_of | {classroom_of[place] for place in member_of if place in classroom_of}
            )
            self.roles[person.id] = role_in
            if is_superuser:
                self.superusers.add(person.id)
        roster = {"classrooms": classrooms, "learner_groups": groups, "users": users}
        roster |= {"facilities": [{"id": key, "name": ""} for key in self.facilities]}
        self.run(self.api.roster(ROOT, **roster, memberships=memberships, roles=roles))
        for _ in range(draw(st.integers(0, 7))):
            self.study(draw)
        self.read_back()

    def study(self, draw: Any) -> None:
        by = draw(st.sampled_from([*self.learners, ANONYMOUS]))
        content = draw(st.sampled_from(self.contents))
        model = draw(st.sampled_from([None, {"type": "do_all"}, {"type": "quiz"}]))
        body = video(content_id=content) if model is None else exercise(model, content_id=content)
        session = self.run(self.api.start(by, **body, repeat=draw(st.booleans())))
        sent = [
            right(
                draw(st.sampled_from(self.items)),
                complete=draw(st.booleans()),
                time_spent=draw(st.sampled_from([1.0, 1.0, 30.0])),
            )
            for _ in range(draw(st.integers(0, 3)))
        ]
        change: dict[str, Any] = {"interactions": sent, "time_spent_delta": draw(st.sampled_from([0, 2]))}
        self.run(self.api.update(by, session, **change, **({"progress": 1} if draw(st.booleans()) else {})))

    def read_back(self) -> None:
        """What is stored, flattened: the model's only look at the database."""
        mine = {"content_id": {"$in": self.contents}}
        for log in self.run(self.api.db.find("mastery_logs", mine)):
            self.tries.append(log)
            self.attempts += [{**each, "user": log["user_id"], "try": log, "holder": log} for each in log["attempts"]]
        for session in self.run(self.api.db.find("content_sessions", mine)):
            self.attempts += [
                {**each, "user": session["user_id"], "try": None, "holder": session} for each in session["attempts"]
            ]

    def may_read(self, actor: Person, user: str | None) -> bool:
        if actor.id is None:
            return False
        if actor.superuser or actor.id in self.superusers:
            return True
        return user is not None and (user == actor.id or bool(self.roles.get(actor.id, set()) & self.places[user]))

    def in_place(self, user: str | None, filters: dict[str, str]) -> bool:
        places = [filters[name] for name in ("facility", "classroom", "learner_group") if name in filters]
        return not places or (user is not None and set(places) <= self.places[user])

    def expected_tries(self, actor: Person, filters: dict[str, str]) -> list[str]:
        found = [
            log
            for log in self.tries
            if self.may_read(actor, log["user_id"])
            and self.in_place(log["user_id"], filters)
            and filters.get("user", log["user_id"]) == log["user_id"]
            and filters.get("content", log["content_id"]) == log["content_id"]
            and ("complete" not in filters or log["complete"] == (filters["complete"] == "true"))
            and ("quiz" not in filters or (log["mastery_level"] < 0) == (filters["quiz"] == "true"))
        ]
        return [log["_id"] for log in sorted(found, key=lambda log: (-log["end_timestamp"].timestamp(), log["_id"]))]

    def expected_attempts(self, actor: Person, filters: dict[str, str]) -> list[str]:
        of_tries = {"content", "masterylog", "mastery_level"} & set(filters)
        found = [
            each
            for each in self.attempts
            if self.may_read(actor, each["user"])
            and self.in_place(each["user"], filters)
            and (not of_tries or each["try"])
            and filters.get("user", each["user"]) == each["user"]
            and filters.get("item", each["item"]) == each["item"]
            and ("complete" not in filters or each["complete"] == (filters["complete"] == "true"))
            and ("content" not in filters or each["try"]["content_id"] == filters["content"])
            and ("masterylog" not in filters or each["try"]["_id"] == filters["masterylog"])
            and ("mastery_level" not in filters or str(each["try"]["mastery_level"]) == filters["mastery_level"])
        ]

        def key(each: Any) -> Any:
            holder = each["holder"]
            return -holder["end_timestamp"].timestamp(), holder["_id"], each["start_timestamp"], each["id"]

        return [each["id"] for each in sorted(found, key=key)]

    def filters(self, draw: Any, *own: tuple[str, list[str]]) -> dict[str, str]:
        possible = [
            ("content", [*self.contents, new_id()]),
            ("user", [*(person.id for person in self.learners), new_id()]),
            ("complete", ["true", "false"]),
            ("facility", [*self.facilities, new_id()]),
            ("classroom", [*self.classes, new_id()]),
            ("learner_group", self.groups),
            *own,
        ]
        chosen = draw(st.sets(st.sampled_from(range(len(possible))), max_size=3))
        return {possible[index][0]: str(draw(st.sampled_from(possible[index][1]))) for index in sorted(chosen)}


def check(api: Api, loop: asyncio.AbstractEventLoop, data: st.DataObject) -> None:
    world = World(api, loop)
    world.populate(data)
    draw = data.draw
    for actor in (*world.learners, ANONYMOUS, Person(new_id())):
        asked = world.filters(draw, ("quiz", ["true", "false"]))
        listed = [row["id"] for row in world.run(api.tries(actor, **asked))]
        if actor.id in world.superusers:  # also of other tests' people, if nothing narrows it
            listed = [key for key in listed if key in {log["_id"] for log in world.tries}]
        assert listed == world.expected_tries(actor, asked), ("tries", asked)

        tries = [log["_id"] for log in world.tries] or [new_id()]
        levels = [str(log["mastery_level"]) for log in world.tries] or ["1"]
        asked = world.filters(draw, ("item", world.items), ("masterylog", tries), ("mastery_level", levels))
        rows = world.run(api.attempts(actor, **asked))
        ours = {each["id"] for each in world.attempts}
        found = [row["id"] for row in rows if actor.id not in world.superusers or row["id"] in ours]
        assert found == world.expected_attempts(actor, asked), ("attempts", asked)

        size = draw(st.integers(1, 4))
        # The range must not depend on how much other tests have stored.
        number = 1 + draw(st.integers(0, 2**16)) % (-(-len(rows) // size) or 1)
        page = world.run(api.attempts(actor, **asked, page_size=size, page=number))
        assert page["results"] == rows[(number - 1) * size : number * size]
        assert page["count"] == len(rows)


@pytest.mark.parametrize("several", [1, 10])
async def test_lists_equal_a_naive_model(api: Api, monkeypatch: pytest.MonkeyPatch, several: int) -> None:
    """Asked as of few learners, and as of a class."""
    monkeypatch.setattr(lists_by_group, "_SEVERAL", several)
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=usually(25 if api.engine != "mongomock" else 8, thoroughly=100),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        check(api, loop, data)

    await asyncio.to_thread(run)
