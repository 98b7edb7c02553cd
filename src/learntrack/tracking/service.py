"""Recording progress: one use case a method, one transaction each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from pymongo import ReturnDocument

from learntrack.access.actor import Actor
from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import mastery, progress, times
from learntrack.domain.attempt_book import AttemptLimits
from learntrack.domain.attempts import Attempt, Interaction
from learntrack.domain.ids import is_id, new_id, parse_id, summary_id, try_id
from learntrack.operations.problems import Forbidden, NotFound, QuizFinished, field_error
from learntrack.roster.assignments import is_assigned
from learntrack.settings import Settings
from learntrack.storage import Database
from learntrack.storage.database import Row, Session
from learntrack.tracking import attempt_store, updates
from learntrack.tracking.checks import check_start, check_update, required
from learntrack.tracking.schemas import AttemptView, SessionContext, SessionStart, SessionStarted, SessionUpdate, SessionUpdated

_VIEW = AttemptView.__struct_fields__


@dataclass(slots=True, frozen=True)
class Visit:
    """What a start is about: the content, the criterion if it is an assessment, and the context to be kept."""

    content_id: str
    channel_id: str | None
    kind: str
    criterion: mastery.Criterion | None
    context: dict[str, str | int]
    repeat: bool


class Tracking:
    """The write path.

    Args:
        db: Where everything is stored.
        settings: The limits.
        clock: Tells the present moment.

    """

    def __init__(self, db: Database, settings: Settings, clock: Callable[[], datetime] = times.now) -> None:
        self._db = db
        self._settings = settings
        self._clock = clock
        self._limits = AttemptLimits(settings.max_attempt_interactions, settings.max_attempt_bytes)

    async def start(self, start: SessionStart, *, by: Actor, visitor_id: str | None = None) -> SessionStarted:
        """Start a session and say where the learner left off.

        Raises:
            InvalidFields: the fields do not go together, or the lesson or course is not assigned to the caller.
            Forbidden: a quiz, lesson or course that the caller may not take, or a finished coach-assigned quiz.

        """
        check_start(start)
        visit = await self._visit(start, by)
        at = self._clock()
        if by.user_id is None:
            return await self._start_anonymous(visit, visitor_id, at)
        user_id = by.user_id

        async def work(tx: Session) -> SessionStarted:
            return await self._start(visit, user_id, at, tx)

        return await self._db.transaction(user_id, work)

    async def update(self, session_id: str, change: SessionUpdate, *, by: Actor) -> SessionUpdated:
        """Record what the learner did since the last update; all of it or nothing.

        Raises:
            InvalidFields: a field is wrong, or an interaction's id is not an attempt of this try.
            NotFound: there is no such session, or it is somebody else's: the two must not be told apart.
            Forbidden: the quiz is no longer the caller's to take, or is finished.
            TooLarge: an attempt would grow beyond what is stored of one attempt.

        """
        interactions = check_update(change, self._settings)
        if not is_id(session_id):
            raise NotFound("There is no such content session.")
        session = parse_id(session_id)
        at = self._clock()

        async def work(tx: Session) -> SessionUpdated:
            return await self._update(session, change, interactions, by, at, tx)

        return await self._db.transaction(by.user_id or session, work)

    # Starting

    async def _visit(self, start: SessionStart, by: Actor) -> Visit:
        if start.quiz_id is not None:
            await self._require_quiz(start.quiz_id, by)
            context: dict[str, str | int] = {"quiz_id": start.quiz_id}
            return Visit(start.quiz_id, None, "quiz", mastery.COACH_ASSIGNED_QUIZ, context, bool(start.repeat))
        context = {"node_id": required(start.node_id)}
        for field, kind in (("lesson_id", "lessons"), ("course_session_id", "course_sessions")):
            if (assigned := getattr(start, field)) is not None:
                if by.user_id is None:
                    raise Forbidden("Sign in to take a lesson or a course.")
                if not await is_assigned(self._db, kind, assigned, by.user_id):
                    raise field_error(field, "It is not assigned to you.")
                context[field] = assigned
        criterion = start.mastery_model.criterion() if start.mastery_model else None
        return Visit(required(start.content_id), start.channel_id, required(start.kind), criterion, context, bool(start.repeat))

    async def _require_quiz(self, quiz_id: str, by: Actor) -> None:
        if by.user_id is None or not await is_assigned(self._db, "quizzes", quiz_id, by.user_id, active=True):
            raise Forbidden("You may not take this quiz.")

    async def _start_anonymous(self, visit: Visit, visitor_id: str | None, at: datetime) -> SessionStarted:
        """Nothing but a session is stored of somebody who has not signed in."""
        visitor = parse_id(visitor_id) if visitor_id is not None and is_id(visitor_id) else None
        session = _session(visit, at, user_id=None, visitor_id=visitor)

        async def work(tx: Session) -> None:
            await self._db.content_sessions.insert_one(session, session=tx)

        await self._db.transaction(session["_id"], work)
        started = _started(session, summary={"progress": 0.0, "time_spent": 0.0, "extra_fields": {}})
        if visit.criterion is not None:
            started.mastery_criterion, started.pastattempts, started.totalattempts = dict(visit.criterion), [], 0
        return started

    async def _start(self, visit: Visit, user_id: str, at: datetime, tx: Session) -> SessionStarted:
        key = summary_id(user_id, visit.content_id)
        summary: Row = await self._db.content_summaries.find_one_and_update(
            {"_id": key, "user_id": user_id},
            updates.visit_summary(
                user_id=user_id,
                content_id=visit.content_id,
                channel_id=visit.channel_id,
                kind=visit.kind,
                at=at,
                repeat=visit.repeat,
                is_assessment=visit.criterion is not None,
            ),
            projection={"progress": 1, "time_spent": 1, "extra_fields": 1},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=tx,
        )
        session = _session(visit, at, user_id=user_id, visitor_id=None)
        started = _started(session, summary)
        if visit.criterion is not None:
            current = await self._try(visit, visit.criterion, user_id, key, at, tx)
            session["mastery_log_id"] = current["_id"]
            session["context"]["mastery_level"] = started.context.mastery_level = current["mastery_level"]
            criterion = current["mastery_criterion"]
            shown = await attempt_store.newest(self._db, current, mastery.past_attempts_shown(criterion), tx=tx)
            started.mastery_criterion = criterion
            started.pastattempts = [_view(attempt) for attempt in shown]
            started.totalattempts = current["attempt_count"]
            started.complete, started.time_spent = current["complete"], current["time_spent"]
        await self._db.content_sessions.insert_one(session, session=tx)
        return started

    async def _try(self, visit: Visit, criterion: mastery.Criterion, user_id: str, summary: str, at: datetime, tx: Session) -> Row:
        """The try to go on with: the unfinished one, else the latest finished one, else a new one."""
        level = {"$lt": 0} if mastery.is_quiz(criterion) else {"$gt": 0}
        found = await self._db.mastery_logs.aggregate(
            [
                {"$match": {"user_id": user_id, "content_id": visit.content_id, "mastery_level": level}},
                {"$sort": {"complete": 1, "end_timestamp": -1, "start_timestamp": -1, "_id": 1}},
                {"$group": {"_id": None, "latest": {"$first": "$$ROOT"}, "highest": {"$max": "$mastery_level"}}},
            ],
            session=tx,
        ).to_list(1)
        latest: Row | None = found[0]["latest"] if found else None
        if latest is not None and not (latest["complete"] and visit.repeat):
            if latest["complete"] and mastery.is_coach_assigned(latest["mastery_criterion"]):
                raise QuizFinished
            return latest
        new = _new_try(visit, criterion, user_id, summary, mastery.next_level(criterion, found[0]["highest"] if found else None), at)
        await self._db.mastery_logs.insert_one(new, session=tx)
        return new

    # Updating

    async def _update(
        self, session_id: str, change: SessionUpdate, interactions: list[Interaction], by: Actor, at: datetime, tx: Session
    ) -> SessionUpdated:
        session: Row | None = await self._db.content_sessions.find_one_and_update(
            {"_id": session_id, "user_id": by.user_id},
            updates.advance_session(change, at),
            return_document=ReturnDocument.AFTER,
            session=tx,
        )
        if session is None:
            raise NotFound("There is no such content session.")
        if (quiz_id := session["context"].get("quiz_id")) is not None:
            await self._require_quiz(quiz_id, by)
        complete = await self._advance_summary(session, change, at, tx)
        holder, collection = session, "content_sessions"
        if session["mastery_log_id"] is not None:
            has_news = bool(change.time_spent_delta) or complete or bool(interactions) or quiz_id is not None
            if has_news:
                holder, collection = await self._advance_try(session, change, at, complete, tx), "mastery_logs"
        updated = SessionUpdated(complete=complete)
        if change.interactions is not None:
            touched: list[Attempt] = []
            if interactions:
                touched = await attempt_store.record(
                    self._db, holder, collection, interactions, session_id=session_id, at=at, limits=self._limits, tx=tx
                )
            updated.attempts = [_view(attempt) for attempt in touched]
        return updated

    async def _advance_summary(self, session: Row, change: SessionUpdate, at: datetime, tx: Session) -> bool:
        """Add time and progress to the learner's summary; whether its content is complete then."""
        if session["user_id"] is None:
            return progress.is_complete(session["progress"])
        summary = await self._db.content_summaries.find_one_and_update(
            {"_id": summary_id(session["user_id"], session["content_id"]), "user_id": session["user_id"]},
            updates.advance_summary(change, at),
            projection={"progress": 1},
            return_document=ReturnDocument.AFTER,
            session=tx,
        )
        return progress.is_complete(summary["progress"])

    async def _advance_try(self, session: Row, change: SessionUpdate, at: datetime, complete: bool, tx: Session) -> Row:
        """Add time to the session's try, and finish it if its content is complete.

        Raises:
            QuizFinished: it is a coach-assigned quiz and was finished before.

        """
        current: Row | None = await self._db.mastery_logs.find_one_and_update(
            {
                "_id": session["mastery_log_id"],
                "user_id": session["user_id"],
                "$nor": [{"complete": True, "mastery_criterion.coach_assigned": True}],
            },
            updates.advance_try(change, at, complete=complete),
            return_document=ReturnDocument.AFTER,
            session=tx,
        )
        if current is None:
            raise QuizFinished
        return current


def _session(visit: Visit, at: datetime, *, user_id: str | None, visitor_id: str | None) -> dict[str, Any]:
    return {
        "_id": new_id(),
        "user_id": user_id,
        "visitor_id": visitor_id,
        "content_id": visit.content_id,
        "channel_id": visit.channel_id,
        "kind": visit.kind,
        "context": dict(visit.context),
        "mastery_log_id": None,
        "start_timestamp": at,
        "end_timestamp": at,
        "time_spent": 0.0,
        "progress": 0.0,
        **_no_attempts(),
        "schema_version": SCHEMA_VERSION,
    }


def _new_try(visit: Visit, criterion: mastery.Criterion, user_id: str, summary: str, level: int, at: datetime) -> Row:
    return {
        "_id": try_id(summary, level),
        "user_id": user_id,
        "summary_id": summary,
        "content_id": visit.content_id,
        "mastery_level": level,
        "mastery_criterion": dict(criterion),
        "start_timestamp": at,
        "end_timestamp": at,
        "completion_timestamp": None,
        "complete": False,
        "time_spent": 0.0,
        **_no_attempts(),
        "schema_version": SCHEMA_VERSION,
    }


def _no_attempts() -> dict[str, Any]:
    return {"attempt_count": 0, "correct_sum": 0.0, "completed_attempts": 0, "attempts": []}


def _started(session: Mapping[str, Any], summary: Mapping[str, Any]) -> SessionStarted:
    return SessionStarted(
        session_id=session["_id"],
        context=msgspec.convert(session["context"], SessionContext),
        progress=summary["progress"],
        time_spent=summary["time_spent"],
        extra_fields=summary["extra_fields"],
        complete=progress.is_complete(summary["progress"]),
    )


def _view(attempt: Attempt) -> AttemptView:
    return AttemptView(*(attempt[field] for field in _VIEW))  # type: ignore[literal-required]
