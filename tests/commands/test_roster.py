"""Loading a roster from a file."""

import json
import sys
from pathlib import Path

import pytest

from tests.processes import Service, learntrack, refused
from tests.support import ROOT, new_id

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


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


def test_a_roster_is_loaded_beside_a_running_service_and_without_one(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(big_roster(3000)))

    first = learntrack("roster", "load", str(file), data_dir=data_dir)
    assert first.stdout.strip() == "1 facilities, 1 classrooms, 3000 users, 3000 memberships"
    with Service(data_dir) as service:
        again = learntrack("roster", "load", str(file), data_dir=data_dir)
        assert again.stdout == first.stdout
        page = service.send("GET", "/api/roster/memberships?page_size=1", ROOT).json()
        assert page["count"] == 3000


def test_a_roster_that_is_wrong_is_said_in_one_line(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "roster.json"
    for content, word in (
        ("{", "JSON"),
        ('{"users": [{"id": "x"}]}', "users"),
        (json.dumps(big_roster(1) | {"facilities": []}), "facility"),
    ):
        file.write_text(content)
        refused(learntrack("roster", "load", str(file), data_dir=data_dir, expect=2), word)
