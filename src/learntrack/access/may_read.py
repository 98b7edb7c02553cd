"""Whose logs a caller may read, decided from the roster of now: one indexed look-up at the most, two on an engine that
has to be led; and what a place is, the first time.

Lists, the diff, reports and pages all ask here, so that none of them can forget it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from learntrack.access.standing import OWN_FIELDS, Caller, Standing
from learntrack.documents import Touched, User
from learntrack.documents.base import Stored
from learntrack.domain.portions import in_parts
from learntrack.storage import Database
from learntrack.storage.database import Row, Stage

MANY = 200
"""Of so many learners, or fewer, no list is narrowed to their facility: it would not be faster."""

Place = tuple[type[Stored], str]
"""As what a place is asked for, and its id."""
_KNOWN: WeakKeyDictionary[Database, set[Place]] = WeakKeyDictionary()
"""What places have been found to be. That need not be looked up again: nobody is in one that has been removed."""


@dataclass(frozen=True, slots=True)
class Readable:
    """Whose logs a question is about: those of `users`,
    or of everybody where `users` is None (a superuser's question).

    `facility` is that of all of them by the roster, where it is asked for and nobody's is another.
    `is_whole`: they are all who are in what was asked for, a place.
    `narrows_to` is the facility that their logs may be asked for by: where they are more than `MANY`, and nobody moves,
    as logs may say another than the roster until then (see `anybody_moves`).
    """

    users: Sequence[str] | None
    facility: str | None = None
    is_whole: bool = False
    narrows_to: str | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether there is nothing to be read, so that no database need be asked."""
        return self.users is not None and not self.users

    def query(self) -> dict[str, Any]:
        """The condition on a log's user_id."""
        if self.users is None:
            return {}
        return {"user_id": self.users[0] if len(self.users) == 1 else {"$in": list(self.users)}}

    def in_parts(self, most: int) -> Iterator["Readable"]:
        """The same learners, at most so many at once; everybody cannot be divided."""
        users = self.users
        if users is None:
            yield self
        else:
            yield from (Readable(some) for some in in_parts(users, most))


NOBODY = Readable(())
EVERYBODY = Readable(None)


def owners_named(db: Database, readable: Readable) -> Readable:
    """Whose documents a question names that are found by their keys, or their summaries', anyway.

    Where the data is sharded, theirs: else every shard is asked. Elsewhere nobody's: of two conditions the embedded
    engine uses the index of neither, and reads the whole collection.
    """
    return readable if db.capabilities.sharded else EVERYBODY


async def may_read(
    caller: Caller,
    *,
    user: str | None = None,
    places: Sequence[str] = (),
    kinds: Sequence[type[Stored]] = (),
    left_after: datetime | None = None,
) -> Readable:
    """Whose logs the caller may read, narrowed to `user` and to the members of all `places` (facility, class, group).

    Everybody may read their own logs; who has a role in a place, its members'; a superuser, all.

    Args:
        caller: Who asks.
        user: The person asked about, if it is one.
        places: The places asked about.
        kinds: As what each is asked for: nobody is in a group that is asked for as a classroom. Without: it is known.
        left_after: Who has left one of the places after this moment counts as in it; not together with `user`.

    """
    actor = caller.actor
    if actor.user_id is None:
        return NOBODY
    if not places and user is not None and (user == actor.user_id or actor.superuser):
        return Readable((user,))
    if not places and user is None:
        return EVERYBODY if actor.superuser else await _all_readable(caller, actor.user_id)
    if kinds and not await _are_there(caller.db, zip(kinds, places, strict=True)):
        return NOBODY
    me = actor.user_id
    persons = await (_members(caller, me, places, left_after) if user is None else _person(caller, me, user))
    standing = Standing(actor.user_id, superuser=True) if actor.superuser else await caller.standing()
    still_in = places if left_after is None else ()  # who has left is in `persons` all the same
    users = permitted(standing, persons, user=user, places=still_in)
    is_whole = user is None and left_after is None and len(places) == 1 and len(users) == len(persons)
    facility = _facility_of(users, persons, places)
    narrows = facility is not None and len(users) > MANY and not await anybody_moves(caller.db)
    return Readable(users, facility, is_whole, facility if narrows else None)


def permitted(standing: Standing, persons: Sequence[Row], *, user: str | None, places: Sequence[str]) -> list[str]:
    """Of `persons` (each with `_id` and `places`) those who are asked about and whose logs may be read, by id."""
    readable = {
        person["_id"]
        for person in persons
        if (user is None or person["_id"] == user)
        and set(places) <= set(person["places"])
        and (standing.superuser or person["_id"] == standing.user_id or standing.role_places & set(person["places"]))
    }
    if user is not None and not places and standing.superuser:
        readable.add(user)  # perhaps unknown to the roster, but with logs of its own
    return sorted(readable)


async def anybody_moves(db: Database) -> bool:
    """Whether logs may still say that their learner is in a facility that they have left, or not yet in the one that
    they have come into: then who asks by facility would read whom they may not, and miss others.

    A server that is behind may know of it later than the primary: there marks count as long as they stand.
    """
    marks = {"moved": {"$exists": True}} if db.reports.behind else Touched.moving()
    return await db.find_one(Touched, marks, {"_id": 1}) is not None


def _facility_of(users: Sequence[str], persons: Sequence[Row], places: Sequence[str]) -> str | None:
    """The facility of all of these users, if it is the place that is asked about first."""
    facilities = {person["_id"]: person.get("facility_id") for person in persons}
    return places[0] if places and {facilities.get(user) for user in users} == {places[0]} else None


def may_look_at(standing: Standing, classroom: Mapping[str, Any]) -> bool:
    """Whether the page of a classroom is theirs to look at: they have a role in it or in its facility.
    Which learners they see there is what `may_read` says.
    """
    return standing.superuser or not standing.role_places.isdisjoint((classroom["_id"], classroom["facility_id"]))


def members_of(places: Sequence[str], left_after: datetime | None = None) -> list[Stage]:
    """Who is in all of these places, or has left them after a moment. Index: places (the first of them; the embedded
    engine uses none for `$all`); none for who has left.
    """
    if left_after is not None:
        were = {"$and": [_was_in(place, left_after) for place in places]}
        return [{"$match": were}, {"$project": {"places": 1, "facility_id": 1}}]
    first, *rest = places
    narrowed: list[Stage] = [{"$match": {"places": {"$all": rest}}}] if rest else []
    return [{"$match": {"places": first}}, *narrowed, {"$project": {"places": 1, "facility_id": 1}}]


def _was_in(place: str, left_after: datetime) -> Stage:
    left = {"$elemMatch": {"collection_id": place, "until": {"$gt": left_after}}}
    return {"$or": [{"places": place}, {"former_collections": left}, {"former_facilities": left}]}


async def _all_readable(caller: Caller, user_id: str) -> Readable:
    standing = await _standing(caller)
    members: list[Row] = []
    if standing is None:
        rows = await caller.db.rows(User, _own_row_and_members(user_id, "$role_places", shown=["_id"]))
        standing, members = _learned(caller, rows)
    elif standing.role_places and not standing.superuser:
        members = await caller.db.find(User, {"places": {"$in": sorted(standing.role_places)}}, {"_id": 1})
    if standing.superuser:
        return EVERYBODY
    return Readable(sorted({user_id} | {member["_id"] for member in members}))


async def _person(caller: Caller, user_id: str, user: str) -> list[Row]:
    """The row of the person asked about, as far as the roster knows them,
    and the caller's own where it is not known yet.
    """
    ids = [user] if caller.known_standing is not None else [user_id, user]
    rows = await caller.db.find(User, {"_id": {"$in": ids}}, dict.fromkeys(OWN_FIELDS, 1))
    if caller.known_standing is None:
        caller.learn(next((row for row in rows if row["_id"] == user_id), None))
    return rows


async def _are_there(db: Database, asked: Iterable[Place]) -> bool:
    """Whether each of these places is what it is asked for; looked up the first time in a process. Index: the key."""
    known = _KNOWN.setdefault(db, set())
    for kind, key in asked:
        if (kind, key) not in known:
            if await db.find_one(kind, {"_id": key}, {"_id": 1}) is None:
                return False
            known.add((kind, key))
    return True


async def _members(caller: Caller, user_id: str, places: Sequence[str], left_after: datetime | None) -> list[Row]:
    """Who is in all of these places (or at least in the first of them), and the caller's own row where it is not known
    yet.
    """
    if caller.actor.superuser or left_after is not None or await _standing(caller) is not None:
        return await caller.db.rows(User, members_of(places, left_after))
    shown = ["_id", "places", "facility_id"]
    rows = await caller.db.rows(User, _own_row_and_members(user_id, places[0], shown=shown))
    return _learned(caller, rows)[1]


async def _standing(caller: Caller) -> Standing | None:
    """What the caller is, if it is known, or best asked for by itself: the embedded engine copies all members whom it
    has looked up for each that it unwinds, which took it 8 s where they are 1,600.
    """
    return caller.known_standing if caller.db.capabilities.walks_indexes else await caller.standing()


def _learned(caller: Caller, rows: Sequence[Row]) -> tuple[Standing, list[Row]]:
    """What the caller is, and the members, of the rows that `_own_row_and_members` finds."""
    standing = caller.learn(next((row["own"] for row in rows if row.get("own")), None))
    return standing, [row["member"] for row in rows if row.get("member")]


def _own_row_and_members(user_id: str, within: str, shown: Sequence[str]) -> list[Stage]:
    """The caller's own row (in one row, as `own`), and a row for each who is in a place (as `member`, these fields).

    `within` is the place, or the field of the own row that names the places. Indexes: the key, places.
    """
    own = {name: f"${name}" for name in ("_id", *OWN_FIELDS)}
    member = {name: f"$member.{name}" for name in shown}
    return [
        {"$match": {"_id": user_id}},
        {"$project": dict.fromkeys(OWN_FIELDS, 1) | {"part": ["own", "members"]}},
        {"$unwind": "$part"},
        {
            "$project": {
                "own": {"$cond": [{"$eq": ["$part", "own"]}, own, None]},
                "place": {"$cond": [{"$eq": ["$part", "members"]}, within, None]},
            }
        },
        {"$lookup": {"from": User.collection(), "localField": "place", "foreignField": "places", "as": "member"}},
        {"$unwind": {"path": "$member", "preserveNullAndEmptyArrays": True}},
        {"$project": {"_id": 0, "own": 1, "member": {"$cond": [{"$gt": ["$member._id", None]}, member, None]}}},
    ]
