"""Users that an earlier release wrote say whose assignments are theirs, as the roster would say it."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest

from learntrack.storage import schema
from tests.support import School

NAME = "0002_whose_assignments"
LOADER = SourceFileLoader(NAME, str(schema.MIGRATIONS / f"{NAME}.py"))


@pytest.mark.engines("mongomock", "embedded")
async def test_every_user_says_whose_assignments_are_theirs(school: School) -> None:
    spec = spec_from_loader(NAME, LOADER)
    assert spec is not None
    migration: Any = module_from_spec(spec)
    LOADER.exec_module(migration)
    migration.PART = 2
    for people in (school.learner, school.coach, school.person):
        await people()
    expected = await school.api.db.find("users", {})
    await school.api.db.collection("users").update_many({}, {"$unset": {"learns_in": 1}})

    await migration.write_learns_in(school.api.db.raw)
    await migration.write_learns_in(school.api.db.raw)

    def sets(rows: list[Any]) -> dict[str, set[str]]:
        return {row["_id"]: set(row["learns_in"]) for row in rows}

    assert sets(await school.api.db.find("users", {})) == sets(expected)
