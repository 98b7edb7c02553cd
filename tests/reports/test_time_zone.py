"""Where a report's days begin: the first that says so."""

from typing import Any

import pytest

from learntrack.documents import Classroom, Facility, User
from learntrack.reports.filters import ReportFilters
from learntrack.reports.time_zone import zone_of
from learntrack.storage import Database

ZONES = {"kenya": "Africa/Nairobi", "peru": "America/Lima", "nowhere": None}


def roster(*facilities: str) -> list[Any]:
    return [
        *(Facility.new(id=name, name=name, timezone=ZONES[name]) for name in facilities),
        Classroom.new(id="class", name="A1", facility_id="kenya"),
        User.begin("peruvian", username="", facility_id="peru"),
    ]


@pytest.mark.parametrize(
    ("asked", "by", "zone"),
    [
        ({"timezone": "Asia/Tokyo", "facility": "kenya"}, "peruvian", "Asia/Tokyo"),
        ({"facility": "kenya", "classroom": "class"}, "peruvian", "Africa/Nairobi"),
        ({"classroom": "class"}, "peruvian", "Africa/Nairobi"),
        ({}, "peruvian", "America/Lima"),
        ({"facility": "nowhere"}, "peruvian", "UTC"),  # it does not say: not somebody else's
        ({"facility": "unknown"}, None, "UTC"),
        ({}, "unknown", "UTC"),
        ({}, None, "UTC"),
    ],
)
async def test_the_first_that_says_so(memory: Database, asked: dict[str, str], by: str | None, zone: str) -> None:
    await memory.write(roster("kenya", "peru", "nowhere"), None)

    assert await zone_of(memory, ReportFilters(**asked), asked_by=by) == zone


async def test_the_only_facility_is_everybodys(memory: Database) -> None:
    await memory.write(roster("kenya"), None)

    assert await zone_of(memory, ReportFilters()) == "Africa/Nairobi"
