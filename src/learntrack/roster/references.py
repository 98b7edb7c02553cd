"""References between roster records: all must lead somewhere."""

from collections.abc import Iterator

from learntrack.domain.portions import in_parts
from learntrack.roster.schemas import Roster
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

_MOST_KEYS = 10_000
"""Ids that are looked up at once: what is asked must fit into a document."""
_MOST_NAMED = 20
"""References of one list that are named where they lead nowhere."""
COLLECTIONS = ("facilities", "classrooms", "learner_groups")

Reference = tuple[str, tuple[str, ...], str]
"""Where a reference stands, the parts of the roster that it may lead to, and the id that it names."""


def references(roster: Roster) -> Iterator[Reference]:
    """Every reference of a roster."""
    for number, classroom in enumerate(roster.classrooms):
        yield f"classrooms[{number}].facility_id", ("facilities",), classroom.facility_id
    for number, group in enumerate(roster.learner_groups):
        yield f"learner_groups[{number}].classroom_id", ("classrooms",), group.classroom_id
    for number, user in enumerate(roster.users):
        yield f"users[{number}].facility_id", ("facilities",), user.facility_id
    for part in ("memberships", "roles"):
        for number, record in enumerate(getattr(roster, part)):
            yield f"{part}[{number}].user_id", ("users",), record.user_id
            yield f"{part}[{number}].collection_id", COLLECTIONS, record.collection_id
    for part in ("lessons", "quizzes", "course_sessions"):
        for number, record in enumerate(getattr(roster, part)):
            for collection_id in record.sent().get("collection_ids", []):
                yield f"{part}[{number}].collection_ids", COLLECTIONS, collection_id


async def dangling(db: Database, roster: Roster, gone: set[str], tx: Tx) -> dict[str, list[str]]:
    """The references that lead nowhere: neither to the request nor to what is stored. `gone` is being removed."""
    sent = {part: {record.id for record in getattr(roster, part)} for part in (*COLLECTIONS, "users")}
    open_references = [
        (place, parts, key) for place, parts, key in references(roster) if not any(key in sent[part] for part in parts)
    ]
    found: dict[str, set[str]] = {}
    for part in (*COLLECTIONS, "users"):
        keys = list({key for _, parts, key in open_references if part in parts} - gone)
        found[part] = set()
        for some in in_parts(keys, _MOST_KEYS):
            rows = await db.collection(part).find({"_id": {"$in": some}}, {"_id": 1}, session=tx).to_list(None)
            found[part] |= {row["_id"] for row in rows}
    errors: dict[str, list[str]] = {}
    for place, parts, key in open_references:
        if not any(key in found[part] for part in parts):
            errors.setdefault(place, []).append(f"There is no {' or '.join(_ONE[part] for part in parts)} {key}.")
    for place, messages in errors.items():
        if (more := len(messages) - _MOST_NAMED) > 0:
            errors[place] = [*messages[:_MOST_NAMED], f"And {more} more are not there."]
    return errors


_ONE = {"facilities": "facility", "classrooms": "classroom", "learner_groups": "learner group", "users": "user"}
