"""A roster of any length, from a file, in parts of a request's size."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from learntrack.documents import Classroom, LearnerGroup, User
from learntrack.domain.ids import new_id
from learntrack.errors import InvalidFields
from learntrack.roster import loading
from learntrack.roster.loading import load, read_roster
from learntrack.roster.schemas import Roster
from learntrack.storage import Database

FACILITY, CLASSROOM, GROUP = new_id(), new_id(), new_id()
LEARNERS = [new_id() for _ in range(5)]
SENT: dict[str, Any] = {
    "facilities": [{"id": FACILITY, "name": "School"}],
    "classrooms": [{"id": CLASSROOM, "name": "A1", "facility_id": FACILITY}],
    "learner_groups": [{"id": GROUP, "name": "red", "classroom_id": CLASSROOM}],
    "users": [{"id": user, "username": "u", "facility_id": FACILITY} for user in LEARNERS],
    "memberships": [{"user_id": user, "collection_id": GROUP} for user in LEARNERS],
}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"lesson": []}, "lesson"),
        ({"remove": {"users": []}}, "remove.users"),
        ({"users": [{"id": "x"}]}, "users[0].id"),
    ],
)
def test_a_part_that_a_roster_does_not_have_is_a_mistake_in_a_file(tmp_path: Path, more: Any, field: str) -> None:
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(SENT))
    assert read_roster(file).records() == sum(map(len, SENT.values()))

    file.write_text(json.dumps(SENT | more))
    with pytest.raises(InvalidFields) as refused:
        read_roster(file)

    assert list(refused.value.errors) == [field]


async def test_parts_are_written_in_the_order_of_their_references_and_counted(
    memory: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "PART_RECORDS", 2)
    written: list[int] = []

    counts = await load(memory, msgspec.convert(SENT, Roster), written.append)

    assert {part: many for part, many in counts.items() if many} == {part: len(each) for part, each in SENT.items()}
    assert written == [1, 1, 1, *[2, 2, 1] * 2]
    people = await memory.load(User, {}, None)
    assert {user.id: user.collections for user in people} == {user: [GROUP, CLASSROOM] for user in LEARNERS}


async def test_what_is_to_be_removed_goes_after_all_else(memory: Database) -> None:
    await load(memory, msgspec.convert(SENT, Roster), lambda _: None)
    removed = {"remove": {"learner_groups": [GROUP], "classrooms": [CLASSROOM]}, "users": SENT["users"]}

    counts = await load(memory, msgspec.convert(removed, Roster), lambda _: None)

    assert counts["removed"] == 2
    assert await memory.load(LearnerGroup, {}, None) == await memory.load(Classroom, {}, None) == []
    assert [user.collections for user in await memory.load(User, {}, None)] == [[]] * len(LEARNERS)


async def test_many_entries_make_parts_smaller(memory: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_PART_ENTRIES", 3)
    lessons = [{"id": new_id(), "title": "L", "content_ids": [new_id(), new_id()]} for _ in range(3)]
    written: list[int] = []

    await load(memory, msgspec.convert({"lessons": lessons}, Roster), written.append)

    assert written == [1, 1, 1]
