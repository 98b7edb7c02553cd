"""How many round trips to the database an operation costs, as the driver counts them."""

from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.support import Api, School, exercise, right, video

pytestmark = pytest.mark.engines("embedded")


def commands() -> Counter[str]:
    return Counter(
        {
            sample.labels["command"]: int(sample.value)
            for metric in REGISTRY.collect()
            for sample in metric.samples
            if sample.name == "learntrack_database_command_seconds_count"
        }
    )


async def spent(request: Awaitable[Any]) -> Counter[str]:
    before = commands()
    await request
    return +Counter({name: many - before[name] for name, many in commands().items()})


async def twice(api: Api, school: School) -> Any:
    """A learner who has been here before, so that the process has its connections and sessions."""
    learner = await school.learner()
    await api.start(learner, **video())
    return learner


async def test_writes(school: School) -> None:
    api, learner = school.api, await twice(school.api, school)
    watched, solved = video(), exercise()
    # At a content's first visit there is no summary yet that says which facility the learner is in.
    for body, most in ((watched, 3), (watched, 2), (solved, 3), (solved, 2)):
        found = await spent(api.start(learner, **body))
        assert found.pop("commitTransaction") == 1
        assert sum(found.values()) <= most, found
    video_session, exercise_session = await api.start(learner, **watched), await api.start(learner, **solved)
    for session, change in (
        (video_session, {"time_spent_delta": 5, "progress_delta": 0.1}),
        (exercise_session, {"time_spent_delta": 5, "interactions": [right("a"), right("b")]}),
        (exercise_session, {"progress": 1}),
    ):
        found = await spent(api.update(learner, session, **change))
        assert found.pop("commitTransaction") == 1
        assert sum(found.values()) <= 2, found


async def test_reads(school: School) -> None:
    api, learner, coach = school.api, await twice(school.api, school), await school.coach()
    body = exercise()
    for _ in range(2):
        session = await api.start(learner, **body, repeat=True)
        await api.update(learner, session, progress=1, time_spent_delta=1, interactions=[right("a")])
    room, content = school.places["A1"], body["content_id"]
    of_place = 2 if api.db.capabilities.walks_indexes else 3  # with what the coach is, and who is in it
    await api.tries(coach, classroom=room)  # what a place is is looked up once
    for request, most in (
        (api.total(learner), 1),
        (api.tries(learner, user=learner.id), 1),
        (api.tries(coach, classroom=room, page_size=30), of_place),
        (api.tries(coach, classroom=room), of_place),
        (api.diff(coach, 0, user=learner.id, content=content), 2),
        (api.diff(learner, 0, user=learner.id, content=content), 1),
        (api.attempts(coach, classroom=room, page_size=30), of_place),
        (api.attempts(learner, user=learner.id, page_size=30), 1),
    ):
        found = await spent(request)
        assert sum(found.values()) <= most, found


async def test_pages_of_a_class_are_asked_in_small_questions(school: School) -> None:
    api, coach = school.api, await school.coach()
    for _ in range(10):
        learner = await school.learner()
        session = await api.start(learner, **exercise())
        await api.update(learner, session, interactions=[right("a")])
    room = school.places["A1"]
    await api.tries(coach, classroom=room)  # what a place is is looked up once
    for request, most in (
        (api.tries(coach, classroom=room, page_size=30), 4),
        (api.attempts(coach, classroom=room, page_size=30), 5),
        (api.attempts(coach, classroom=room, page_size=30, complete="false"), 5),
    ):
        found = await spent(request)
        assert sum(found.values()) == most, found
