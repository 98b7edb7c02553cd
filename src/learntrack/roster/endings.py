"""What a roster ends: of an assignment it is remembered until when it held."""

from collections.abc import Collection
from datetime import datetime

from learntrack.documents import EndedAssignment
from learntrack.documents.roster import Assigned
from learntrack.storage import Database
from learntrack.storage.transactions import Tx


class Endings:
    """The assignments that end with one roster, and those that begin (again).

    Args:
        at: When it is written.

    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._ended: dict[str, EndedAssignment] = {}
        self._begun: set[str] = set()

    def note(self, assigned: Assigned, before: Collection[str]) -> None:
        """Note what has changed of the collections that something was assigned to before."""
        now = set(assigned.collection_ids)
        for entry in now.difference(before):
            key = EndedAssignment.id_of(assigned.id, entry)
            self._begun.add(key)
            self._ended.pop(key, None)
        if (until := assigned.last_open(self.at)) is not None:
            for entry in set(before) - now:
                ended = EndedAssignment.begin(assigned.id, entry, until)
                self._ended[ended.id] = ended

    async def write(self, db: Database, tx: Tx) -> None:
        """Remember what has ended, and no longer what has begun again. Index: the key."""
        if not self._ended and not self._begun:
            return
        ids = [*self._begun, *self._ended]
        stored = {each.id: each for each in await db.load(EndedAssignment, {"_id": {"$in": ids}}, tx)}
        for key, ended in self._ended.items():
            if (known := stored.get(key)) is None:
                stored[key] = ended
            else:
                known.end_again(ended.until)
        if over := [key for key in self._begun if key in stored and key not in self._ended]:
            await db.remove(EndedAssignment, {"_id": {"$in": over}}, tx)
        await db.write([each for key, each in stored.items() if key not in over], tx)
