"""What starting and updating a session do to the documents in memory: the contract's rules, without any I/O."""

from typing import TypeVar

import msgspec

from learntrack.documents import ContentSession, ContentSummary, MasteryLog
from learntrack.documents.base import Stored
from learntrack.documents.content_summaries import CurrentTry
from learntrack.documents.try_numbers import figures_of
from learntrack.domain import mastery, progress
from learntrack.domain.attempt_book import AttemptBook
from learntrack.domain.attempt_limits import AttemptLimits, AttemptTooLarge, UnknownAttempt
from learntrack.domain.attempts import Attempt
from learntrack.domain.ids import summary_id
from learntrack.domain.which_try import Tries
from learntrack.errors import (
    Forbidden,
    NoSuchAttempt,
    NotAssigned,
    NotFound,
    QuizFinished,
    StartedAlready,
    TooLarge,
)
from learntrack.tracking.jobs import StartJob, UpdateJob
from learntrack.tracking.schemas import SessionContext, SessionStarted, SessionUpdated
from learntrack.tracking.unit_of_work import UnitOfWork
from learntrack.tracking.views import attempt_views, past_attempts

NO_SESSION = "There is no such content session."


# Starting


def start(job: StartJob, unit: UnitOfWork) -> SessionStarted:
    """Start a session and say where the learner left off.

    Raises:
        Forbidden: the quiz is not the learner's to take, or is finished.
        InvalidFields: the lesson or course is not assigned to the learner.
        NotFound, StartedAlready: the client's session id is somebody else's, or was used before.

    """
    _check_new_id(job, unit)
    left_out = _not_assigned(job, unit)
    context = {name: value for name, value in job.context.items() if name not in left_out}
    session = ContentSession.begin(
        job.session_id,
        user_id=job.user_id,
        visitor_id=job.visitor_id,
        content_id=job.content_id,
        channel_id=job.channel_id,
        kind=job.kind,
        context=context,
        at=job.at,
    )
    if job.user_id is None:
        started = _started(session, None)
        if job.criterion is not None:
            started.mastery_criterion, started.pastattempts, started.totalattempts = dict(job.criterion), [], 0
    else:
        started = _start_of_learner(job, job.user_id, session, unit)
    unit.sessions[job.session_id] = session
    if left_out:
        started.left_out = left_out
    return started


def _start_of_learner(job: StartJob, user_id: str, session: ContentSession, unit: UnitOfWork) -> SessionStarted:
    """Let a session go on with the learner's summary and try, each made where there is none."""
    log = _try_to_resume(job, unit)
    summary = _visited_summary(job, user_id, unit)
    session.belongs_to(summary.facility_id)
    if log is None and job.criterion is not None:
        log = _new_try(job, job.criterion, summary, unit)
    if log is not None:
        session.goes_on_with(log.id, log.mastery_level)
        _remember(log, summary, unit.tries_of(job))
    started = _started(session, summary)
    if log is not None:
        _show_try(log, started, unit)
    unit.use_permit(user_id, job.at, summary)
    return started


def _check_new_id(job: StartJob, unit: UnitOfWork) -> None:
    if job.delivery is None or not unit.is_taken(job.session_id):
        return
    if unit.is_taken_by(job.session_id, job.user_id):
        raise StartedAlready
    raise NotFound(NO_SESSION)


def _not_assigned(job: StartJob, unit: UnitOfWork) -> list[str]:
    """The fields of the lesson or course that was not the learner's, where the visit is kept without it: it was made
    offline, where nobody could tell. A quiz, and the test of a course's unit, is nothing without.
    """
    left_out = []
    for each in job.assigned:
        if not unit.is_assigned(each.id, job):
            if each.field == "quiz_id":
                raise Forbidden("You may not take this quiz.")
            if job.delivery is None or "unit_id" in job.context:
                raise NotAssigned(each.field)
            left_out.append(each.field)
    return left_out


def _visited_summary(job: StartJob, user_id: str, unit: UnitOfWork) -> ContentSummary:
    """The one summary of learner and content, made if it is not there."""
    summary = unit.summaries.get(summary_id(user_id, job.content_id))
    if summary is None:
        summary = ContentSummary.begin(
            user_id=user_id,
            content_id=job.content_id,
            facility_id=unit.facility_of(user_id),
            channel_id=job.channel_id,
            kind=job.kind,
            at=job.at,
        )
        unit.summaries[summary.id] = summary
    summary.visit(job.channel_id, job.at, job.clock, repeat=job.repeat, with_try=job.criterion is not None)
    return summary


def _try_to_resume(job: StartJob, unit: UnitOfWork) -> MasteryLog | None:
    """The try that the session goes on with; None where a new one begins, or the content is no assessment."""
    if job.criterion is None:
        return None
    log = unit.tries_of(job).to_resume(repeat=job.repeat)
    if log is not None and log.complete and mastery.is_coach_assigned(log.mastery_criterion):
        raise QuizFinished
    return log


def _new_try(job: StartJob, criterion: mastery.Criterion, summary: ContentSummary, unit: UnitOfWork) -> MasteryLog:
    """A new try, which the summary counts."""
    log = MasteryLog.begin(
        summary.id,
        user_id=summary.user_id,
        content_id=job.content_id,
        facility_id=summary.facility_id,
        level=mastery.next_level(criterion, unit.tries_of(job).highest_level),
        criterion=criterion,
        at=job.at,
    )
    unit.add_log(job, log)
    summary.count_new_try(log)
    return log


def _remember(log: MasteryLog, summary: ContentSummary, tries: Tries[MasteryLog]) -> None:
    """Let the summary know which try the next start goes on with, if nothing can come before it."""
    if tries.others_finished and tries.highest_level is not None:
        kind = mastery.try_kind(log.mastery_criterion)
        current = CurrentTry(try_id=log.id, highest_level=tries.highest_level, others_end=tries.others_end)
        summary.goes_on_with(kind, current)


def _show_try(log: MasteryLog, started: SessionStarted, unit: UnitOfWork) -> None:
    started.mastery_criterion = log.mastery_criterion
    most = mastery.past_attempts_shown(log.mastery_criterion)
    started.pastattempts = past_attempts(
        unit.newest(log, most), beside=started.extra_fields, every_answer=mastery.is_quiz(log.mastery_criterion)
    )
    started.totalattempts = log.attempt_count
    started.complete, started.time_spent = log.complete, log.time_spent


# Updating


def update(job: UpdateJob, unit: UnitOfWork, limits: AttemptLimits) -> SessionUpdated:
    """Record what the learner did since the last update.

    Raises:
        NotFound: there is no such session, or it is somebody else's: the two must not be told apart.
        Forbidden: the quiz is no longer the learner's to take, or is finished.
        InvalidFields: an interaction's id is not an attempt of this try.
        TooLarge: an attempt would grow beyond what is stored of one attempt.

    """
    session = _own_session(job, unit)
    summary = _referred_to(unit.summaries, session.summary_id)
    log = _referred_to(unit.logs, session.mastery_log_id)
    if log is not None and session.context.get("quiz_id") is None and mastery.is_coach_assigned(log.mastery_criterion):
        raise Forbidden("You may not take this quiz.")  # by a node, as release 0.1 let it be started
    complete = progress.is_complete(job.advance.of((summary or session).progress))
    concerns_try = _concerns_try(job, session, complete=complete)
    if log is not None and concerns_try and log.complete and mastery.is_coach_assigned(log.mastery_criterion):
        raise QuizFinished
    holder = log or session
    book = unit.book(holder, limits) if job.interactions else None
    touched = _recorded(job, book, limits) if book is not None else []

    # Nothing is refused from here on.
    before = figures_of(log) if log is not None else None
    session.advance(job.advance, job.at, job.clock)
    if summary is not None:
        summary.advance(job.advance, job.at, job.clock)
        if job.extra_fields is not None:
            summary.keep_extra_fields(job.extra_fields)
    if log is not None and concerns_try:
        _advance_try(log, summary, job, complete=complete)
    if book is not None:
        unit.keep(holder, book)
    if log is not None and before is not None and summary is not None and concerns_try:
        summary.count_try(log, before)
    updated = SessionUpdated(complete=complete)
    if job.interactions is not None:
        updated.attempts = attempt_views(touched)
    return updated


def _own_session(job: UpdateJob, unit: UnitOfWork) -> ContentSession:
    session = unit.sessions.get(job.session_id)
    if session is None or session.user_id != job.user_id:
        raise NotFound(NO_SESSION)
    quiz_id = session.context.get("quiz_id")
    if quiz_id is not None and not unit.is_assigned(str(quiz_id), job):
        raise Forbidden("You may not take this quiz.")
    return session


def _concerns_try(job: UpdateJob, session: ContentSession, *, complete: bool) -> bool:
    """Whether an update is about the session's try, and not only about its content.

    Only then is the try touched; and a finished coach-assigned quiz refuses it then.
    """
    return bool(job.advance.time_spent) or complete or bool(job.interactions) or "quiz_id" in session.context


Found = TypeVar("Found", bound=Stored)


def _referred_to(documents: dict[str, Found], key: str | None) -> Found | None:
    """The document that a session refers to, if it refers to one; without it the session is being forgotten."""
    if key is None:
        return None
    found = documents.get(key)
    if found is None:
        raise NotFound(NO_SESSION)
    return found


def _recorded(job: UpdateJob, book: AttemptBook, limits: AttemptLimits) -> list[Attempt]:
    book.clock = job.clock
    try:
        return book.record(job.interactions or [], session_id=job.session_id, now=job.at)
    except UnknownAttempt as error:
        raise NoSuchAttempt(error.position) from None
    except AttemptTooLarge as error:
        most = f"{limits.interactions} interactions and {limits.size} bytes"
        raise TooLarge(f"interactions[{error.position}]: one attempt may have at most {most}.") from None


def _advance_try(log: MasteryLog, summary: ContentSummary | None, job: UpdateJob, *, complete: bool) -> None:
    """Add time to a try and finish it where its content is `complete`."""
    finishes, ended = complete and not log.complete, log.end_timestamp
    log.advance(job.advance.time_spent, job.at, job.clock, finish=complete)
    if summary is None:
        return
    if finishes or log.end_timestamp != ended:
        kind = mastery.try_kind(log.mastery_criterion)
        summary.try_moved(kind, log.id, finished=log.complete, end=log.end_timestamp)


# Showing


def _started(session: ContentSession, summary: ContentSummary | None) -> SessionStarted:
    """Where the learner left off in the content; without a summary (an anonymous visit) at the very beginning."""
    reached = summary.progress if summary else 0.0
    return SessionStarted(
        session_id=session.id,
        context=msgspec.convert(session.context, SessionContext),
        progress=reached,
        time_spent=summary.time_spent if summary else 0.0,
        extra_fields=summary.extra_fields if summary else {},
        complete=progress.is_complete(reached),
    )
