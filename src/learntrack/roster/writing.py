"""Writing a roster: what is sent becomes changes of the documents, all within one transaction."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from learntrack.documents import (
    Classroom,
    Content,
    CourseSession,
    Facility,
    FormerEntry,
    LearnerGroup,
    Lesson,
    Quiz,
    Touched,
    User,
)
from learntrack.documents.base import Stored
from learntrack.documents.recording_permits import RecordingPermit
from learntrack.documents.roster import Assigned, Role
from learntrack.domain.portions import portions
from learntrack.errors import BeingForgotten, InvalidFields, field_error
from learntrack.roster.checks import too_few
from learntrack.roster.endings import Endings
from learntrack.roster.records import MembershipRecord, Record, RoleRecord
from learntrack.roster.references import dangling
from learntrack.roster.schemas import Removal, Roster
from learntrack.storage import Database
from learntrack.storage.transactions import Tx

PLACES: dict[str, type[Stored]] = {
    "facilities": Facility,
    "classrooms": Classroom,
    "learner_groups": LearnerGroup,
}
ASSIGNMENTS: dict[str, type[Lesson | Quiz | CourseSession]] = {
    "lessons": Lesson,
    "quizzes": Quiz,
    "course_sessions": CourseSession,
}

Removable = Lesson | Quiz | CourseSession | Classroom | LearnerGroup

D = TypeVar("D", bound=Stored)

_PORTION, _PORTION_ENTRIES = 1000, 5000
"""Records that are changed, or written in one command, before others have their turn; and entries of their lists."""


class RosterWriting:
    """Writes one roster.

    Args:
        db: Where to.
        tx: The transaction.
        at: When it is written: what ends with it ended then.

    """

    def __init__(self, db: Database, tx: Tx, at: datetime) -> None:
        self._db = db
        self._tx = tx
        self._at = at
        self._endings = Endings(at)

    async def write(self, roster: Roster) -> None:
        """Add, change and remove records.

        Raises:
            InvalidFields: a record refers to something that is neither in the roster that is sent nor in the stored
            one.

        """
        removal = roster.remove or Removal()
        gone = await self._remove_places(removal)
        if errors := await dangling(self._db, roster, gone, self._tx):
            raise InvalidFields(errors)
        moved = await self._moved_groups(roster)
        for part, kind in (PLACES | ASSIGNMENTS | {"contents": Content}).items():
            await self._write_part(part, kind, getattr(roster, part))
        await self._write_people(roster, removal, gone, moved)
        for part, kind in ASSIGNMENTS.items():
            await self._remove(kind, getattr(removal, part))
        await self._endings.write(self._db, self._tx)

    async def _moved_groups(self, roster: Roster) -> set[str]:
        """The groups that change their classroom."""
        classroom_of = {group.id: group.classroom_id for group in roster.learner_groups}
        stored = await self._by_id(LearnerGroup, classroom_of)
        return {group.id for group in stored.values() if group.classroom_id != classroom_of[group.id]}

    async def _write_part(self, part: str, kind: type[Stored], records: Sequence[Record]) -> None:
        """Write the records of a part; others have their turn between two portions."""
        documents = await self._by_id(kind, [record.id for record in records])
        number = 0
        for portion in portions(records, _entries, most=_PORTION, most_size=_PORTION_ENTRIES):
            for record in portion:
                self._change(documents, kind, record, f"{part}[{number}]")
                number += 1
            await asyncio.sleep(0)
        sent = {record.id: _entries(record) for record in records}
        changed = list(documents.values())
        for some in portions(changed, lambda each: sent[each.id], most=_PORTION, most_size=_PORTION_ENTRIES):
            await self._db.write(some, self._tx)

    def _change(self, documents: dict[str, Stored], kind: type[Stored], record: Record, place: str) -> None:
        """Change the record's document, or begin one."""
        document = documents.get(record.id)
        if document is None:
            document = documents[record.id] = kind.new(id=record.id, **record.complete())
            if isinstance(document, Assigned):
                self._endings.note(document, ())
        elif isinstance(document, Assigned):
            before = document.collection_ids
            document.rewrite(record.sent(), self._at)
            self._endings.note(document, before)
        else:
            document.change(**record.sent())
        if isinstance(document, (Quiz, Content)) and too_few(document.question_count, document.questions):
            raise field_error(f"{place}.question_count", "There are more questions than that.")

    async def _write_people(self, roster: Roster, removal: Removal, gone: set[str], moved: set[str]) -> None:
        users = await self._affected(roster, removal, gone, moved)
        await self._use_permits(roster, users)
        facilities = {user.id: user.facility_id for user in users.values()}
        for record in roster.users:
            user = users.get(record.id)
            if user is None:
                users[record.id] = User.begin(record.id, **record.complete())
            else:
                user.rewrite(record.sent(), self._at)
        for user in users.values():
            user.leave(gone, self._at)
        # Whoever is sent or named for an addition is there; what is to be removed may be of nobody.
        for ended in removal.memberships:
            if ended.user_id in users:
                users[ended.user_id].end_membership(ended.collection_id)
        for ended_role in removal.roles:
            if ended_role.user_id in users:
                users[ended_role.user_id].end_role(_role(ended_role), self._at)
        for membership in roster.memberships:
            users[membership.user_id].join(membership.collection_id)
        for role in roster.roles:
            users[role.user_id].take_role(_role(role))
        groups = await self._by_id(LearnerGroup, {entry for user in users.values() for entry in user.memberships})
        classroom_of = {group.id: group.classroom_id for group in groups.values()}
        for user in users.values():
            user.settle(classroom_of, self._at)
        came = [user.id for user in users.values() if facilities.get(user.id) != user.facility_id]
        touched = [Touched.by_moving(came, self._at)] if came else []
        await self._db.write([*users.values(), *touched], self._tx)

    async def _use_permits(self, roster: Roster, stored: Collection[str]) -> None:
        """Let nobody come back who is being forgotten, or has been just now. Whoever is stored still goes with the
        rest.

        Raises:
            BeingForgotten: somebody would.

        """
        new = {record.id: f"users[{number}]" for number, record in enumerate(roster.users) if record.id not in stored}
        if not new:
            return
        query = {"_id": {"$in": [RecordingPermit.id_of(user) for user in new]}}
        permits = {permit.id: permit for permit in await self._db.load(RecordingPermit, query, self._tx)}
        for user, place in new.items():
            permit = permits.setdefault(RecordingPermit.id_of(user), RecordingPermit.begin(user))
            if permit.refuses(self._at):
                raise BeingForgotten(user, place)
            permit.use_for_entry(self._at)
        await self._db.write(permits.values(), self._tx)

    async def _affected(self, roster: Roster, removal: Removal, gone: set[str], moved: set[str]) -> dict[str, User]:
        """The stored users whom a roster names, or who are in a place that goes or moves."""
        naming: tuple[MembershipRecord | RoleRecord, ...] = (
            *roster.memberships,
            *roster.roles,
            *removal.memberships,
            *removal.roles,
        )
        named = {record.id for record in roster.users} | {record.user_id for record in naming}
        users: dict[str, User] = {}
        # One look-up each, by an index each; together in an `$or` one without a match would cost a scan.
        for field, ids in (("_id", named), ("places", gone | moved), ("role_places", gone)):
            if ids:
                stored = await self._db.load(User, {field: {"$in": list(ids)}}, self._tx)
                users |= {user.id: user for user in stored}
        return users

    async def _remove_places(self, removal: Removal) -> set[str]:
        """Remove classrooms, with their groups, and groups; returns the ids of all that."""
        groups = set(removal.learner_groups)
        if removal.classrooms:
            inside = await self._db.load(LearnerGroup, {"classroom_id": {"$in": removal.classrooms}}, self._tx)
            groups |= {group.id for group in inside}
        gone = groups | set(removal.classrooms)
        if gone:
            for kind in ASSIGNMENTS.values():
                assigned = await self._db.load(kind, {"collection_ids": {"$in": list(gone)}}, self._tx)
                for each in assigned:
                    self._unassign(each, gone)
                await self._db.write(assigned, self._tx)
            await self._remove(LearnerGroup, groups)
            await self._remove(Classroom, removal.classrooms)
        return gone

    def _unassign(self, assigned: Assigned, collections: Collection[str]) -> None:
        before = assigned.collection_ids
        assigned.unassign(collections)
        self._endings.note(assigned, before)

    async def _remove(self, kind: type[Removable], ids: Collection[str]) -> None:
        going = list((await self._by_id(kind, ids)).values())
        if not going:
            return
        for each in going:
            if isinstance(each, Assigned):
                self._unassign(each, each.collection_ids)
        named: dict[str, object] = {"_id": {"$in": [each.id for each in going]}}
        await self._db.remove(FormerEntry, named, self._tx)  # of one that was removed before and came back
        await self._db.write([_remembered(each) for each in going], self._tx)
        await self._db.remove(kind, named, self._tx)

    async def _by_id(self, kind: type[D], ids: Collection[str]) -> dict[str, D]:
        if not ids:
            return {}
        return {document.id: document for document in await self._db.load(kind, {"_id": {"$in": list(ids)}}, self._tx)}


def _entries(record: Record) -> int:
    return record.entries


def _role(record: RoleRecord) -> Role:
    return Role(collection_id=record.collection_id, kind=record.kind)


def _remembered(entry: Removable) -> FormerEntry:
    """What stays of an entry that goes, so that what was recorded of it keeps its name."""
    if isinstance(entry, (Classroom, LearnerGroup)):
        return FormerEntry.begin(entry.id, entry.collection(), entry.name)
    if isinstance(entry, Quiz):
        return FormerEntry.begin(
            entry.id, entry.collection(), entry.title, question_count=entry.question_count, questions=entry.questions
        )
    return FormerEntry.begin(entry.id, entry.collection(), entry.title)
