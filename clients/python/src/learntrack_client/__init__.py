"""Records how learners use content in learntrack, online or not.

`Client` for plain code, `AsyncClient` for asyncio; both do the same.
"""

from learntrack_client.blocking import Client, Session
from learntrack_client.client import AsyncClient
from learntrack_client.filters import AttemptFilters, DiffFilters, ReportFilters, TryFilters
from learntrack_client.local_state import SessionState
from learntrack_client.people import Me
from learntrack_client.problems import (
    Busy,
    Closed,
    Forbidden,
    InvalidFields,
    LearntrackError,
    NotFound,
    Problem,
    QueueFull,
    QueueUnusable,
    SignedOut,
    TooLarge,
    Unreachable,
)
from learntrack_client.reading import RosterKind
from learntrack_client.session import AsyncSession
from learntrack_client.shapes import (
    Aside,
    Attempt,
    AttemptView,
    Content,
    Criterion,
    Diff,
    Interaction,
    Kind,
    MasteryModel,
    ProblemDocument,
    ReportName,
    SenderState,
    Status,
    Total,
    Try,
)

__version__ = "0.1.0"

__all__ = [
    "Aside",
    "AsyncClient",
    "AsyncSession",
    "Attempt",
    "AttemptFilters",
    "AttemptView",
    "Busy",
    "Client",
    "Closed",
    "Content",
    "Criterion",
    "Diff",
    "DiffFilters",
    "Forbidden",
    "Interaction",
    "InvalidFields",
    "Kind",
    "LearntrackError",
    "MasteryModel",
    "Me",
    "NotFound",
    "Problem",
    "ProblemDocument",
    "QueueFull",
    "QueueUnusable",
    "ReportFilters",
    "ReportName",
    "RosterKind",
    "SenderState",
    "Session",
    "SessionState",
    "SignedOut",
    "Status",
    "TooLarge",
    "Total",
    "Try",
    "TryFilters",
    "Unreachable",
]
