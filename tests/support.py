"""The vocabulary of the tests: a school, and the API as a client sees it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import jwt
from httpx import AsyncClient, Response

from learntrack.documents import Writer
from learntrack.storage import Database
from tests.web.described import fault_of_answer

SECRET = "a secret that only the tests know"
AT_ONCE = 0.02
"""How often, in seconds, a web server of a test's own looks whether it is to stop; by default it is 0.5."""


def new_id() -> str:
    return uuid4().hex


def token(
    user_id: str, *, superuser: bool = False, secret: str = SECRET, algorithm: str = "HS256", **claims: Any
) -> str:
    payload = {"sub": user_id, "exp": time.time() + 3600, **({"superuser": True} if superuser else {}), **claims}
    return jwt.encode(
        {name: value for name, value in payload.items() if value is not None}, secret, algorithm=algorithm
    )


@dataclass(frozen=True)
class Person:
    """Somebody who sends requests; without an id anonymous."""

    id: str | None
    superuser: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.id is None else {"Authorization": f"Bearer {token(self.id, superuser=self.superuser)}"}


ANONYMOUS = Person(None)


class Refused(AssertionError):
    """The API did not answer as expected."""


class Api:
    """The API over HTTP, on one engine."""

    def __init__(self, client: AsyncClient, db: Database, engine: str) -> None:
        self.client, self.db, self.engine = client, db, engine

    async def send(self, method: str, path: str, by: Person = ANONYMOUS, **more: Any) -> Response:
        headers = {**by.headers, **more.pop("headers", {})}
        response = await self.client.request(method, path, headers=headers, **more)
        content_type = response.headers.get("content-type", "").partition(";")[0]
        address = response.request.url.path
        fault = fault_of_answer(method, address, response.status_code, content_type, response.content)
        assert fault is None, fault
        return response

    async def answer(self, method: str, path: str, by: Person, expect: int = 200, **more: Any) -> Any:
        response = await self.send(method, path, by, **more)
        if response.status_code != expect:
            raise Refused(f"{method} {path}: expected {expect}, got {response.status_code} {response.text[:500]}")
        if expect >= 400:
            assert response.headers["content-type"].startswith("application/problem+json")
        return response.json()

    async def start(self, by: Person, expect: int = 200, **body: Any) -> Any:
        return await self.answer("POST", "/api/logger/contentsession", by, expect, json=body)

    async def update(self, by: Person, session: Mapping[str, Any] | str, expect: int = 200, **body: Any) -> Any:
        session_id = session if isinstance(session, str) else session["session_id"]
        return await self.answer("PUT", f"/api/logger/contentsession/{session_id}", by, expect, json=body)

    async def total(self, by: Person) -> Any:
        return (await self.answer("GET", f"/api/logger/totalcontentprogress/{by.id}", by))["progress"]

    async def tries(self, by: Person, expect: int = 200, **params: Any) -> Any:
        return await self.answer("GET", "/api/logger/masterylog", by, expect, params=params)

    async def attempts(self, by: Person, expect: int = 200, **params: Any) -> Any:
        return await self.answer("GET", "/api/logger/attemptlog", by, expect, params=params)

    async def diff(self, by: Person, index: int | str, expect: int = 200, **params: Any) -> Any:
        return await self.answer("GET", f"/api/logger/masterylog/{index}/diff", by, expect, params=params)

    async def roster(self, by: Person, expect: int = 200, **body: Any) -> Any:
        return await self.answer("PUT", "/api/roster", by, expect, json=body)

    async def stored(self) -> dict[str, list[Any]]:
        """Every stored document of every collection,
        but for the record of the sessions that this process writes with.
        """
        names = sorted(set(await self.db.raw.list_collection_names()) - {Writer.collection()})
        return {name: sorted(await self.db.find(name, {}), key=lambda row: str(row["_id"])) for name in names}


ROOT = Person("0" * 31 + "1", superuser=True)


@dataclass
class School:
    """A facility with classes and people of its own, so that tests cannot meet."""

    api: Api
    facility: str = field(default_factory=new_id)
    places: dict[str, str] = field(default_factory=dict)

    async def open(self) -> "School":
        await self.api.roster(ROOT, facilities=[{"id": self.facility, "name": "A school"}])
        return self

    async def classroom(self, name: str = "A1") -> str:
        if name not in self.places:
            self.places[name] = new_id()
            await self.api.roster(
                ROOT, classrooms=[{"id": self.places[name], "name": name, "facility_id": self.facility}]
            )
        return self.places[name]

    async def group(self, name: str, of: str = "A1") -> str:
        self.places[name] = new_id()
        classroom = await self.classroom(of)
        await self.api.roster(ROOT, learner_groups=[{"id": self.places[name], "name": name, "classroom_id": classroom}])
        return self.places[name]

    async def person(self, *, superuser: bool = False) -> Person:
        user = new_id()
        record = {
            "id": user,
            "username": f"u{user[:6]}",
            "full_name": "",
            "facility_id": self.facility,
            "is_superuser": superuser,
        }
        await self.api.roster(ROOT, users=[record])
        return Person(user)

    async def learner(self, *in_: str) -> Person:
        """A learner in these places (class A1 if none is named)."""
        person = await self.person()
        for name in in_ or ("A1",):
            place = self.places.get(name) or await self.classroom(name)
            await self.api.roster(ROOT, memberships=[{"user_id": person.id, "collection_id": place}])
        return person

    async def coach(self, of: str = "A1", kind: str = "coach") -> Person:
        """A coach (or admin) of a class, or with `of="facility"` of the whole facility."""
        person = await self.person()
        place = self.facility if of == "facility" else await self.classroom(of)
        await self.api.roster(ROOT, roles=[{"user_id": person.id, "collection_id": place, "kind": kind}])
        return person

    async def quiz(self, to: str = "A1", *, active: bool = True) -> str:
        return await self._assigned("quizzes", to, active=active)

    async def lesson(self, to: str = "A1") -> str:
        return await self._assigned("lessons", to)

    async def course_session(self, to: str = "A1") -> str:
        return await self._assigned("course_sessions", to)

    async def _assigned(self, kind: str, to: str, **more: Any) -> str:
        key = new_id()
        place = self.places.get(to) or await self.classroom(to)
        await self.api.roster(ROOT, **{kind: [{"id": key, "title": kind, "collection_ids": [place], **more}]})
        return key


def video(**more: Any) -> dict[str, Any]:
    return {"node_id": new_id(), "content_id": new_id(), "channel_id": new_id(), "kind": "video", **more}


def exercise(model: Any = None, **more: Any) -> dict[str, Any]:
    return video(kind="exercise", mastery_model=model or {"type": "m_of_n", "m": 3, "n": 5}, **more)


def right(item: str, /, **more: Any) -> dict[str, Any]:
    return {"item": item, "correct": 1, "time_spent": 5.0, "answer": {"value": item}, "simple_answer": "x", **more}


def wrong(item: str, /, **more: Any) -> dict[str, Any]:
    return right(item, correct=0, **more)
