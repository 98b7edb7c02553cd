"""Loading a roster of any length: in parts of a request's size, in the order of their references."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from learntrack.errors import field_error
from learntrack.roster.schemas import PARTS, Roster
from learntrack.roster.service import RosterService
from learntrack.storage import Database
from learntrack.web.problems import invalid

PART_RECORDS = 2000
"""Records that are written in one transaction: small enough to be quick, large enough to be few."""


def read(file: Path) -> Roster:
    """The roster in a JSON file.

    Raises:
        InvalidFields: the file is not a roster.

    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Roster)
    except msgspec.ValidationError as error:
        raise invalid(error) from None
    except msgspec.DecodeError as error:
        raise field_error("file", f"Not valid JSON: {error}") from None


async def load(db: Database, roster: Roster, progress: Callable[[int], None]) -> dict[str, int]:
    """Write a roster; returns how many records of each part were written.

    Writing is safe to repeat, so after a failure it is simply run again.

    Args:
        db: Where to.
        roster: What.
        progress: Is told how many records have been written since it was last told.

    """
    service = RosterService(db, PART_RECORDS)
    counts: dict[str, int] = {}
    for part in PARTS:
        records = getattr(roster, part)
        counts[part] = len(records)
        for first in range(0, len(records), PART_RECORDS):
            written = records[first : first + PART_RECORDS]
            await service.write(Roster(**{part: written}))
            progress(len(written))
    if roster.remove is not None and (removed := Roster(remove=roster.remove).records()):
        await RosterService(db, removed).write(Roster(remove=roster.remove))
        progress(removed)
        counts["removed"] = removed
    return counts
