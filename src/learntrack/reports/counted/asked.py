"""What is counted: whose summaries, and how they are read."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from learntrack.access.may_read import Readable
from learntrack.documents import ContentSummary, LearnerDay
from learntrack.domain.time_zones import UTC_NAME
from learntrack.reports.learner_days import KeptDays
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import SomeFields, Values

BATCH = 300
"""Summaries or sessions a round trip: so many have less than 256 KB, and larger blocks are mapped for themselves
(`serving.memory`), which took 70 ms for a facility's.
"""
_DAYS = 600
"""The same of learner-days."""
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

    `facility` is where they are, where they are all who is there and their logs say so; `is_all`: it is the only one,
    so that nearly all that is stored is theirs. `period` is the condition on a moment. `days` are learner-days that say
    what they did, where they are kept. `timezone` is that of the report's days.
    """

    members: Readable
    facility: str | None
    period: Mapping[str, Any]
    days: KeptDays | None = None
    is_all: bool = False
    timezone: str = UTC_NAME

    def logs(self, fields: Sequence[str], entries: str | None = None) -> SomeFields:
        """What is read of logs that may be others' too where this is about all."""
        is_narrowed = self.is_all and self.facility is not None
        return SomeFields(fields, entries, only=("facility_id", self.facility or "") if is_narrowed else None)

    def parts(
        self, contents: Collection[str] = (), *, where: Mapping[str, Any] | None = None, moment: str | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """The conditions on their logs, one by one, which more may meet.

        A whole facility is one value of an index; where it is the only one the embedded engine reads the collection as
        it lies, in half the time.

        Args:
            contents: Those of which alone something is wanted, where they are few; none says that they are not. Only a
                facility's logs are found by them.
            where: What else they meet.
            moment: The field that lies in the period; it is asked where an index on a facility's covers it.

        """
        if self.facility is None:
            return [{**part.query(), **(where or {})} for part in self.members.in_parts(LEARNERS_AT_ONCE)]
        theirs: Mapping[str, Any] = {"facility_id": self.facility, **(where or {})}
        if 0 < len(contents) <= FEW_CONTENTS:
            return [{**theirs, "content_id": content} for content in sorted(contents)]
        if moment is not None and self.period:
            return [{**theirs, moment: dict(self.period)}]
        return [where or {}] if self.is_all else [theirs]


async def summaries(
    db: Reading,
    about: CountedAbout,
    fields: Sequence[str],
    contents: Collection[str] = (),
    *,
    where: Mapping[str, Any] | None = None,
) -> AsyncGenerator[list[Values], None]:
    """These fields of their summaries, at all contents, or at those that are wanted and perhaps at others, in no order.
    Indexes: facility_content, owner_progress.
    """
    some = about.logs(fields)
    for query in about.parts(contents, where=where):
        async for part in db.parts(ContentSummary, query, some, batch=BATCH):
            yield part


async def learner_days(
    db: Reading, about: CountedAbout, query: Mapping[str, Any], fields: Sequence[str], entries: str | None = None
) -> AsyncGenerator[list[Values], None]:
    """These fields of the learner-days that `KeptDays` asks for, or of each entry of theirs. Index: facility_day."""
    some = about.logs(fields, entries)
    if about.is_all and "$gte" not in query["day"]:
        query = {"day": query["day"]}  # nearly all that there is: read as it lies
    async for part in db.parts(LearnerDay, query, some, batch=_DAYS):
        yield part
