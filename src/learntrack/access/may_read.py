"""What an actor may read, decided from the roster of now: one indexed look-up at the most.

Lists, the diff and reports all ask here, so that none of them can forget it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learntrack.access.actor import Actor
from learntrack.storage import Database
from learntrack.storage.database import Stage


@dataclass(frozen=True, slots=True)
class Readable:
    """Whose logs a question is about: those of `users`, or of everybody where `users` is None (a superuser's
    question).
    """

    users: Sequence[str] | None

    @property
    def is_nobody(self) -> bool:
        """Whether there is nothing to be read, so that no database need be asked."""
        return self.users is not None and not self.users

    def query(self) -> dict[str, Any]:
        """The condition on a log's user_id."""
        if self.users is None:
            return {}
        return {"user_id": self.users[0] if len(self.users) == 1 else {"$in": list(self.users)}}


NOBODY = Readable(())
EVERYBODY = Readable(None)


_ROLES: Stage = {"$project": {"places": 1, "role_places": 1, "is_superuser": 1}}


def members_of(places: Sequence[str]) -> list[Stage]:
    """Who is in all of these places. Index: places (the first of them; the embedded engine uses none for `$all`)."""
    first, *rest = places
    narrowed: list[Stage] = [{"$match": {"places": {"$all": rest}}}] if rest else []
    return [{"$match": {"places": first}}, *narrowed, _ROLES]


def _actor_and_members(user_id: str, places: Sequence[str]) -> list[Stage]:
    """The actor's own row, and those of who is in all of these places. Indexes: the key, places."""
    joined = {"from": "users", "localField": "place", "foreignField": "places", "as": "member"}
    member = {
        "_id": "$member._id",
        "places": "$member.places",
        "role_places": "$member.role_places",
        "is_superuser": "$member.is_superuser",
    }
    return [
        {"$match": {"_id": user_id}},
        _ROLES,
        {"$addFields": {"part": [0, 1]}},
        {"$unwind": "$part"},
        {
            "$project": {
                "own": {
                    "$cond": [{"$eq": ["$part", 0]}, {name: f"${name}" for name in ("_id", *_ROLES["$project"])}, None]
                },
                "place": {"$cond": [{"$eq": ["$part", 1]}, places[0], None]},
            }
        },
        {"$lookup": joined},
        {"$unwind": {"path": "$member", "preserveNullAndEmptyArrays": True}},
        {"$project": {"found": {"$cond": ["$own", "$own", member]}}},
        {"$replaceRoot": {"newRoot": "$found"}},
        {"$match": {"places": {"$ne": None}}},
    ]


async def is_superuser(db: Database, actor: Actor) -> bool:
    """Whether the actor is a superuser, by token or by roster."""
    if actor.superuser or actor.user_id is None:
        return actor.superuser
    user = await db.find_one("users", {"_id": actor.user_id}, {"is_superuser": 1})
    return user is not None and bool(user["is_superuser"])


async def readable(db: Database, actor: Actor, *, user: str | None = None, places: Sequence[str] = ()) -> Readable:
    """Whose logs `actor` may read, narrowed to `user` and to the members of all `places` (facility, classroom, group).

    Everybody may read their own logs; who has a role in a place, its members'; a superuser, all.
    """
    if actor.user_id is None:
        return NOBODY
    if not places and user is not None and (user == actor.user_id or actor.superuser):
        return Readable((user,))
    if not places and user is None:
        return EVERYBODY if actor.superuser else await _all_readable(db, actor.user_id)
    # The actor's own row and those of the candidates, in one look-up.
    if user is not None:
        look_up = [{"$match": {"_id": {"$in": [actor.user_id, user]}}}, _ROLES]
    else:
        look_up = members_of(places) if actor.superuser else _actor_and_members(actor.user_id, places)
    rows = await db.rows("users", look_up)
    return Readable(_permitted(rows, actor, user, places))


def _permitted(rows: Sequence[Mapping[str, Any]], actor: Actor, user: str | None, places: Sequence[str]) -> list[str]:
    own: Mapping[str, Any] = next((row for row in rows if row["_id"] == actor.user_id), {})
    reads_all = actor.superuser or bool(own.get("is_superuser"))
    roles = set(own.get("role_places", ()))
    found = {
        row["_id"]
        for row in rows
        if (user is None or row["_id"] == user)
        and set(places) <= set(row["places"])
        and (reads_all or row["_id"] == actor.user_id or roles & set(row["places"]))
    }
    if user is not None and not places and reads_all and not found:
        found = {user}  # unknown to the roster, but with logs of its own
    return sorted(found)


async def _all_readable(db: Database, user_id: str) -> Readable:
    members = {"from": "users", "localField": "role_places", "foreignField": "places", "as": "members"}
    rows = await db.rows(
        "users",
        [
            {"$match": {"_id": user_id}},
            {"$lookup": members},
            {"$unwind": {"path": "$members", "preserveNullAndEmptyArrays": True}},
            {"$project": {"_id": 0, "is_superuser": 1, "member": "$members._id"}},
        ],
    )
    if rows and rows[0]["is_superuser"]:
        return EVERYBODY
    return Readable(sorted({user_id} | {row["member"] for row in rows if "member" in row}))
