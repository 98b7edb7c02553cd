"""Imported documents beside those that are stored: the first import stores them, a later one adds what is new in the
source. What was recorded here meanwhile stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from learntrack.documents import (
    AttemptOverflow,
    ContentSession,
    ContentSummary,
    MasteryLog,
    Touched,
)
from learntrack.documents.base import Stored
from learntrack.documents.recording_permits import PermitUse
from learntrack.documents.try_numbers import CountedTry
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.importing.dividing import Log, Part
from learntrack.importing.holding import hold
from learntrack.importing.stored_logs import L, StoredLogs
from learntrack.storage import Database
from learntrack.storage.database import Writable
from learntrack.storage.transactions import Tx

Outcome = tuple[str, str, str]
"""Collection, id, and what became of a document: new, updated, unchanged, `NOT_OURS`, or `FORGOTTEN`."""

NOT_OURS = "its id belongs to somebody else here"
FORGOTTEN = "its person is being forgotten, or has been since the import began"


class Merging:
    """What a transaction does with parts of a source: reads what is stored of them, changes it, writes it.

    Args:
        db: Where it is stored.
        tx: The transaction.
        at: When the import began.

    """

    def __init__(self, db: Database, tx: Tx, at: datetime) -> None:
        self._stored = StoredLogs(db, tx)
        self._at = at
        self._summaries: dict[str, ContentSummary] = {}
        self._tries: dict[str, MasteryLog] = {}
        self._sessions: dict[str, ContentSession] = {}
        self._visits: set[tuple[str, datetime]] = set()
        self._chunks: list[AttemptOverflow] = []
        self.outcomes: list[Outcome] = []

    async def take_over(self, parts: Sequence[Part]) -> None:
        """Take over these parts, but for those of people who are being forgotten; nothing is written yet."""
        owners = {part.document.user_id for part in parts if part.document.user_id is not None}
        forgotten = await self._stored.forgotten(owners, self._at)
        left_out = [part for part in parts if part.document.user_id in forgotten]
        parts = [part for part in parts if part.document.user_id not in forgotten]
        for part in left_out:
            if part.is_first:
                self.outcomes.append((part.document.collection(), part.document.id, FORGOTTEN))
        await self._take_over(ContentSummary, parts, self._summaries)
        await self._take_over(MasteryLog, parts, self._tries)
        await self._take_over(ContentSession, parts, self._sessions)
        await self._count_tries()
        await self._place()

    def documents(self) -> Iterator[Writable]:
        """All that may have to be written, and what is touched by that; of each whose it is first the permit."""
        changed = [*self._summaries.values(), *self._tries.values(), *self._sessions.values()]
        for user in sorted({each.user_id for each in changed if each.user_id is not None}):
            yield PermitUse(user, self._at)
        yield from self._summaries.values()
        yield from self._tries.values()
        yield from self._sessions.values()
        yield from self._chunks
        tries = [(log.user_id, log.content_id) for log in self._tries.values()]
        if tries or self._visits:
            yield Touched.by_logs(tries, moments.now(), sorted(self._visits))

    async def _take_over(self, kind: type[L], parts: Sequence[Part], changed: dict[str, L]) -> None:
        """Take over the parts of one kind of document; `changed` gets what is to be written."""
        of_kind = [(part, part.document) for part in parts if isinstance(part.document, kind)]
        marks = await self._stored.marks(kind, [document.id for _, document in of_kind])
        different = [
            document.id
            for part, document in of_kind
            if document.id in marks and marks[document.id] != (document.user_id, part.digest)
        ]
        stored = await self._stored.whole(kind, different)
        for part, document in of_kind:
            outcome = "unchanged"
            if document.id not in marks:
                outcome = "new"
                changed[document.id] = document
                document.came_from(part.imported)
                self._chunks += hold(part)
            elif document.user_id != marks[document.id][0]:
                outcome = NOT_OURS
            elif document.id in stored:
                outcome = "updated"
                mine = changed[document.id] = stored[document.id]
                self._note(mine)
                mine.take_over(document, part.imported)
                await self._hold(mine, part)
            if document.id in changed:
                self._note(changed[document.id])
            if part.is_first:
                self.outcomes.append((kind.collection(), document.id, outcome))

    def _note(self, document: Stored) -> None:
        """Remember of a visit when it began, before and after it has changed: its day is to be computed anew."""
        if isinstance(document, ContentSession) and document.user_id is not None:
            self._visits.add((document.user_id, document.start_timestamp))

    async def _hold(self, document: Stored, part: Part) -> None:
        """Take the attempts of a part over into a document that has some already."""
        if not isinstance(document, (MasteryLog, ContentSession)):
            return
        chunks: Mapping[int, AttemptOverflow] = {}
        if document.overflow is not None:
            chunks = await self._stored.chunks(document, document.user_id)
        book = document.book(AttemptLimits(), [chunk.chunk() for chunk in chunks.values()])
        attempts = part.attempts
        if document.faded is not None and document.overflow is not None:
            # What has faded is counted already; what is newer has never been here.
            attempts = [each for each in attempts if each.start_timestamp > document.overflow.newest_start]
        book.take_over(attempts, size=part.size)
        document.keep(book)
        for chunk in book.chunks:
            if chunk.changed:
                chunks[chunk.number].keep(chunk)
                self._chunks.append(chunks[chunk.number])
        self._chunks += [AttemptOverflow.begin(document, document.user_id, chunk) for chunk in book.new_chunks]

    async def _count_tries(self) -> None:
        """Count the tries of every summary of which one is new or has changed: some may have been made here, some
        there.
        """
        owners = {log.summary_id for log in self._tries.values()}
        stored = await self._stored.whole(ContentSummary, owners - self._summaries.keys())
        self._summaries |= stored
        known = {key for key in owners & self._summaries.keys() if not self._summaries[key].is_new}
        tries: dict[str, dict[str, CountedTry]] = await self._stored.tries(known)
        for log in self._tries.values():
            tries.setdefault(log.summary_id, {})[log.id] = log
        for key, counted in tries.items():
            if key in self._summaries:
                self._summaries[key].count_tries(list(counted.values()))

    async def _place(self) -> None:
        """Say which facility the learners are in."""
        logs: list[Log] = [*self._summaries.values(), *self._tries.values(), *self._sessions.values()]
        facilities = await self._stored.facilities({log.user_id for log in logs if log.user_id is not None})
        for log in logs:
            if log.is_new:
                log.belongs_to(None if log.user_id is None else facilities.get(log.user_id))
        holders: dict[str, Log] = {log.id: log for log in logs}
        for chunk in self._chunks:
            if chunk.is_new:
                chunk.belongs_to(holders[chunk.holder_id].facility_id)
