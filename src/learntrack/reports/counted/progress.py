"""Learner by content: the report `progress`, from summaries."""

from operator import itemgetter

from learntrack.access.may_read import EVERYBODY, Readable
from learntrack.reports.counted.asked import CountedAbout
from learntrack.reports.learner_contents import learner_contents
from learntrack.reports.parts import Parts, in_parts
from learntrack.storage.reading import Reading


async def progress(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report, in its order: the learners, who are some hundred at once, are in the order of their ids.

    The embedded engine, of which alone it is asked, is no cluster.
    """
    members = Readable(sorted(about.members.users or ()))
    async for rows in learner_contents(db, members, about.period, lambda _: EVERYBODY.query()):
        rows.sort(key=itemgetter(0, 1))
        for part in in_parts(rows):
            yield part
