"""Learner by content: the report `progress`, from summaries."""

from contextlib import suppress

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.documents import ContentSummary
from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.learner_contents import FIELDS, learner_contents, rows_about
from learntrack.reports.parts import Parts, in_order
from learntrack.storage.reading import Reading


async def progress(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report, in its order. A facility's, and everybody's, are read at once; where they would be too
    many to be held, and of others, some hundred learners' at once, who are in the order of their ids.

    The embedded engine, of which alone it is asked, is no cluster.
    """
    of_owners = EVERYBODY.query()
    users = about.members.users
    if about.facility is not None or users is None:
        with suppress(TooMany):
            rows = await rows_about(db, summaries(db, about, FIELDS), about.period, of_owners, MOST_ROWS)
            for part in in_order(rows):
                yield part
            return
    if users is None:
        users = [row["_id"] for row in await db.rows(ContentSummary, [{"$group": {"_id": "$user_id"}}])]
    async for rows in learner_contents(db, Readable(sorted(users)), about.period, lambda _: of_owners):
        for part in in_order(rows):
            yield part
