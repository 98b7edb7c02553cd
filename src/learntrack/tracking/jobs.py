"""What the write path does: starts and updates, checked, each a job, and which of them may share a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from learntrack.domain import mastery
from learntrack.domain.attempts import Interaction
from learntrack.domain.progress import Advance
from learntrack.tracking.delivery import Delivery
from learntrack.tracking.idempotency import RequestKey
from learntrack.tracking.schemas import JsonObject

_START_BYTES = 1024


@dataclass(slots=True, frozen=True)
class NamedAssignment:
    """Something that must be assigned to the caller, and the field that names it."""

    field: str
    id: str


@dataclass(slots=True, frozen=True, kw_only=True)
class _OfSession:
    """What is recorded of a session at a moment `at`; with a `delivery` it happened offline."""

    session_id: str
    user_id: str | None
    at: datetime
    key: RequestKey | None = None
    delivery: Delivery | None = None

    @property
    def owner(self) -> str:
        """Whose documents it writes; an anonymous session is its own."""
        return self.user_id or self.session_id

    @property
    def clock(self) -> datetime:
        """What time it is when it is recorded."""
        return self.at if self.delivery is None else self.delivery.at


@dataclass(slots=True, frozen=True, kw_only=True)
class StartJob(_OfSession):
    """Start a session: the content, the criterion if it is an assessment, and the context to be kept.

    With a `delivery` `at` is a moment of before, and the id of the session is the client's.
    """

    visitor_id: str | None
    content_id: str
    channel_id: str | None
    kind: str
    criterion: mastery.Criterion | None
    context: dict[str, str | int]
    assigned: tuple[NamedAssignment, ...]
    repeat: bool


@dataclass(slots=True, frozen=True, kw_only=True)
class UpdateJob(_OfSession):
    """Add to a session what happened since the last update; `size` is the bytes of JSON in which that was said."""

    advance: Advance
    extra_fields: JsonObject | None
    interactions: list[Interaction] | None
    size: int = 0

    @property
    def refers_to_others(self) -> bool:
        """Whether an interaction may go on with an attempt that is there already."""
        return any(each.id or each.replace for each in self.interactions or [])


Job = StartJob | UpdateJob


def size_of(job: Job) -> int:
    """The bytes that a job was sent with, as far as they are stored."""
    return job.size if isinstance(job, UpdateJob) else _START_BYTES


def may_join(group: Sequence[Job], job: Job) -> bool:
    """Whether a job may share a transaction with those before it.

    Which try an assessment goes on with is decided from what is stored, so what the same learner did at the same
    content just before must be. An update names its session only; the content is known if the group starts it.
    """
    if not isinstance(job, StartJob) or job.criterion is None:
        return True
    contents = {each.session_id: each.content_id for each in group if isinstance(each, StartJob)}
    return not any(
        each.owner == job.owner and contents.get(each.session_id, job.content_id) == job.content_id for each in group
    )
