"""What the write path is asked to do, checked as far as that needs no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from learntrack.domain import mastery
from learntrack.domain.attempts import Interaction
from learntrack.errors import Forbidden
from learntrack.tracking.checks import check_start, required
from learntrack.tracking.idempotency import RequestKey
from learntrack.tracking.schemas import SessionStart, SessionUpdate


@dataclass(slots=True, frozen=True)
class Assigned:
    """Something that must be assigned to the caller: `kind` is its collection."""

    field: str
    kind: str
    id: str


@dataclass(slots=True, frozen=True)
class StartJob:
    """Start a session: the content, the criterion if it is an assessment, and the context to be kept."""

    session_id: str
    user_id: str | None
    visitor_id: str | None
    content_id: str
    channel_id: str | None
    kind: str
    criterion: mastery.Criterion | None
    context: dict[str, str | int]
    assigned: tuple[Assigned, ...]
    repeat: bool
    at: datetime
    key: RequestKey | None = None
    id_is_the_clients: bool = False

    @property
    def owner(self) -> str:
        """Whose documents it writes; an anonymous session is its own."""
        return self.user_id or self.session_id


@dataclass(slots=True, frozen=True)
class UpdateJob:
    """Add to a session what happened since the last update."""

    session_id: str
    user_id: str | None
    change: SessionUpdate
    interactions: list[Interaction]
    at: datetime
    key: RequestKey | None = None

    @property
    def owner(self) -> str:
        """Whose documents it writes; an anonymous session is its own."""
        return self.user_id or self.session_id


Job = StartJob | UpdateJob


def start_job(
    start: SessionStart,
    *,
    session_id: str,
    user_id: str | None,
    visitor_id: str | None,
    at: datetime,
    key: RequestKey | None,
    id_is_the_clients: bool = False,
) -> StartJob:
    """The job of starting a session.

    Raises:
        InvalidFields: the fields do not go together.
        Forbidden: a quiz, lesson or course without being signed in.

    """
    check_start(start)
    given = (
        Assigned("quiz_id", "quizzes", start.quiz_id) if start.quiz_id else None,
        Assigned("lesson_id", "lessons", start.lesson_id) if start.lesson_id else None,
        Assigned("course_session_id", "course_sessions", start.course_session_id)
        if start.course_session_id and not start.quiz_id
        else None,
    )
    assigned = tuple(each for each in given if each is not None)
    if assigned and user_id is None:
        raise Forbidden("Sign in to take a quiz, a lesson or a course.")
    context: dict[str, str | int] = {} if start.quiz_id is not None else {"node_id": required(start.node_id)}
    context |= {each.field: each.id for each in assigned}
    criterion: mastery.Criterion | None
    if start.quiz_id is not None:
        content_id, channel_id, kind, criterion = start.quiz_id, None, "quiz", mastery.COACH_ASSIGNED_QUIZ
    else:
        content_id, channel_id, kind = required(start.content_id), start.channel_id, required(start.kind)
        criterion = start.mastery_model.criterion() if start.mastery_model else None
    return StartJob(
        session_id=session_id,
        user_id=user_id,
        visitor_id=visitor_id if user_id is None else None,
        content_id=content_id,
        channel_id=channel_id,
        kind=kind,
        criterion=criterion,
        context=context,
        assigned=assigned,
        repeat=bool(start.repeat),
        at=at,
        key=key,
        id_is_the_clients=id_is_the_clients,
    )


def may_join(group: Sequence[Job], job: Job) -> bool:
    """Whether a job may share a transaction with those before it.

    Which try an assessment goes on with is decided from what is stored, so what the same learner did just before must
    be.
    """
    return not (
        isinstance(job, StartJob) and job.criterion is not None and any(each.owner == job.owner for each in group)
    )
