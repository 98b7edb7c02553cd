"""Users that an earlier release wrote say whose assignments are theirs, as the roster would say it."""

from typing import Any

import pytest

from tests.migrations.loading import migration
from tests.support import School


@pytest.mark.engines("mongomock", "embedded")
async def test_every_user_says_whose_assignments_are_theirs(school: School) -> None:
    second = migration("0002_whose_assignments")
    second.PART = 2
    for people in (school.learner, school.coach, school.person):
        await people()
    expected = await school.api.db.find("users", {})
    await school.api.db.collection("users").update_many({}, {"$unset": {"learns_in": 1}})

    await second.write_learns_in(school.api.db.raw)
    await second.write_learns_in(school.api.db.raw)

    def sets(rows: list[Any]) -> dict[str, set[str]]:
        return {row["_id"]: set(row["learns_in"]) for row in rows}

    assert sets(await school.api.db.find("users", {})) == sets(expected)
