"""Recording progress: starting and updating sessions, live or as an offline client's queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from prometheus_client import Counter

from learntrack.access.actor import Actor
from learntrack.domain import moments
from learntrack.domain.attempt_limits import AttemptLimits
from learntrack.domain.ids import is_id, new_id, parse_id, summary_id
from learntrack.errors import Forgotten, NotFound, Refusal, kept_without_frames
from learntrack.settings import Settings
from learntrack.storage import Database, DatabaseBusy, TooMuchAtOnce
from learntrack.storage.group_commit import GROUP_BYTES, GroupCommit, Stored
from learntrack.storage.shard_ranges import range_of
from learntrack.storage.transactions import Tx, Work
from learntrack.tracking import left_behind, recording
from learntrack.tracking.idempotency import KeyScope, Running, request_key
from learntrack.tracking.jobs import Job, StartJob, UpdateJob, may_join, size_of
from learntrack.tracking.kept_answers import KEPT_MOST, KEPT_OF_ITEM, answered_again, kept_of
from learntrack.tracking.requests import start_job, update_job
from learntrack.tracking.schemas import JsonObject, SessionStart, SessionStarted, SessionUpdate, SessionUpdated
from learntrack.tracking.unit_of_work import UnitOfWork
from learntrack.web.answers import encoded
from learntrack.web.bodies import aside

_STARTED = Counter("learntrack_sessions_started", "Content sessions started.")
_UPDATED = Counter("learntrack_sessions_updated", "Updates of content sessions recorded.")
_ATTEMPTS = Counter("learntrack_attempts_recorded", "New attempts recorded.")


@dataclass(slots=True, frozen=True)
class Recorded:
    """What a request led to; `replayed`: at its first sending, and `body` is the JSON of then."""

    body: SessionStarted | SessionUpdated | bytes
    replayed: bool = False
    attempts_recorded: int = 0


class Tracking:
    """The write path.

    Args:
        db: Where everything is stored.
        settings: The limits.
        clock: Tells the present moment.

    """

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], datetime] = moments.now) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._limits = AttemptLimits(settings.max_attempt_interactions, settings.max_attempt_bytes)
        self._keys_kept = timedelta(hours=settings.idempotency_hours)
        self._delivered_kept = self._keys_kept + timedelta(days=settings.max_occurred_days)
        self._running = Running()
        # A line for each shard, so that no group spans several and has to be committed on each.
        self._lines: list[GroupCommit[Job, Recorded]] = [
            GroupCommit(self._do, size=size_of, may_join=may_join, patience=db.patience)
            for _ in range(settings.shards if db.capabilities.sharded else 1)
        ]

    async def start(
        self, start: SessionStart, *, by: Actor, visitor_id: str | None = None, key: str | None = None
    ) -> Recorded:
        """Start a session and say where the learner left off.

        Raises:
            InvalidFields: the fields do not go together, or the lesson or course is not assigned to the caller.
            Forbidden: a quiz, lesson or course that the caller may not take, or a finished coach-assigned quiz.
            StillRunning, KeyReused: what the key says of an earlier sending.

        """
        visitor = parse_id(visitor_id) if is_id(visitor_id) and visitor_id is not None else None
        job = start_job(
            start,
            session_id=new_id(),
            user_id=by.user_id,
            visitor_id=visitor,
            at=self._clock(),
            key=request_key(key, scope=_starter(by, visitor), kind="start", body=start),
        )
        return await self._once(job)

    async def update(
        self, session_id: str, change: SessionUpdate, *, by: Actor, key: str | None = None, large: bool = False
    ) -> Recorded:
        """Record what the learner did since the last update; all of it or nothing.

        A `large` one is looked at aside.

        Raises:
            InvalidFields: a field is wrong, or an interaction's id is not an attempt of this try.
            NotFound: there is no such session, or it is somebody else's: the two must not be told apart.
            Forbidden: the quiz is no longer the caller's to take, or is finished.
            TooLarge: an attempt would grow beyond what is stored of one attempt.
            StillRunning, KeyReused: what the key says of an earlier sending.

        """
        checked = partial(update_job, session_id, change, self._settings, user_id=by.user_id, at=self._clock(), key=key)
        return await self._once(await aside(checked) if large else checked())

    def now(self) -> datetime:
        """The present moment."""
        return self._clock()

    def enqueue(self, job: Job, *, after: Any = None) -> Any:
        """Put a job of many in the line beside the live one; returns a future of its answer. No time limit.

        `after` is the future of the one before it: where that cannot be stored just now, this one is not stored either.
        """
        return self._line_of(job).enqueue(job, bulk=True, after=after)

    def _line_of(self, job: Job) -> GroupCommit[Job, Recorded]:
        return self._lines[range_of(job.user_id, len(self._lines)) if len(self._lines) > 1 else 0]

    async def _once(self, job: Job) -> Recorded:
        if job.key is None:
            return await self._line_of(job).submit(job)
        self._running.enter(job.key)
        try:
            return await self._line_of(job).submit(job)
        finally:
            self._running.leave(job.key)

    async def _do(self, jobs: Sequence[Job], stored: Stored[Recorded, Job]) -> None:
        """Do a group of jobs in one transaction, and then those that `stored` returns."""
        helped: StartJob | None = None  # once is enough: who forgets at the same time would be helped without end

        def then(outcomes: list[Recorded | Exception]) -> Work[list[Recorded | Exception]] | None:
            nonlocal jobs
            done, jobs = jobs, stored(outcomes)
            _count(done, outcomes)
            return partial(self._group, jobs) if jobs else None

        while jobs:
            try:
                await self._db.transactions(partial(self._group, jobs), then)
            except DatabaseBusy:
                only = jobs[0]
                if len(jobs) > 1 or not isinstance(only, StartJob) or only is helped:
                    raise
                if (refused := await self._never(only)) is not None:
                    then([refused])
                elif await left_behind.give_summary_back(self._db, only):
                    helped = only
                else:
                    raise

    async def _group(self, jobs: Sequence[Job], tx: Tx) -> list[Recorded | Exception]:
        unit = UnitOfWork(self._db, tx, alone=len(jobs) == 1)
        await unit.load(jobs)
        outcomes = self._outcomes(jobs, unit)
        await unit.store()
        return outcomes

    async def _never(self, start: StartJob) -> Refusal | None:
        """Why a start that could not be stored never can be, if that is so."""
        if await left_behind.is_forgotten(self._db, start):
            return Forgotten()
        if await left_behind.is_of_another(self._db, start):
            return NotFound(recording.NO_SESSION)
        return None

    def _outcomes(self, jobs: Sequence[Job], unit: UnitOfWork) -> list[Recorded | Exception]:
        """The outcome of each job, with keys that are stored with it: few bytes may lead to many of an answer.

        Raises:
            TooMuchAtOnce: all of their answers together are more than one transaction may write.

        """
        outcomes: list[Recorded | Exception] = []
        size = 0
        for job in jobs:
            outcome = self._outcome(job, unit)
            outcomes.append(outcome)
            if isinstance(outcome, Recorded) and isinstance(outcome.body, bytes):
                size += len(outcome.body)
            if len(jobs) > 1 and size > GROUP_BYTES:
                raise TooMuchAtOnce
        return outcomes

    def _outcome(self, job: Job, unit: UnitOfWork) -> Recorded | Exception:
        try:
            if job.key is not None and (first := job.key.answer_in(unit.keys)) is not None:
                return Recorded(answered_again(first, _extra_fields(job, unit)), replayed=True)
            before = unit.attempts_recorded
            answer = (
                recording.start(job, unit) if isinstance(job, StartJob) else recording.update(job, unit, self._limits)
            )
        except Refusal as refusal:
            return kept_without_frames(refusal)
        if job.delivery is not None and job.delivery.corrected:
            answer.occurred_at = job.at
        recorded = unit.attempts_recorded - before
        if job.key is None:
            return Recorded(answer, attempts_recorded=recorded)
        body = encoded(answer)
        kept = kept_of(answer, body, KEPT_MOST if job.delivery is None else KEPT_OF_ITEM)
        unit.keys[job.key.id] = job.key.answered(kept, self._clock() + self._kept(job))
        return Recorded(body, attempts_recorded=recorded)

    def _kept(self, job: Job) -> timedelta:
        """How long a job's key is kept: that of an update from a queue for as long as it may be sent again, since its
        device may have lost the answer and be away for weeks. A start's is not needed for that: its session's id is
        the client's own, and cannot be used twice.
        """
        return self._delivered_kept if isinstance(job, UpdateJob) and job.delivery is not None else self._keys_kept


def _starter(by: Actor, visitor: str | None) -> KeyScope | None:
    """Whose the key of a start is; nobody's where there is neither a user nor a visitor to keep it for."""
    if by.user_id is not None:
        return KeyScope("user", by.user_id)
    return None if visitor is None else KeyScope("visitor", visitor)


def _extra_fields(job: Job, unit: UnitOfWork) -> JsonObject | None:
    """What a learner's start finds stored with the content."""
    if not isinstance(job, StartJob) or job.user_id is None:
        return None
    summary = unit.summaries.get(summary_id(job.user_id, job.content_id))
    return {} if summary is None else summary.extra_fields


def _count(jobs: Sequence[Job], outcomes: Sequence[Recorded | Exception]) -> None:
    """Count what has been stored, for the metrics."""
    for job, outcome in zip(jobs, outcomes, strict=True):
        if isinstance(outcome, Recorded) and not outcome.replayed:
            (_STARTED if isinstance(job, StartJob) else _UPDATED).inc()
            _ATTEMPTS.inc(outcome.attempts_recorded)
