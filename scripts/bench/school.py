"""A school to measure with: people, classes and contents, and their history."""

import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from client import Connection
from processes import token

CRITERION = {"type": "m_of_n", "m": 8, "n": 10}
ROOT = "0" * 31 + "1"


@dataclass(frozen=True)
class School:
    """Ids of a school: learners by classroom, one coach a classroom."""

    facility: str
    classrooms: tuple[str, ...]
    learners: tuple[tuple[str, ...], ...]
    coaches: tuple[str, ...]
    contents: tuple[str, ...]
    channel: str

    def roster(self) -> dict[str, Any]:
        """The school as PUT /api/roster takes it."""
        people = [(user, f"learner {user[:6]}") for room in self.learners for user in room] + [
            (user, "coach") for user in self.coaches
        ]
        return {
            "facilities": [{"id": self.facility, "name": "A school"}],
            "classrooms": [
                {"id": room, "name": f"Class {n}", "facility_id": self.facility}
                for n, room in enumerate(self.classrooms)
            ],
            "users": [
                {"id": user, "username": user[:12], "full_name": name, "facility_id": self.facility}
                for user, name in people
            ],
            "memberships": [
                {"user_id": user, "collection_id": room}
                for room, users in zip(self.classrooms, self.learners, strict=True)
                for user in users
            ],
            "roles": [
                {"user_id": coach, "collection_id": room, "kind": "coach"}
                for coach, room in zip(self.coaches, self.classrooms, strict=True)
            ],
        }

    def start(self, content: str) -> dict[str, Any]:
        """The body that starts a session at an exercise."""
        return {
            "node_id": content,
            "content_id": content,
            "channel_id": self.channel,
            "kind": "exercise",
            "mastery_model": CRITERION,
        }


def make_school(seed: int, *, classes: int, learners: int, contents: int) -> School:
    """A school that is the same for the same arguments."""
    chance = random.Random(seed)

    def new_id() -> str:
        return UUID(int=chance.getrandbits(128)).hex

    return School(
        facility=new_id(),
        classrooms=tuple(new_id() for _ in range(classes)),
        learners=tuple(tuple(new_id() for _ in range(learners)) for _ in range(classes)),
        coaches=tuple(new_id() for _ in range(classes)),
        contents=tuple(new_id() for _ in range(contents)),
        channel=new_id(),
    )


def interaction(number: int, chance: random.Random) -> dict[str, Any]:
    """What a learner does at a question."""
    correct = chance.random() < 0.7
    answer = {"answers": [{"radio": {"choice": chance.randrange(4)}}], "state": "x" * 60}
    return {
        "item": f"item{number}",
        "correct": int(correct),
        "time_spent": float(chance.randint(5, 60)),
        "answer": answer,
        "simple_answer": str(chance.randrange(4)),
        "complete": correct,
    }


async def enroll(connection: Connection, school: School) -> None:
    """Put a school on the roster."""
    status, answer = await connection.send("PUT", "/api/roster", token(ROOT, superuser=True), school.roster())
    if status != 200:
        raise SystemExit(f"roster: {status} {answer}")
