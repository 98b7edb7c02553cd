"""Pages as somebody opens them, and a class to be looked at."""

from typing import Any

from httpx import Response

from tests.support import Api, Person, School, exercise, right, token, wrong


async def page(
    api: Api, path: str, by: Person | None, expect: int | None = 200, method: str = "GET", **more: Any
) -> Response:
    """A page; `expect` None: whatever the answer is."""
    cookie = (
        {} if by is None or by.id is None else {"Cookie": f"learntrack_token={token(by.id, superuser=by.superuser)}"}
    )
    response = await api.client.request(
        method, f"/reports{path}", headers={**cookie, **more.pop("headers", {})}, **more
    )
    assert expect in (None, response.status_code), response.text[:500]
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
