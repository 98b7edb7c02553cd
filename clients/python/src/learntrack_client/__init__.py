"""Records how learners use content in learntrack, online or not.

`Client` for plain code, `AsyncClient` for asyncio; both do the same.
"""

from learntrack_client.blocking import Client, Session
from learntrack_client.client import AsyncClient
from learntrack_client.local_state import SessionState
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
from learntrack_client.session import AsyncSession
from learntrack_client.shapes import (
    Aside,
    Attempt,
    AttemptView,
    Content,
    Diff,
    Interaction,
    MasteryModel,
    ProblemDocument,
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
    "AttemptView",
    "Busy",
    "Client",
    "Closed",
    "Content",
    "Diff",
    "Forbidden",
    "Interaction",
    "InvalidFields",
    "LearntrackError",
    "MasteryModel",
    "NotFound",
    "Problem",
    "ProblemDocument",
    "QueueFull",
    "QueueUnusable",
    "Session",
    "SessionState",
    "SignedOut",
    "Status",
    "TooLarge",
    "Total",
    "Try",
    "Unreachable",
]
