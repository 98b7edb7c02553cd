"""What a start may meet: of somebody who has been forgotten, or nearly, a withdrawn permit or tries without their
summary; on a cluster, somebody else's session with the id that an offline client chose.

None is looked for beforehand, as that would cost every start a round trip, or ask every shard: a start that meets one
of them finds a document that it did not expect, and then this is asked.
"""

from learntrack.documents import ContentSession, ContentSummary, MasteryLog, RecordingPermit
from learntrack.domain.ids import summary_id
from learntrack.storage import Database
from learntrack.storage.transactions import Tx
from learntrack.tracking.jobs import StartJob


async def is_forgotten(db: Database, job: StartJob) -> bool:
    """Whether the user of a start is being forgotten, or was after it happened. Index: the key."""
    if job.user_id is None:
        return False
    row = await db.find_one(RecordingPermit, {"_id": RecordingPermit.id_of(job.user_id)})
    return row is not None and RecordingPermit.read(row).refuses(job.at)


async def is_of_another(db: Database, job: StartJob) -> bool:
    """Whether the session's id, which a client chose, is somebody else's. Index: the key; all shards."""
    if job.delivery is None or not db.capabilities.sharded:
        return False
    row = await db.find_one(ContentSession, {"_id": job.session_id}, {"user_id": 1})
    return row is not None and row["user_id"] != job.user_id


async def give_summary_back(db: Database, job: StartJob) -> bool:
    """Make the summary of a start's tries where they have lost it; whether they had. Index: the key, summary.

    Releases before 0.2 removed summaries first, so that an interrupted forgetting left tries without.
    """
    user_id = job.user_id
    if user_id is None or job.criterion is None:
        return False
    key = summary_id(user_id, job.content_id)

    async def work(tx: Tx) -> bool:
        if await db.load(ContentSummary, db.by_ids(ContentSummary, [key], [user_id]), tx):
            return False
        tries = await db.load(MasteryLog, {"summary_id": key, **db.capabilities.of_owners([user_id])}, tx)
        if not tries:
            return False
        summary = ContentSummary.begin(
            user_id=user_id,
            content_id=job.content_id,
            facility_id=tries[0].facility_id,
            channel_id=job.channel_id,
            kind=job.kind,
            at=job.at,
        )
        summary.count_tries(tries)
        summary.change(
            time_spent=sum(each.time_spent for each in tries),
            start_timestamp=min(each.start_timestamp for each in tries),
        )
        await db.write([summary], tx)
        return True

    return await db.transaction(work)
