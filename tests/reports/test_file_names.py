"""What a file is called that is handed out."""

from datetime import UTC, date, datetime

import pytest

from learntrack.documents import Classroom, Facility
from learntrack.reports.file_names import attachment
from learntrack.reports.filters import ReportFilters
from learntrack.storage import Database

AT = datetime(2026, 3, 9, 22, 30, tzinfo=UTC)


async def name_of(db: Database, **asked: object) -> tuple[str, str]:
    """The plain name, and the one in any letters."""
    headers = await attachment(db, "totals", ReportFilters(**asked), "csv", AT)
    _, plain, every = headers["Content-Disposition"].split("; ")
    return plain.removeprefix('filename="').removesuffix('"'), every.removeprefix("filename*=UTF-8''")


async def test_it_says_what_about_whom_of_when_and_in_which_zone(memory: Database) -> None:
    await memory.write(
        [Facility.new(id="f", name="Hill School"), Classroom.new(id="c", name="A/1", facility_id="f")], None
    )
    asked = {"facility": "f", "classroom": "c", "since": date(2026, 3, 1), "until": date(2026, 3, 8)}

    plain, every = await name_of(memory, **asked, timezone="Africa/Nairobi")

    # It was made on the next day there.
    zone = "days-of-Africa-Nairobi"
    assert plain == f"totals_Hill-School_A-1_from-2026-03-01_until-2026-03-08_made-2026-03-10_{zone}.csv"
    assert every == plain


async def test_what_is_in_no_latin_letters_is_left_out_of_the_plain_name_alone(memory: Database) -> None:
    await memory.write([Facility.new(id="f", name="学校")], None)

    plain, every = await name_of(memory, facility="f")

    assert plain == "totals_made-2026-03-09_days-of-UTC.csv"
    assert every == "totals_%E5%AD%A6%E6%A0%A1_made-2026-03-09_days-of-UTC.csv"


@pytest.mark.parametrize(
    ("called", "shown"),
    [('"; rm -rf /\r\nX: 1', "rm-rf-X-1"), ("...", "f"), ("a" * 100, "a" * 60)],
)
async def test_a_name_is_plain_whatever_somebody_has_called_the_place(
    memory: Database, called: str, shown: str
) -> None:
    await memory.write([Facility.new(id="f", name=called)], None)

    assert (await name_of(memory, facility="f"))[0] == f"totals_{shown}_made-2026-03-09_days-of-UTC.csv"
