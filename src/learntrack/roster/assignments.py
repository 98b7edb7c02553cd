"""Whether something is assigned to a learner: to one of the collections that the learner is a member of."""

from typing import Any

from learntrack.storage import Database


async def is_assigned(db: Database, kind: str, assigned_id: str, user_id: str, **more: Any) -> bool:
    """Whether `assigned_id` of the collection `kind` (quizzes, lessons, course_sessions) is assigned to the user.

    `more` narrows it, for example to active quizzes.
    """
    user = await db.find_one("users", {"_id": user_id}, {"collections": 1})
    if user is None or not user["collections"]:
        return False
    query = {"_id": assigned_id, "collection_ids": {"$in": user["collections"]}} | more
    return await db.find_one(kind, query, {"_id": 1}) is not None
