"""What is written in the transaction in which something of tries fades."""

from collections import Counter
from collections.abc import Mapping, Sequence

from learntrack.documents import ContentSummary, MasteryLog, Touched
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.retention.old import Holder
from learntrack.storage import Database
from learntrack.storage.transactions import Tx


async def summaries_and_mark(db: Database, holders: Sequence[Holder], gone: Mapping[str, int], tx: Tx) -> list[Stored]:
    """The summaries, which count attempts that have gone, and the mark by which reports are computed anew.

    Args:
        db: Where they are.
        holders: Of which something fades; a session without a try has neither.
        gone: How many attempts go, by the holder's id.
        tx: The transaction.

    """
    tries = [holder for holder in holders if isinstance(holder, MasteryLog)]
    if not tries:
        return []
    mark = Touched.by_logs([(log.user_id, log.content_id) for log in tries], moments.now())
    faded: Counter[str] = Counter()
    for log in tries:
        faded[log.summary_id] += gone.get(log.id, 0)
    if not faded.total():
        return [mark]
    query = db.by_ids(ContentSummary, sorted(faded), sorted({log.user_id for log in tries}))
    summaries = await db.load(ContentSummary, query, tx)
    for summary in summaries:
        summary.count_faded(faded[summary.id])
    return [*summaries, mark]
