"""Who learns where, and what is assigned there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from learntrack.access.assigned import FIELDS, learns_in
from learntrack.documents import Lesson, Quiz, User
from learntrack.reports.counted.asked import CountedAbout
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

Learners = Mapping[str, Sequence[str]]
"""The learners of each place."""


async def learners_by_place(db: Reading, about: CountedAbout) -> Learners:
    """Those who are asked about, by the places in which they learn. Index: the key."""
    users = about.members.users
    found: dict[str, list[str]] = defaultdict(list)
    for row in await db.find(User, {} if users is None else {"_id": {"$in": list(users)}}, FIELDS):
        for place in learns_in(row):
            found[place].append(row["_id"])
    return found


async def assigned_in(db: Reading, kind: type[Lesson | Quiz], places: Learners, shown: Mapping[str, int]) -> list[Row]:
    """What of a kind is assigned in any of these places. Index: collection_ids."""
    return await db.find(kind, {"collection_ids": {"$in": sorted(places)}}, shown) if places else []


def learners_of(row: Row, places: Learners) -> set[str]:
    """To whom it is assigned."""
    return {user for place in row["collection_ids"] for user in places.get(place, ())}
