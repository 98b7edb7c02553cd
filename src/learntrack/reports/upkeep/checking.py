"""Whether what is derived is what the logs say, and mending it where it is not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from learntrack.documents import ContentSummary, MasteryLog, User
from learntrack.documents.base import as_stored
from learntrack.documents.try_numbers import TRY_FIELDS, TrySight, numbers_by_kind
from learntrack.reports.upkeep import days, items, moves, recounts
from learntrack.reports.upkeep.item_tries import FacilityContent
from learntrack.reports.upkeep.items import are_equal
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.storage.long_work import OnProgressOf
from learntrack.storage.parts import in_parts_of

_STEP = 200


@dataclass(slots=True)
class Checked:
    """What was looked at, and what of it differed: by what it is."""

    looked_at: dict[str, int] = field(default_factory=dict)
    differed: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, many: int, differed: int) -> None:
        """Count so many that were looked at, and so many of them that differed."""
        self.looked_at[what] = self.looked_at.get(what, 0) + many
        self.differed[what] = self.differed.get(what, 0) + differed


async def check_facilities(db: Database, checked: Checked) -> set[FacilityContent]:
    """Let every log say where its learner is today; returns what is to be computed anew where one did not."""
    touched: set[FacilityContent] = set()
    async for users in in_parts_of(db.stream(User, [{"$project": {"_id": 1}}]), _STEP):
        found = moves.marked(await moves.follow(db, [user["_id"] for user in users]))
        checked.count("learners' facilities", len(users), len(found))
        touched |= found
    return touched


async def check_numbers(db: Database, checked: Checked) -> None:
    """Count the tries of every summary. Index: summary."""
    stages: list[Stage] = [{"$match": {"has_tries": True}}, {"$project": {"user_id": 1, "of_tries": 1, "recount": 1}}]
    async for summaries in in_parts_of(db.stream(ContentSummary, stages), _STEP):
        owners = {row["_id"]: row["user_id"] for row in summaries}
        query = {"summary_id": {"$in": list(owners)}} | db.capabilities.of_owners(set(owners.values()))
        rows = await db.find(MasteryLog, query, dict.fromkeys(TRY_FIELDS, 1))
        tries: dict[str, list[TrySight]] = {key: [] for key in owners}
        for row in rows:
            tries[row["summary_id"]].append(TrySight.of(row))
        doubtful = [
            row["_id"]
            for row in summaries
            if row.get("recount")
            or not are_equal(row.get("of_tries", {}), as_stored(numbers_by_kind(tries[row["_id"]])))
        ]
        differed = [key for key in doubtful if await recounts.recount(db, key, owners[key])]
        checked.count("numbers of tries", len(summaries), len(differed))


async def differing(db: Database, among: list[FacilityContent], progress: OnProgressOf) -> list[FacilityContent]:
    """The items of whom something else is kept than the logs say now."""
    found: list[FacilityContent] = []
    for number, item in enumerate(among):
        progress(number, len(among))
        stored = await items.kept(db, item)
        for question in items.rolled_up().values():
            if not are_equal(stored, await items.computed(db, question, item)):
                found.append(item)
    progress(len(among), len(among))
    return found


async def users_with_other_days(db: Database, among: Sequence[str] | None = None) -> tuple[int, list[str]]:
    """Of these learners (None: of all whose days are kept) how many there are, and those of whom other days are kept
    than the sessions say now. Indexes: owner_start_id, owner_day.
    """
    kept = await days.kept_through(db)
    facilities = {row["_id"]: row["facility_id"] for row in await db.find(User, {}, {"facility_id": 1})}
    users = sorted(user for user, facility in facilities.items() if facility in kept) if among is None else among
    found: list[str] = []
    for user in users:
        wanted, stored = await days.both(db, user, kept.get(facilities.get(user, "")))
        if not are_equal(wanted, stored):
            found.append(user)
    return len(users), found
