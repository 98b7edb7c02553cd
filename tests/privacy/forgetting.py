"""What is stored about somebody, and the time in which nothing new is taken of them."""

import json
from typing import Any

from learntrack.documents import RecordingPermit
from learntrack.domain import moments
from tests.support import Api, Person


def holds(stored: dict[str, list[Any]], user: str | None) -> set[str]:
    return {name for name, rows in stored.items() if any(user in json.dumps(row, default=str) for row in rows)}


async def passed(api: Api, learner: Person) -> None:
    """As if the seconds had passed in which forgetting still refuses."""
    await api.db.collection(RecordingPermit).update_one(
        {"_id": RecordingPermit.id_of(learner.id or "")},
        {"$set": {"withdrawn_until": moments.before(moments.now(), 1)}},
    )
