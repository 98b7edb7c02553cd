"""Rollups of one facility's learners at one content: which there are, what is kept of them, and whether it is right."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

from learntrack.documents import ItemRollup, MasteryLog, Touched
from learntrack.documents.base import SCHEMA_VERSION, Row
from learntrack.domain import moments
from learntrack.domain.portions import in_parts
from learntrack.reports.questions import ReportQuestion, questions
from learntrack.reports.upkeep.item_tries import FacilityContent
from learntrack.storage import Database

_STEP = 500
ANSWERS = 10
"""How many of a question's commonest wrong answers are kept."""


def rolled_up() -> Mapping[str, ReportQuestion]:
    """The questions that have a rollup, by name."""
    return {name: question for name, question in questions().items() if question.rollup is not None}


def version() -> str:
    """The id of the state of what is kept; what was computed by another definition has another."""
    return ",".join(f"{name}:{question.rollup.version}" for name, question in rolled_up().items() if question.rollup)


async def all_items(db: Database) -> list[FacilityContent]:
    """Every facility with every content at which its learners have tries, or of which something is kept."""
    found: set[FacilityContent] = set()
    for kind in (MasteryLog, ItemRollup):
        key = {"facility": "$facility_id", "content": "$content_id"}
        for row in await db.rows(kind, [{"$group": {"_id": key}}]):
            if row["_id"].get("facility") is not None:
                found.add((row["_id"]["facility"], row["_id"]["content"]))
    return sorted(found)


def doubting(doubtful: Sequence[FacilityContent]) -> list[Touched]:
    """The marks by which these items are computed anew, some hundred in each."""
    now = moments.now()
    return [Touched.by_doubt(some, now) for some in in_parts(doubtful, _STEP)]


async def computed(db: Database, question: ReportQuestion, item: FacilityContent) -> list[Row]:
    """What is to be kept of an item, computed from the logs. Index: facility_content."""
    facility, content = item
    asked = {"facility": facility, "content": content, "facility_content": content, "answers": ANSWERS}
    rows = await db.rows(question.collection, question.rollup_stages(asked))
    return [{**row, "schema_version": SCHEMA_VERSION} for row in rows]


async def kept(db: Database, item: FacilityContent) -> list[Row]:
    """What is kept of an item. Index: facility_content."""
    return await db.find(ItemRollup, {"facility_id": item[0], "content_id": item[1]})


def are_equal(ours: Any, theirs: Any) -> bool:
    """Whether two values are the same, numbers as far as adding up in another order allows, lists in any order."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(are_equal(value, theirs[name]) for name, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        pairs = zip(sorted(ours, key=_order), sorted(theirs, key=_order), strict=False)
        return len(ours) == len(theirs) and all(are_equal(one, other) for one, other in pairs)
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return bool(ours == theirs)


def _order(value: Any) -> str:
    return str(value.get("_id", value.get("answer"))) if isinstance(value, dict) else str(value)
