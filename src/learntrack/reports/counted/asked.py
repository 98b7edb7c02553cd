"""What is counted: whose summaries, and how they are read."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from learntrack.access.may_read import Readable
from learntrack.documents import ContentSummary
from learntrack.reports.learner_days import KeptDays
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import SomeFields, Values

BATCH = 300
LEARNERS_AT_ONCE = 200
"""For a thousand at once the embedded engine takes more than twice as long as for these, five times."""
FEW_CONTENTS = 100
"""So many are asked for one by one."""
MOST_ROWS = 60_000
"""Rows that are held here at once; of more the engine is asked."""


class TooMany(Exception):
    """What would have to be held here is more than `MOST_ROWS`."""


class CountedAbout(Struct, frozen=True):
    """Whom and when a report is about, all contents of theirs.

    `facility` is where they are, where they are all who is there and their logs say so. `period` is the condition on a
    moment. `days` are learner-days that say what they did, where they are kept.
    """

    members: Readable
    facility: str | None
    period: Mapping[str, Any]
    days: KeptDays | None = None

    def parts(self, contents: Collection[str] = ()) -> Sequence[Mapping[str, Any]]:
        """The conditions on their logs, one by one: a whole facility is one value of an index.

        Args:
            contents: Those of which alone something is wanted, where they are few; none says that they are not. Only a
                facility's logs are found by them.

        """
        if self.facility is None:
            return [part.query() for part in self.members.in_parts(LEARNERS_AT_ONCE)]
        theirs = {"facility_id": self.facility}
        if 0 < len(contents) <= FEW_CONTENTS:
            return [theirs | {"content_id": content} for content in sorted(contents)]
        return [theirs]


async def summaries(
    db: Reading, about: CountedAbout, fields: Sequence[str], contents: Collection[str] = ()
) -> AsyncGenerator[list[Values], None]:
    """These fields of their summaries, at all contents, or at those that are wanted and perhaps at others, in no order.
    Indexes: facility_content, owner_progress.
    """
    some = SomeFields(fields)
    for query in about.parts(contents):
        async for part in db.parts(ContentSummary, query, some, batch=BATCH):
            yield part
