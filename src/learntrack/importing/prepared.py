"""What a transaction stores, as it is stored where nothing of it is there yet: BSON, which another process may have
made, and which the driver hands on as it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.importing.dividing import Batch, Log, Part
from learntrack.importing.holding import hold

_KINDS: Mapping[str, type[ContentSummary] | type[MasteryLog] | type[ContentSession]] = {
    kind.collection(): kind for kind in (ContentSummary, MasteryLog, ContentSession)
}


class PreparedPart(NamedTuple):
    """A `Part` whose document is written down, and what has to be known of it without reading that.

    `chunks` are those of its attempts that the document does not hold. A tuple, because there is one a document, and a
    dataclass takes three times as long to the other process and back.
    """

    collection: str
    id: str
    user_id: str | None
    content_id: str
    began: datetime
    digest: str
    row: bytes
    chunks: Sequence[bytes]
    size: int
    is_first: bool

    def read(self) -> Part:
        """The part."""
        document: Log = _KINDS[self.collection].from_bson(self.row)
        assert document.imported is not None
        attempts = [*document.attempts] if isinstance(document, (MasteryLog, ContentSession)) else []
        for chunk in self.chunks:
            attempts += AttemptOverflow.from_bson(chunk).attempts
        attempts.sort(key=lambda attempt: attempt.number)
        began: Log = document.as_it_began()
        return Part(began, attempts, document.imported, self.digest, self.size, self.is_first)


@dataclass(slots=True, frozen=True)
class PreparedBatch:
    """What one transaction stores; `rows` of the source are dealt with by it.

    `facilities` are those that the learners were thought to be in. `is_whole`: where none of it is stored yet, it can
    be stored as it is, since it has every document from its first part on, and with each try its summary.
    """

    parts: Sequence[PreparedPart]
    facilities: Mapping[str, str | None]
    is_whole: bool
    rows: int

    def ids(self) -> dict[type[Stored], list[str]]:
        """The ids of its documents, by their kind."""
        found: dict[type[Stored], list[str]] = defaultdict(list)
        for part in self.parts:
            found[_KINDS[part.collection]].append(part.id)
        return found

    def documents(self) -> dict[type[Stored], list[bytes]]:
        """Its documents as they are stored, by their kind."""
        found: dict[type[Stored], list[bytes]] = defaultdict(list)
        for part in self.parts:
            found[_KINDS[part.collection]].append(part.row)
            if part.chunks:
                found[AttemptOverflow] += part.chunks
        return found

    def tries(self) -> Iterable[tuple[str, str]]:
        """User and content of its tries."""
        name = MasteryLog.collection()
        return [(part.user_id, part.content_id) for part in self.parts if part.collection == name and part.user_id]

    def visits(self) -> Iterable[tuple[str, datetime]]:
        """User and beginning of its sessions."""
        name = ContentSession.collection()
        return {(part.user_id, part.began) for part in self.parts if part.collection == name and part.user_id}


def prepared(batch: Batch, facilities: Mapping[str, str | None]) -> PreparedBatch:
    """Write a batch down. Its documents hold their attempts afterwards, and its summaries count their tries.

    Args:
        batch: What is to be stored.
        facilities: In which facility each learner is.

    """
    summaries = {part.document.id: part.document for part in batch.parts if isinstance(part.document, ContentSummary)}
    tries: dict[str, list[MasteryLog]] = defaultdict(list)
    made: list[Part | PreparedPart] = []
    for part in batch.parts:
        document = part.document
        document.came_from(part.imported)
        document.belongs_to(None if document.user_id is None else facilities.get(document.user_id))
        # A summary is written down once it has counted its tries, these while they are at hand.
        made.append(part if isinstance(document, ContentSummary) else _written(part, hold(part)))
        if isinstance(document, MasteryLog):
            tries[document.summary_id].append(document)
    for key in tries.keys() & summaries.keys():
        summaries[key].count_tries(tries[key])
    users = {part.document.user_id for part in batch.parts if part.document.user_id is not None}
    return PreparedBatch(
        [_written(each, ()) if isinstance(each, Part) else each for each in made],
        {user: facilities.get(user) for user in users},
        tries.keys() <= summaries.keys() and all(part.is_first for part in batch.parts),
        batch.rows,
    )


def _written(part: Part, chunks: Sequence[AttemptOverflow]) -> PreparedPart:
    document = part.document
    return PreparedPart(
        document.collection(),
        document.id,
        document.user_id,
        document.content_id,
        document.start_timestamp,
        part.digest,
        document.as_bson(),
        [chunk.as_bson() for chunk in chunks],
        part.size,
        part.is_first,
    )
