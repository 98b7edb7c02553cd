"""Shapes of what the read path answers: rows are made in them, and the aggregations show the fields that they have."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.web import examples
from learntrack.web.values import Criterion, HistoryEntry, OutId

Moment = Annotated[datetime, Meta(description="ISO 8601, UTC.")]
Correct = Annotated[float, Meta(description="0.0–1.0.")]


class TotalProgress(Struct):
    """How much a learner has finished."""

    id: OutId
    progress: Annotated[int, Meta(description="Finished tries, plus contents done that have no tries.")]


TOTAL_EXAMPLE = {"id": examples.LEARNER, "progress": 7}


class MasteryLogRow(Struct):
    """A try."""

    id: OutId
    mastery_criterion: Annotated[Criterion, Meta(description="What mastery demanded.")]
    start_timestamp: Moment
    end_timestamp: Moment
    completion_timestamp: Moment | None
    complete: bool
    correct: Annotated[float, Meta(description="The sum of correct over the try's attempts.")]
    time_spent: Annotated[float, Meta(description="Seconds.")]
    user: Annotated[OutId, Meta(description="The learner; with include=user.")] | UnsetType = UNSET
    content: Annotated[OutId, Meta(description="The content; with include=content.")] | UnsetType = UNSET
    mastery_level: (
        Annotated[
            int, Meta(description="1, 2, 3… of exercises, random negative of quizzes; with include=mastery_level.")
        ]
        | UnsetType
    ) = UNSET
    question_count: (
        Annotated[
            int | None,
            Meta(description="How many questions the content has, null if not known; with include=question_count."),
        ]
        | UnsetType
    ) = UNSET


INCLUDABLE = ("user", "content", "mastery_level", "question_count")
"""Fields of a try that are there only where they are asked for."""

TRY_EXAMPLE = {
    "id": examples.TRY,
    "mastery_criterion": examples.CRITERION,
    "start_timestamp": "2026-03-02T09:14:05.120Z",
    "end_timestamp": "2026-03-02T09:16:40.003Z",
    "completion_timestamp": None,
    "complete": False,
    "correct": 1.0,
    "time_spent": 12.5,
}


class AttemptLogRow(Struct):
    """An attempt at a question."""

    id: OutId
    item: str
    start_timestamp: Moment
    end_timestamp: Moment
    completion_timestamp: Moment | None
    time_spent: Annotated[float, Meta(description="Seconds.")]
    complete: bool
    correct: Correct
    hinted: bool
    answer: dict[str, Any]
    simple_answer: str
    interaction_history: Annotated[
        list[HistoryEntry],
        Meta(description="{type: error}, {type: hint, answer} or {type: answer, answer, correct}."),
    ]
    error: bool
    user: OutId | None
    masterylog: Annotated[OutId | None, Meta(description="The try; null outside a try.")]
    sessionlog: Annotated[OutId, Meta(description="The session in which the attempt began.")]


ATTEMPT_EXAMPLE = {
    "id": examples.ATTEMPT,
    "item": "question 1",
    "start_timestamp": "2026-03-02T09:16:27.503Z",
    "end_timestamp": "2026-03-02T09:16:40.003Z",
    "completion_timestamp": "2026-03-02T09:16:40.003Z",
    "time_spent": 12.5,
    "complete": True,
    "correct": 1.0,
    "hinted": False,
    "answer": {"value": "3/4"},
    "simple_answer": "3/4",
    "interaction_history": [{"type": "answer", "answer": {"value": "3/4"}, "correct": 1.0}],
    "error": False,
    "user": examples.LEARNER,
    "masterylog": examples.TRY,
    "sessionlog": examples.SESSION,
}


class CorrectDiff(Struct):
    """The difference to the newest attempt on the same item in the older try."""

    correct: Annotated[float | None, Meta(description="Null if there was none.")]


class AttemptLogDiffRow(AttemptLogRow):
    """An attempt, with its difference."""

    diff: CorrectDiff


class TryDiff(Struct):
    """The difference to the next older try."""

    correct: float
    time_spent: float


class MasteryLogDiff(MasteryLogRow, kw_only=True):
    """A try, with its difference to the one before, and its attempts with theirs."""

    diff: Annotated[TryDiff | None, Meta(description="Null if there is no older try.")]
    attemptlogs: list[AttemptLogDiffRow]


DIFF_EXAMPLE = {
    **TRY_EXAMPLE,
    "diff": {"correct": 1.0, "time_spent": -3.5},
    "attemptlogs": [{**ATTEMPT_EXAMPLE, "diff": {"correct": 1.0}}],
}
