"""Loading a roster from a file."""

import json
from pathlib import Path

import pytest

from learntrack.commands.connected import configured, with_database
from learntrack.documents import User
from learntrack.errors import InvalidFields
from learntrack.roster.loading import read_roster
from learntrack.storage import Database
from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.support import new_id


def big_roster(users: int) -> dict:
    facility, classroom = new_id(), new_id()
    people = [new_id() for _ in range(users)]
    return {
        "memberships": [{"user_id": user, "collection_id": classroom} for user in people],
        "users": [
            {"id": user, "username": f"user{number}", "full_name": "", "facility_id": facility}
            for number, user in enumerate(people)
        ],
        "classrooms": [{"id": classroom, "name": "C", "facility_id": facility}],
        "facilities": [{"id": facility, "name": "F"}],
    }


def test_a_roster_is_loaded_beside_a_running_service_and_without_one(
    terminal: Terminal, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(big_roster(3000)))

    first = terminal("roster", "load", str(file))
    engine.stop()
    again = terminal("roster", "load", str(file))

    assert first.out.strip() == "1 facilities, 1 classrooms, 3000 users, 3000 memberships"
    assert again.out == first.out

    async def memberships(db: Database) -> int:
        return sum([len(row["memberships"]) for row in await db.find(User, {})])

    assert with_database(configured(), memberships) == 3000


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("{", "JSON"),
        ("[]", "body"),
        ('{"x": ' + "[" * 100_000 + "]" * 100_000 + "}", "deep"),
        ('{"users": [{"id": "x"}]}', "users"),
        ('{"userz": []}', "userz"),
        ('{"remove": {"classroom": []}}', "remove.classroom"),
    ],
)
def test_a_file_that_is_no_roster_is_refused(tmp_path: Path, content: str, word: str) -> None:
    file = tmp_path / "roster.json"
    file.write_text(content)

    with pytest.raises(InvalidFields, match=word):
        read_roster(file)


def test_a_file_is_read_as_a_request_is(tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    user = {"id": "a" * 32, "username": 7, "full_name": None, "facility_id": "b" * 32, "is_superuser": "true"}
    file.write_text(json.dumps({"users": [user, user | {"username": "\ud800"}], "lessons": None, "remove": None}))

    [first, second] = read_roster(file).users

    assert (first.username, first.is_superuser, second.username) == ("7", True, "\ufffd")


def test_a_reference_to_nothing_is_said_in_one_line(terminal: Terminal, engine: EmbeddedEngine, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(big_roster(1) | {"facilities": []}))

    assert "facility" in terminal("roster", "load", str(file), expect=2).line
