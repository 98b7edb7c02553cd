"""What starting and updating a session do to the documents in memory: the contract's rules, without any I/O."""

from datetime import datetime
from typing import Any

import msgspec

from learntrack.documents.base import SCHEMA_VERSION
from learntrack.domain import mastery, progress
from learntrack.domain.attempt_book import AttemptBook, AttemptLimits, AttemptTooLarge, UnknownAttempt
from learntrack.domain.attempts import Attempt
from learntrack.domain.ids import summary_id, try_id
from learntrack.errors import Conflict, Forbidden, NotFound, QuizFinished, TooLarge, field_error
from learntrack.storage.database import Row
from learntrack.tracking.requests import StartJob, UpdateJob
from learntrack.tracking.schemas import AttemptView, SessionContext, SessionStarted, SessionUpdate, SessionUpdated
from learntrack.tracking.unit_of_work import Tracked, Workset

_VIEW = AttemptView.__struct_fields__
_NO_SESSION = "There is no such content session."


# Starting


def start(job: StartJob, docs: Workset) -> SessionStarted:
    """Start a session and say where the learner left off.

    Raises:
        Forbidden: the quiz is not the learner's to take, or is finished.
        InvalidFields: the lesson or course is not assigned to the learner.
        NotFound, Conflict: the client's session id is somebody else's, or was used before.

    """
    _check_new_id(job, docs)
    _check_assigned(job, docs)
    session = _session(job)
    if job.user_id is None:
        started = _started(session, {"progress": 0.0, "time_spent": 0.0, "extra_fields": {}})
        if job.criterion is not None:
            started.mastery_criterion, started.pastattempts, started.totalattempts = dict(job.criterion), [], 0
    else:
        current = _try(job, job.criterion, docs) if job.criterion is not None else None
        summary = _visited_summary(job, docs)
        started = _started(session, summary)
        if current is not None:
            _show_try(current, session, started, docs)
    docs.sessions[job.session_id] = Tracked(session, is_new=True)
    return started


def _check_new_id(job: StartJob, docs: Workset) -> None:
    if not job.id_is_the_clients or not docs.is_taken(job.session_id):
        return
    if docs.is_taken_by(job.session_id, job.user_id):
        raise Conflict("This session has been started already.")
    raise NotFound(_NO_SESSION)


def _check_assigned(job: StartJob, docs: Workset) -> None:
    for each in job.assigned:
        if not docs.is_assigned(each.id, job.user_id):
            if each.kind == "quizzes":
                raise Forbidden("You may not take this quiz.")
            raise field_error(each.field, "It is not assigned to you.")


def _visited_summary(job: StartJob, docs: Workset) -> Row:
    """The one summary of learner and content, made if it is not there."""
    assert job.user_id is not None
    key = summary_id(job.user_id, job.content_id)
    summary = docs.summaries.get(key)
    if summary is None:
        summary = docs.summaries[key] = Tracked(_new_summary(job, key), is_new=True)
    summary.set(channel_id=job.channel_id, end_timestamp=max(summary.row["end_timestamp"], job.at))
    if job.repeat:
        summary.set(progress=0.0)
    if job.criterion is not None:
        summary.set(has_tries=True)
    return summary.row


def _try(job: StartJob, criterion: mastery.Criterion, docs: Workset) -> Row:
    """The try to go on with: the unfinished one, else the latest finished one, else a new one."""
    tries = docs.tries_of(job)
    latest = tries.latest
    if latest is not None and not (latest.row["complete"] and job.repeat):
        if latest.row["complete"] and mastery.is_coach_assigned(latest.row["mastery_criterion"]):
            raise QuizFinished
        return latest.row
    new = _new_try(job, criterion, mastery.next_level(criterion, tries.highest))
    tries.latest = docs.tries[new["_id"]] = Tracked(new, is_new=True)
    tries.highest = new["mastery_level"]
    return new


def _show_try(current: Row, session: Row, started: SessionStarted, docs: Workset) -> None:
    session["mastery_log_id"] = current["_id"]
    session["context"]["mastery_level"] = started.context.mastery_level = current["mastery_level"]
    criterion = current["mastery_criterion"]
    started.mastery_criterion = criterion
    started.pastattempts = [_view(attempt) for attempt in docs.newest(current, mastery.past_attempts_shown(criterion))]
    started.totalattempts = current["attempt_count"]
    started.complete, started.time_spent = current["complete"], current["time_spent"]


# Updating


def update(job: UpdateJob, docs: Workset, limits: AttemptLimits) -> SessionUpdated:
    """Record what the learner did since the last update.

    Raises:
        NotFound: there is no such session, or it is somebody else's: the two must not be told apart.
        Forbidden: the quiz is no longer the learner's to take, or is finished.
        InvalidFields: an interaction's id is not an attempt of this try.
        TooLarge: an attempt would grow beyond what is stored of one attempt.

    """
    session = docs.sessions.get(job.session_id)
    if session is None or session.row["user_id"] != job.user_id:
        raise NotFound(_NO_SESSION)
    quiz_id = session.row["context"].get("quiz_id")
    if quiz_id is not None and not docs.is_assigned(quiz_id, job.user_id):
        raise Forbidden("You may not take this quiz.")
    summary = _there(docs.summaries, session.row["summary_id"])
    current = _there(docs.tries, session.row["mastery_log_id"])
    change, at = job.change, job.at
    complete = progress.is_complete(_progressed((summary or session).row["progress"], change))
    has_news = bool(change.time_spent_delta) or complete or bool(job.interactions) or quiz_id is not None
    if (
        current is not None
        and has_news
        and current.row["complete"]
        and mastery.is_coach_assigned(current.row["mastery_criterion"])
    ):
        raise QuizFinished
    holder = current or session
    book = docs.book(holder.row, limits) if job.interactions else None
    touched = _recorded(job, book, limits) if book is not None else []

    # Nothing is refused from here on.
    _advance(session, change, at)
    if summary is not None:
        _advance_summary(summary, change, at)
    if current is not None and has_news:
        if complete and not current.row["complete"] and summary is not None:
            summary.set(finished_tries=summary.row["finished_tries"] + 1)
        _advance_try(current, change, at, complete=complete)
    if book is not None:
        docs.keep(holder, book)
    updated = SessionUpdated(complete=complete)
    if change.interactions is not None:
        updated.attempts = [_view(attempt) for attempt in touched]
    return updated


def _there(documents: dict[str, Tracked], key: str | None) -> Tracked | None:
    """The document that a session refers to, if it refers to one; without it the session is being forgotten."""
    if key is None:
        return None
    found = documents.get(key)
    if found is None:
        raise NotFound(_NO_SESSION)
    return found


def _recorded(job: UpdateJob, book: AttemptBook, limits: AttemptLimits) -> list[Attempt]:
    try:
        return book.record(job.interactions, session_id=job.session_id, now=job.at)
    except UnknownAttempt as error:
        raise field_error(f"interactions[{error.position}].id", "There is no such attempt in this try.") from None
    except AttemptTooLarge:
        raise TooLarge(
            f"One attempt may have at most {limits.interactions} interactions and {limits.size} bytes."
        ) from None


def _progressed(old: float, change: SessionUpdate) -> float:
    if change.progress_delta is not None:
        return progress.advanced(old, change.progress_delta)
    return old if change.progress is None else progress.rounded(change.progress)


def _advance(document: Tracked, change: SessionUpdate, at: datetime) -> None:
    row = document.row
    document.set(
        progress=_progressed(row["progress"], change),
        time_spent=row["time_spent"] + (change.time_spent_delta or 0.0),
        end_timestamp=max(row["end_timestamp"], at),
    )


def _advance_summary(summary: Tracked, change: SessionUpdate, at: datetime) -> None:
    """Add time and progress; reaching 1 from below is the completion; extra_fields are replaced."""
    before = summary.row["progress"]
    _advance(summary, change, at)
    if not progress.is_complete(before) and progress.is_complete(summary.row["progress"]):
        summary.set(completion_timestamp=max(summary.row["completion_timestamp"] or at, at))
    if change.extra_fields is not None:
        summary.set(extra_fields=change.extra_fields)


def _advance_try(current: Tracked, change: SessionUpdate, at: datetime, *, complete: bool) -> None:
    """Add time, and finish the try where its content is `complete`; its end moves only when one of the two changes."""
    row = current.row
    spent = change.time_spent_delta or 0.0
    finishes = complete and not row["complete"]
    if spent > 0 or finishes:
        current.set(time_spent=row["time_spent"] + spent, end_timestamp=max(row["end_timestamp"], at))
    if finishes:
        current.set(complete=True, completion_timestamp=at)


# New documents


def _session(job: StartJob) -> Row:
    return {
        "_id": job.session_id,
        "user_id": job.user_id,
        "visitor_id": job.visitor_id,
        "content_id": job.content_id,
        "channel_id": job.channel_id,
        "kind": job.kind,
        "context": dict(job.context),
        "summary_id": None if job.user_id is None else summary_id(job.user_id, job.content_id),
        "mastery_log_id": None,
        "start_timestamp": job.at,
        "end_timestamp": job.at,
        "time_spent": 0.0,
        "progress": 0.0,
        **_no_attempts(),
        "schema_version": SCHEMA_VERSION,
    }


def _new_summary(job: StartJob, key: str) -> Row:
    return {
        "_id": key,
        "user_id": job.user_id,
        "content_id": job.content_id,
        "channel_id": job.channel_id,
        "kind": job.kind,
        "start_timestamp": job.at,
        "end_timestamp": job.at,
        "completion_timestamp": None,
        "time_spent": 0.0,
        "progress": 0.0,
        "extra_fields": {},
        "has_tries": False,
        "finished_tries": 0,
        "schema_version": SCHEMA_VERSION,
    }


def _new_try(job: StartJob, criterion: mastery.Criterion, level: int) -> Row:
    assert job.user_id is not None
    summary = summary_id(job.user_id, job.content_id)
    return {
        "_id": try_id(summary, level),
        "user_id": job.user_id,
        "summary_id": summary,
        "content_id": job.content_id,
        "mastery_level": level,
        "mastery_criterion": dict(criterion),
        "start_timestamp": job.at,
        "end_timestamp": job.at,
        "completion_timestamp": None,
        "complete": False,
        "time_spent": 0.0,
        **_no_attempts(),
        "schema_version": SCHEMA_VERSION,
    }


def _no_attempts() -> dict[str, Any]:
    return {"attempt_count": 0, "correct_sum": 0.0, "completed_attempts": 0, "attempts": []}


def _started(session: Row, summary: Row) -> SessionStarted:
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
