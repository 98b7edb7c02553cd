"""Loading a roster of any length: in parts of a request's size, in the order of their references."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from learntrack.domain.portions import portions
from learntrack.errors import field_error
from learntrack.roster.records import Record
from learntrack.roster.schemas import PARTS, Removal, Roster
from learntrack.roster.service import RosterService
from learntrack.storage import Database
from learntrack.storage.long_work import OnProgress
from learntrack.web.bodies import decoded
from learntrack.web.values import read_as

_PART_ENTRIES = 50_000
"""Entries of their lists."""
PART_RECORDS = 2000
"""Records that are written in one transaction: small enough to be quick, large enough to be few."""


def read_roster(file: Path) -> Roster:
    """The roster in a JSON file, read as a request's body is.

    Raises:
        InvalidFields: the file is not a roster.

    """
    sent = decoded(file.read_bytes())
    roster = read_as(Roster, sent)
    _check_parts(sent)
    return roster


def _check_parts(sent: Mapping[str, Any]) -> None:
    """Refuse a part that a roster does not have; a request may have one, a file has it by mistake.

    Raises:
        InvalidFields: there is one.

    """
    for place, parts, known in (("", sent, Roster), ("remove.", sent.get("remove") or {}, Removal)):
        for part in parts:
            if part not in known.__struct_fields__:
                raise field_error(
                    place + part, f"There is no such part; there are {', '.join(known.__struct_fields__)}."
                )


async def load(db: Database, roster: Roster, progress: OnProgress, at: datetime | None = None) -> dict[str, int]:
    """Write a roster; returns how many records of each part were written.

    Writing is safe to repeat, so after a failure it is simply run again.

    Args:
        db: Where to.
        roster: What.
        progress: Is told how many records have been written since it was last told.
        at: When that was so; unset: now.

    Raises:
        BeingForgotten: somebody new in it is being forgotten, or has been since `at`.

    """
    service = RosterService(db, PART_RECORDS)
    counts: dict[str, int] = {}
    for part in PARTS:
        records = getattr(roster, part)
        counts[part] = len(records)
        for written in portions(records, _entries, most=PART_RECORDS, most_size=_PART_ENTRIES):
            only = Roster()
            setattr(only, part, written)
            await service.write(only, at)
            progress(len(written))
    if roster.remove is not None and (removed := Roster(remove=roster.remove).records()):
        await RosterService(db, removed).write(Roster(remove=roster.remove), at)
        progress(removed)
        counts["removed"] = removed
    return counts


def _entries(record: object) -> int:
    return record.entries if isinstance(record, Record) else 0
