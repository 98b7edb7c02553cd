"""What is stored: one Beanie document a collection, its indexes beside it.

Hot paths read and write these collections with the driver directly; the models here are the one place that says what
stands in them, make the indexes, and carry the migrations.
"""

from beanie import Document

from learntrack.documents.attempt_overflow import AttemptOverflow
from learntrack.documents.content_sessions import ContentSession
from learntrack.documents.content_summaries import ContentSummary
from learntrack.documents.idempotency_keys import IdempotencyKey
from learntrack.documents.mastery_logs import MasteryLog
from learntrack.documents.rollups import ItemRollup, RollupState
from learntrack.documents.roster import Classroom, CourseSession, Facility, LearnerGroup, Lesson, Quiz, User

ALL: list[type[Document]] = [
    ContentSession,
    ContentSummary,
    MasteryLog,
    AttemptOverflow,
    IdempotencyKey,
    User,
    Facility,
    Classroom,
    LearnerGroup,
    Lesson,
    Quiz,
    CourseSession,
    ItemRollup,
    RollupState,
]

__all__ = [
    "ALL",
    "AttemptOverflow",
    "Classroom",
    "ContentSession",
    "ContentSummary",
    "CourseSession",
    "Facility",
    "IdempotencyKey",
    "ItemRollup",
    "LearnerGroup",
    "Lesson",
    "MasteryLog",
    "Quiz",
    "RollupState",
    "User",
]
