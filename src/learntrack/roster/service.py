"""Writing and listing the roster."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from pymongo import DeleteMany, ReplaceOne, UpdateMany
from pymongo.operations import DeleteOne

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.errors import InvalidFields, TooLarge
from learntrack.roster import people
from learntrack.roster.people import Person
from learntrack.roster.references import dangling
from learntrack.roster.schemas import (
    PARTS,
    MembershipRecord,
    Removal,
    RoleRecord,
    Roster,
    RosterCounts,
    RosterKind,
    plain,
)
from learntrack.storage import Database
from learntrack.storage.database import Row
from learntrack.storage.transactions import Tx
from learntrack.web.paging import Page, PageRequest, page_of, paged

_SIMPLE = ("facilities", "classrooms", "learner_groups", "lessons", "quizzes", "course_sessions")
_ASSIGNMENTS = ("lessons", "quizzes", "course_sessions")
_PATIENCE = 60.0


class RosterService:
    """The roster.

    Args:
        db: Where it is stored.
        most_records: The most records in one request.

    """

    def __init__(self, db: Database, most_records: int) -> None:
        self._db = db
        self._most = most_records
        # Two rosters at once would only send each other back: they write the same people.
        self._one_at_a_time = asyncio.Lock()

    async def write(self, roster: Roster) -> RosterCounts:
        """Add, change and remove records: all of them, or none.

        Raises:
            TooLarge: there are too many records in one request.
            InvalidFields: a record refers to something that is neither in the request nor in the roster.

        """
        if roster.records() > self._most:
            raise TooLarge(f"At most {self._most} records in one request.")

        async def work(tx: Tx) -> RosterCounts:
            return await self._write(roster, tx)

        async with self._one_at_a_time:
            return await self._db.transaction(work, patience=_PATIENCE)

    async def list(self, kind: RosterKind, page: PageRequest | None) -> Page | AsyncIterator[Row]:
        """The records of a kind, ordered by id: a page, or all of them as a stream.

        Raises:
            NotFound: the page is out of range.

        """
        collection, source, shape = _listing(kind)
        if page is None:
            return self._db.stream(collection, [*source, *shape])
        return page_of(await self._db.rows(collection, paged(collection, source, shape, page)), page)

    async def _write(self, roster: Roster, tx: Tx) -> RosterCounts:
        removal = roster.remove or Removal()
        gone = await self._remove_collections(removal, tx)
        if errors := await dangling(self._db, roster, gone, tx):
            raise InvalidFields(errors)
        moved = await self._write_simple(roster, tx)
        await self._write_people(roster, removal, gone, moved, tx)
        await self._remove_assignments(removal, tx)
        counts = RosterCounts()
        for part in PARTS:
            setattr(counts, part, len(getattr(roster, part)))
        counts.removed = {
            part: len(entries) for part in Removal.__struct_fields__ if (entries := getattr(removal, part))
        }
        return counts

    async def _write_simple(self, roster: Roster, tx: Tx) -> set[str]:
        """Write what is not a person; returns the groups that changed their classroom."""
        moved: set[str] = set()
        if roster.learner_groups:
            classroom_of = {group.id: group.classroom_id for group in roster.learner_groups}
            found = self._db.collection("learner_groups").find({"_id": {"$in": list(classroom_of)}}, session=tx)
            moved = {row["_id"] for row in await found.to_list(None) if row["classroom_id"] != classroom_of[row["_id"]]}
        for part in _SIMPLE:
            documents = [plain(record) | {"schema_version": SCHEMA_VERSION} for record in getattr(roster, part)]
            if documents:
                writes = [
                    ReplaceOne({"_id": (key := document.pop("id"))}, {"_id": key, **document}, upsert=True)
                    for document in documents
                ]
                await self._db.collection(part).bulk_write(writes, ordered=True, session=tx)
        return moved

    async def _write_people(self, roster: Roster, removal: Removal, gone: set[str], moved: set[str], tx: Tx) -> None:
        affected = {record.id for record in roster.users}
        referring: tuple[MembershipRecord | RoleRecord, ...] = (
            *roster.memberships,
            *roster.roles,
            *removal.memberships,
            *removal.roles,
        )
        affected |= {entry.user_id for entry in referring}
        # One look-up each, by an index each; together in an `$or` one without a match would cost a scan.
        queries = [("_id", affected), ("places", gone | moved), ("role_places", gone)]
        persons: dict[str, Person] = {}
        for field, values in queries:
            if values:
                found = self._db.collection("users").find({field: {"$in": list(values)}}, session=tx)
                persons |= {row["_id"]: row for row in await found.to_list(None)}
        if not affected and not persons:
            return
        for record in roster.users:
            person = persons.setdefault(record.id, people.new_person(record.id))
            person |= {
                field: getattr(record, field) for field in ("username", "full_name", "facility_id", "is_superuser")
            }
        for person in persons.values():
            people.leave(person, gone)
        for ended in removal.memberships:
            if person := persons.get(ended.user_id, {}):
                person["memberships"] = [entry for entry in person["memberships"] if entry != ended.collection_id]
        for role in removal.roles:
            if person := persons.get(role.user_id, {}):
                person["roles"] = [
                    entry
                    for entry in person["roles"]
                    if entry != {"collection_id": role.collection_id, "kind": role.kind}
                ]
        for membership in roster.memberships:
            people.add_membership(persons[membership.user_id], membership.collection_id)
        for added in roster.roles:
            people.add_role(persons[added.user_id], added.collection_id, added.kind)
        classroom_of = await self._classrooms_of(persons.values(), tx)
        writes = [
            ReplaceOne({"_id": person["_id"]}, people.derive(person, classroom_of), upsert=True)
            for person in persons.values()
        ]
        if writes:
            await self._db.collection("users").bulk_write(writes, ordered=False, session=tx)

    async def _classrooms_of(self, persons: Iterable[Person], tx: Tx) -> dict[str, str]:
        memberships = list({entry for person in persons for entry in person["memberships"]})
        groups = self._db.collection("learner_groups").find(
            {"_id": {"$in": memberships}}, {"classroom_id": 1}, session=tx
        )
        return {group["_id"]: group["classroom_id"] for group in await groups.to_list(None)}

    async def _remove_collections(self, removal: Removal, tx: Tx) -> set[str]:
        """Remove classrooms, with their groups, and groups; returns the ids of all that."""
        groups = set(removal.learner_groups)
        if removal.classrooms:
            inside = self._db.collection("learner_groups").find(
                {"classroom_id": {"$in": removal.classrooms}}, {"_id": 1}, session=tx
            )
            groups |= {row["_id"] for row in await inside.to_list(None)}
        gone = groups | set(removal.classrooms)
        if gone:
            await self._db.collection("learner_groups").bulk_write(
                [DeleteMany({"_id": {"$in": list(groups)}})], session=tx
            )
            await self._db.collection("classrooms").bulk_write(
                [DeleteMany({"_id": {"$in": removal.classrooms}})], session=tx
            )
            unassign = UpdateMany(
                {"collection_ids": {"$in": list(gone)}}, {"$pull": {"collection_ids": {"$in": list(gone)}}}
            )
            for part in _ASSIGNMENTS:
                await self._db.collection(part).bulk_write([unassign], session=tx)
        return gone

    async def _remove_assignments(self, removal: Removal, tx: Tx) -> None:
        for part in _ASSIGNMENTS:
            if ids := getattr(removal, part):
                await self._db.collection(part).bulk_write([DeleteOne({"_id": entry}) for entry in ids], session=tx)


def _listing(kind: RosterKind) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """The collection of a kind, its records in order, and their shape."""
    by_id: list[dict[str, Any]] = [{"$sort": {"_id": 1}}]
    if kind == "memberships":
        return (
            "users",
            [*by_id, {"$unwind": "$memberships"}],
            [{"$project": {"_id": 0, "user_id": "$_id", "collection_id": "$memberships"}}],
        )
    if kind == "roles":
        shape = {"_id": 0, "user_id": "$_id", "collection_id": "$roles.collection_id", "kind": "$roles.kind"}
        return "users", [*by_id, {"$unwind": "$roles"}], [{"$project": shape}]
    fields = {
        "users": ("username", "full_name", "facility_id", "is_superuser"),
        "facilities": ("name",),
        "classrooms": ("name", "facility_id"),
        "learner_groups": ("name", "classroom_id"),
        "lessons": ("title", "collection_ids"),
        "quizzes": ("title", "active", "collection_ids"),
        "course_sessions": ("title", "collection_ids"),
    }[kind]
    return kind, by_id, [{"$project": {"_id": 0, "id": "$_id"} | dict.fromkeys(fields, 1)}]
