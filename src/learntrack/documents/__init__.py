"""What is stored: one Beanie document a collection, its indexes beside it.

A document is made by its `begin`, changed by its methods, and says what changed (`changes`). What is written goes
through them; lists, diff, totals and reports go from aggregation to answer without making documents.
"""

from beanie import Document

from learntrack.documents.attempt_overflow import AttemptOverflow
from learntrack.documents.bookkeeping import Deployment, IdempotencyKey, Retained, RollupState, Unfinished, Writer
from learntrack.documents.content_sessions import ContentSession
from learntrack.documents.content_summaries import ContentSummary
from learntrack.documents.contents import Content, FormerEntry, Question
from learntrack.documents.ended_assignments import EndedAssignment
from learntrack.documents.learner_days import DaysKept, LearnerDay
from learntrack.documents.mastery_logs import MasteryLog
from learntrack.documents.recording_permits import RecordingPermit
from learntrack.documents.rollups import ItemRollup
from learntrack.documents.roster import Classroom, CourseSession, Facility, LearnerGroup, Lesson, Quiz, User
from learntrack.documents.upkeep import Lease, Touched

ALL: list[type[Document]] = [
    ContentSession,
    ContentSummary,
    MasteryLog,
    AttemptOverflow,
    IdempotencyKey,
    RecordingPermit,
    User,
    Facility,
    Classroom,
    LearnerGroup,
    Lesson,
    Quiz,
    CourseSession,
    Content,
    FormerEntry,
    EndedAssignment,
    ItemRollup,
    LearnerDay,
    DaysKept,
    RollupState,
    Touched,
    Lease,
    Deployment,
    Retained,
    Unfinished,
    Writer,
]

__all__ = [
    "ALL",
    "AttemptOverflow",
    "Classroom",
    "Content",
    "ContentSession",
    "ContentSummary",
    "CourseSession",
    "DaysKept",
    "Deployment",
    "EndedAssignment",
    "Facility",
    "FormerEntry",
    "IdempotencyKey",
    "ItemRollup",
    "LearnerDay",
    "LearnerGroup",
    "Lease",
    "Lesson",
    "MasteryLog",
    "Question",
    "Quiz",
    "RecordingPermit",
    "Retained",
    "RollupState",
    "Touched",
    "Unfinished",
    "User",
    "Writer",
]
