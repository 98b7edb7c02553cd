"""The documents that a group of jobs reads and changes: loaded together, changed in memory, stored together.

All within one transaction on a snapshot, so that what is computed from a document that was read is stored only if
nobody has changed the document meanwhile. Reading and then writing sets of documents, rather than findAndModify one by
one, costs a group as many round trips as a single job (and the embedded engine's findAndModify walks its collection).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from learntrack.documents import AttemptOverflow, ContentSession, ContentSummary, IdempotencyKey, MasteryLog, Touched
from learntrack.documents.holding import HoldsAttempts
from learntrack.documents.learner_days import SETTLED
from learntrack.documents.recording_permits import PermitUse
from learntrack.domain import mastery, moments
from learntrack.domain.attempt_book import AttemptBook
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.attempts import Attempt, newest_first
from learntrack.domain.ids import summary_id
from learntrack.domain.which_try import Tries
from learntrack.storage import Database, TooMuchAtOnce
from learntrack.storage.database import Writable
from learntrack.storage.transactions import Tx
from learntrack.tracking.jobs import Job, StartJob, UpdateJob
from learntrack.tracking.loading import Assignment, LoadedLogs, Loading
from learntrack.tracking.past_assignments import PastAssignment, were_assigned


class UnitOfWork:
    """The documents of a group of jobs.

    Args:
        db: Where they are stored.
        tx: The transaction.
        alone: Whether it is for one job.

    """

    def __init__(self, db: Database, tx: Tx, *, alone: bool = False) -> None:
        self._db = db
        self._tx = tx
        self._load = Loading(db, tx, alone=alone)
        self.keys: dict[str, IdempotencyKey] = {}
        self.sessions: dict[str, ContentSession] = {}
        self.summaries: dict[str, ContentSummary] = {}
        self.logs: dict[str, MasteryLog] = {}
        self._tries: dict[tuple[str, mastery.TryKind], Tries[MasteryLog]] = {}
        self._chunks: dict[str, dict[int, AttemptOverflow]] = {}
        self._older: dict[str, list[Attempt]] = {}
        self._assigned: set[tuple[str, str]] = set()
        self._assigned_then: set[tuple[str, str, datetime]] = set()
        self._owners: dict[str, str | None] = {}
        self._facilities: Mapping[str, str | None] = {}
        self._permits: list[PermitUse] = []
        self.attempts_recorded = 0

    # Loading

    async def load(self, jobs: Sequence[Job]) -> None:
        """Read what these jobs are about.

        Raises:
            TooMuchAtOnce: they have to be done in smaller groups.
            TooLarge: one job alone touches more than a transaction may write.

        """
        starts = [job for job in jobs if isinstance(job, StartJob)]
        updates = [job for job in jobs if isinstance(job, UpdateJob)]
        if keys := [job.key for job in jobs if job.key is not None]:
            ids, whose = {each for key in keys for each in key.ids}, {each for key in keys for each in key.owners}
            self.keys = await self._load.keys(ids, whose)
        if updates:
            ids, owners = {job.session_id for job in updates}, {job.user_id for job in updates}
            self._take(await self._load.sessions(list(ids), list(owners)))
            self._check_order(jobs)
        if signed_in := [job for job in starts if job.user_id is not None]:
            await self._load_summaries(signed_in)
        if delivered := [job for job in starts if job.delivery is not None]:
            chosen_ids = [job.session_id for job in delivered]
            self._owners = await self._load.owners_of(chosen_ids, {job.user_id for job in delivered})
        await self._load_assignments(jobs)
        await self._load_facilities(signed_in)
        await self._load_overflow(starts, updates)

    def _take(self, loaded: LoadedLogs) -> None:
        """Keep what was loaded; the first that was loaded of a document is the one that changes."""
        for session in loaded.sessions:
            self.sessions.setdefault(session.id, session)
        for summary in loaded.summaries:
            self.summaries.setdefault(summary.id, summary)
        for log in loaded.logs:
            self.logs.setdefault(log.id, log)
        for key, tries in loaded.tries.items():
            if tries.first is not None:
                tries.first = self.logs[tries.first.id]
            self._tries[key] = tries

    async def _load_summaries(self, starts: list[StartJob]) -> None:
        owners = {job.user_id for job in starts if job.user_id is not None}
        ids = {summary_id(job.user_id, job.content_id) for job in starts if job.user_id is not None}
        wanted = {
            (summary_id(job.user_id, job.content_id), mastery.try_kind(job.criterion))
            for job in starts
            if job.user_id is not None and job.criterion is not None
        }
        self._take(await self._load.summaries(list(ids), list(owners), wanted))

    async def _load_facilities(self, starts: list[StartJob]) -> None:
        """Learn where those learners are who meet a content for the first time; else its summary knows."""
        new = {
            job.user_id
            for job in starts
            if job.user_id is not None and summary_id(job.user_id, job.content_id) not in self.summaries
        }
        if new:
            self._facilities = await self._load.facilities(new)

    def _check_order(self, jobs: Sequence[Job]) -> None:
        """Check what `may_join` has to take on trust: that no update is about the content of an assessment that starts
        after it. A start whose id is a stored session's does not say what that session is about.

        Raises:
            TooMuchAtOnce: one is.

        """
        updated: set[str | None] = set()
        for job in jobs:
            if isinstance(job, UpdateJob):
                session = self.sessions.get(job.session_id)
                if session is not None and session.mastery_log_id is not None and session.user_id == job.user_id:
                    updated.add(session.summary_id)
                continue
            assessed = updated and job.user_id is not None and job.criterion is not None
            if assessed and summary_id(job.owner, job.content_id) in updated:
                raise TooMuchAtOnce

    def _assignments(self, jobs: Sequence[Job]) -> list[tuple[Job, Assignment]]:
        """What has to be assigned for these jobs: the quiz, lesson or course of a start; an update's quiz still."""
        quizzes = {key: session.context.get("quiz_id") for key, session in self.sessions.items()}
        found: list[tuple[Job, Assignment]] = []
        for job in jobs:
            if isinstance(job, StartJob):
                found += [(job, (each.field, each.id, job.user_id)) for each in job.assigned]
                quizzes.setdefault(job.session_id, job.context.get("quiz_id"))
            elif (quiz := quizzes.get(job.session_id)) is not None:
                found.append((job, ("quiz_id", str(quiz), job.user_id)))
        return found

    async def _load_assignments(self, jobs: Sequence[Job]) -> None:
        if not (asked := self._assignments(jobs)):
            return
        self._assigned = await self._load.assigned({assignment for _, assignment in asked})
        # What is not assigned now may have been when it happened offline.
        past: set[PastAssignment] = {
            (field, entry, user, job.at)
            for job, (field, entry, user) in asked
            if job.delivery is not None and user is not None and (entry, user) not in self._assigned
        }
        if past:
            self._assigned_then = await were_assigned(self._db, self._tx, past)

    async def _load_overflow(self, starts: list[StartJob], updates: list[UpdateJob]) -> None:
        """Of long tries what interactions refer to, and what a start has to show, beyond what is embedded."""
        resumable = {
            start.session_id: self.tries_of(start).first
            for start in starts
            if start.criterion is not None and start.user_id is not None
        }
        for job in updates:
            # A queue's update may follow in the same group the start of its session, which is not stored yet then.
            holder = self.holder_of(job) or resumable.get(job.session_id)
            if holder is None or holder.overflow is None or not job.refers_to_others:
                continue
            look_ups = AttemptBook(holder.attempts, holder.overflow).look_ups(job.interactions or [])
            if look_ups.ids or look_ups.items:
                chunks = self._chunks.setdefault(holder.id, {})
                for chunk in await self._load.chunks(holder, job.user_id, look_ups):
                    chunks.setdefault(chunk.number, chunk)
        for start in starts:
            log = None if start.criterion is None or start.user_id is None else self.tries_of(start).first
            if log is None or log.overflow is None:
                continue
            most = mastery.past_attempts_shown(log.mastery_criterion)
            if most is None or most > len(log.attempts):
                self._older[log.id] = await self._load.older(log, most)

    # Looking

    def holder_of(self, job: UpdateJob) -> ContentSession | MasteryLog | None:
        """What holds the attempts of a job's session: its try, or itself where it has none;
        None if there is no session.
        """
        session = self.sessions.get(job.session_id)
        if session is None or session.mastery_log_id is None:
            return session
        return self.logs.get(session.mastery_log_id)

    def is_taken(self, session_id: str) -> bool:
        """Whether there is a session with this id, whoever's."""
        return session_id in self._owners or session_id in self.sessions

    def is_taken_by(self, session_id: str, user_id: str | None) -> bool:
        """Whether there is a session with this id, and it is this user's."""
        if session_id in self.sessions:
            return self.sessions[session_id].user_id == user_id
        return session_id in self._owners and self._owners[session_id] == user_id

    def is_assigned(self, assigned_id: str, job: Job) -> bool:
        """Whether a quiz (an active one), lesson or course is assigned to the learner, or was when a job happened that
        is delivered later.
        """
        user_id = job.user_id
        if user_id is None:
            return False
        return (assigned_id, user_id) in self._assigned or (assigned_id, user_id, job.at) in self._assigned_then

    def facility_of(self, user_id: str) -> str | None:
        """The facility of a learner who meets a content for the first time; None for who is not on the roster."""
        return self._facilities.get(user_id)

    def tries_of(self, job: StartJob) -> Tries[MasteryLog]:
        """The learner's tries of the kind that is started."""
        assert job.user_id is not None
        assert job.criterion is not None
        key = summary_id(job.user_id, job.content_id), mastery.try_kind(job.criterion)
        return self._tries.setdefault(key, Tries())

    def newest(self, log: MasteryLog, most: int | None) -> list[Attempt]:
        """The newest attempts of a try, newest first: `most` of them, or all."""
        found = {attempt.id: attempt for attempt in self._older.get(log.id, [])}
        for chunk in self._chunks.get(log.id, {}).values():
            found |= {attempt.id: attempt for attempt in chunk.attempts}
        found |= {attempt.id: attempt for attempt in log.attempts}
        return newest_first(found.values())[:most]

    def book(self, holder: HoldsAttempts, limits: AttemptLimits) -> AttemptBook:
        """The attempts of a try or session, to be recorded in; `keep` takes over what has been."""
        return holder.book(limits, [chunk.chunk() for chunk in self._chunks.get(holder.id, {}).values()])

    # Changing

    def keep(self, holder: ContentSession | MasteryLog, book: AttemptBook) -> None:
        """Take over what has been recorded in a book of `holder`."""
        self.attempts_recorded += book.attempt_count - holder.attempt_count
        holder.keep(book)
        chunks = self._chunks.setdefault(holder.id, {})
        for chunk in book.chunks:
            chunks[chunk.number].keep(chunk)
        for chunk in book.new_chunks:
            chunks[chunk.number] = AttemptOverflow.begin(holder, holder.user_id, chunk)

    def add_log(self, job: StartJob, log: MasteryLog) -> None:
        """A new try, which later jobs of the group go on with."""
        self.logs[log.id] = log
        self.tries_of(job).begin(log, log.mastery_level)

    def use_permit(self, user_id: str, at: datetime, visited: ContentSummary) -> None:
        """Store what this user does only if they are not being forgotten.

        Where the visit moves the end of a summary that is stored already, its permit is not needed, as forgetting
        removes that summary: one of the two conflicts. So only who meets a content for the first time pays for it.
        """
        if self._tx is None or not visited.will_change("end_timestamp"):
            self._permits.append(PermitUse(user_id, at))

    # Storing

    async def store(self) -> None:
        """Write all that has changed, and what was touched by that (see `Touched`)."""
        await self._db.write(self._documents(), self._tx)

    def _documents(self) -> Iterator[Writable]:
        yield from self._permits  # first, so that without transactions nothing is stored of who is being forgotten
        yield from self.keys.values()
        yield from self.sessions.values()
        yield from self.summaries.values()
        yield from self.logs.values()
        for chunks in self._chunks.values():
            yield from chunks.values()
        tries = [(log.user_id, log.content_id) for log in self.logs.values() if self._has_changed(log)]
        settled = moments.now() - SETTLED
        sessions = [
            (session.user_id, session.start_timestamp)
            for session in self.sessions.values()
            if session.start_timestamp < settled and session.user_id is not None and session.has_changed
        ]
        if tries or sessions:
            yield Touched.by_logs(tries, moments.now(), sessions)

    def _has_changed(self, log: MasteryLog) -> bool:
        """Whether anything of a try has: an older answer may be another that counts the same."""
        return log.has_changed or any(chunk.has_changed for chunk in self._chunks.get(log.id, {}).values())
