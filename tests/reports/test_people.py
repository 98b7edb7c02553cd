"""Who somebody is, for who reads an export."""

from typing import Any

import pytest

from learntrack.documents import Facility, User
from learntrack.documents.roster import Role
from learntrack.reports.people import Person, people_of
from learntrack.storage import Database


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "learner"),
        ({"roles": [Role(collection_id="c", kind="coach")]}, "coach"),
        ({"roles": [Role(collection_id="c", kind="coach"), Role(collection_id="d", kind="admin")]}, "admin"),
        ({"roles": [Role(collection_id="d", kind="admin")], "is_superuser": True}, "superuser"),
    ],
)
async def test_the_highest_of_somebodys_kinds_is_told(memory: Database, fields: dict[str, Any], kind: str) -> None:
    user = User.begin("ada", username="ada", full_name="Ada L.", facility_id="f")
    user.change(**fields)
    await memory.write([Facility.new(id="f", name="School"), user], None)

    assert await people_of(memory, {"ada", "unknown"}) == {"ada": Person("ada", "Ada L.", kind, "School")}


async def test_somebody_of_a_facility_that_is_not_there_has_none(memory: Database) -> None:
    await memory.write([User.begin("ada", username="ada", facility_id="gone")], None)

    assert (await people_of(memory, ["ada"]))["ada"].facility_name == ""
    assert await people_of(memory, []) == {}
