"""A school that moved in has its own days: a Kolibri writes behind each moment in which time zone it was."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.importing.moving import HOME, fresh, move_in
from tests.support import ROOT

MOVED = (
    "UPDATE logger_contentsessionlog SET start_timestamp = REPLACE(start_timestamp, '(Etc/UTC)', ?) WHERE user_id IN "
)
OF_ONE = MOVED + "(SELECT id FROM kolibriauth_facilityuser WHERE facility_id = ?)"
FACILITY_OF_MOST = (
    "SELECT facility_id FROM kolibriauth_facilityuser person JOIN logger_contentsessionlog log "
    "ON log.user_id = person.id GROUP BY facility_id ORDER BY COUNT(*) DESC LIMIT 1"
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("(Africa/Nairobi)", "Africa/Nairobi"), ("(Mars/Olympus)", None), ("(Etc/UTC)", None), ("", None)],
)
async def test_a_new_facility_gets_the_time_zone_of_its_sessions(
    tmp_path: Path, written: str, expected: str | None
) -> None:
    home = shutil.copytree(HOME, tmp_path / "home", copy_function=shutil.copyfile)
    with sqlite3.connect(home / "db.sqlite3") as kolibri:
        [(facility,)] = kolibri.execute(FACILITY_OF_MOST).fetchall()
        kolibri.execute(OF_ONE, (written, facility))

    async with fresh("mongomock") as api:
        await move_in(api, home)
        found = {row["id"]: row["timezone"] for row in await api.answer("GET", "/api/roster/facilities", ROOT)}
        await api.roster(ROOT, facilities=[{"id": facility, "name": "Ours", "timezone": "Asia/Kolkata"}])
        await move_in(api, home)
        again = {row["id"]: row["timezone"] for row in await api.answer("GET", "/api/roster/facilities", ROOT)}

    assert found.pop(facility) == expected
    assert set(found.values()) == {None}
    assert again[facility] == "Asia/Kolkata"
