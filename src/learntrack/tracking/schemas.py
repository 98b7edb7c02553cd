"""Shapes of the progress-tracking API, in and out. Fields are Kolibri's; rules that span fields are in `requests`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.domain.ids import parse_id
from learntrack.domain.mastery import ContentKind, MasteryModelType, TestType
from learntrack.web import examples
from learntrack.web.values import Criterion, Fraction, Id, ItemName, OutId, PlainText, Seconds, WholeNumber

JsonObject = dict[str, Any]
"""An object of a client's own making."""


class MasteryModel(Struct, omit_defaults=True):
    """What mastery of an exercise demands. Only these three fields are kept."""

    type: Annotated[MasteryModelType, Meta(title="MasteryModelType", description="m_of_n needs n.")]
    m: Annotated[WholeNumber | None, Meta(description="Right answers needed.")] = None
    n: Annotated[WholeNumber | None, Meta(description="Out of how many of the newest answers.")] = None

    def criterion(self) -> dict[str, Any]:
        """The criterion as it is stored with a try."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class SessionStart(Struct):
    """A visit begins: of a node of a channel, of a quiz that a coach assigned, or of the test of a course's unit."""

    node_id: Annotated[Id | None, Meta(description="The node visited; needs kind, content_id and channel_id.")] = None
    content_id: Annotated[Id | None, Meta(description="The content of the node: progress is kept per content.")] = None
    channel_id: Annotated[Id | None, Meta(description="The channel of the node.")] = None
    kind: Annotated[
        Annotated[ContentKind, Meta(title="Kind")] | None,
        Meta(description="The kind of the content. An exercise needs mastery_model, others must not have it."),
    ] = None
    lesson_id: Annotated[
        Id | None, Meta(description="The lesson within which the node is visited; it must be assigned to the caller.")
    ] = None
    quiz_id: Annotated[
        Id | None, Meta(description="The coach-assigned quiz to take; not with lesson_id or node_id.")
    ] = None
    course_session_id: Annotated[
        Id | None,
        Meta(description="The course within which the node or the unit's test is visited; not with lesson_id."),
    ] = None
    unit_id: Annotated[
        Id | None,
        Meta(
            description="The unit of the course whose test is taken; needs test_type and course_session_id; not with "
            "node_id or quiz_id."
        ),
    ] = None
    test_type: Annotated[
        Annotated[TestType, Meta(title="TestType")] | None,
        Meta(description="Whether it is the test before the unit or the one after it."),
    ] = None
    mastery_model: Annotated[MasteryModel | None, Meta(description="What mastery of an exercise demands.")] = None
    repeat: Annotated[
        bool | None, Meta(description="Start over: progress is set to 0, and a finished try is followed by a new one.")
    ] = False

    def __post_init__(self) -> None:
        """Write ids in one way."""
        for name in ("node_id", "content_id", "channel_id", "lesson_id", "quiz_id", "course_session_id", "unit_id"):
            if (value := getattr(self, name)) is not None:
                setattr(self, name, parse_id(value))


SESSION_START_EXAMPLE = {
    "node_id": examples.NODE,
    "content_id": examples.CONTENT,
    "channel_id": examples.CHANNEL,
    "kind": "exercise",
    "mastery_model": examples.CRITERION,
}


class Interaction(Struct):
    """What a learner did at a question: answered, took a hint, or met an error."""

    item: Annotated[ItemName, Meta(description="The question.")]
    correct: Annotated[Fraction, Meta(description="How right the answer is, 0.0–1.0; of a hint 0.")]
    time_spent: Annotated[Seconds, Meta(description="Seconds spent on the question so far.")]
    id: Annotated[
        Id | None,
        Meta(description="The attempt of this try that goes on; unset: a new attempt, unless replace finds one."),
    ] = None
    answer: Annotated[dict[str, Any] | None, Meta(description="Required unless error; of a hint {}.")] = None
    simple_answer: Annotated[PlainText | None, Meta(description="The answer as plain text.")] = None
    complete: Annotated[bool | None, Meta(description="The question is done.")] = False
    error: Annotated[bool | None, Meta(description="The question could not be shown or judged.")] = False
    hinted: Annotated[bool | None, Meta(description="The learner took a hint.")] = False
    replace: Annotated[
        bool | None, Meta(description="Replace the answer of the newest attempt on this item, if there is one.")
    ] = False

    def __post_init__(self) -> None:
        """Write the id in one way."""
        if self.id is not None:
            self.id = parse_id(self.id)


class SessionUpdate(Struct):
    """What happened since the last update."""

    progress_delta: Annotated[Fraction | None, Meta(description="Progress made; not with progress.")] = None
    progress: Annotated[Fraction | None, Meta(description="Progress reached; not with progress_delta.")] = None
    time_spent_delta: Annotated[Seconds | None, Meta(description="Seconds spent.")] = None
    extra_fields: Annotated[
        dict[str, Any] | None, Meta(description="Anything the app keeps with the summary; replaces what was there.")
    ] = None
    interactions: Annotated[
        list[Interaction] | None,
        Meta(description="Interactions in order; consecutive ones of one update on one item belong to one attempt."),
    ] = None


SESSION_UPDATE_EXAMPLE = {
    "progress_delta": 0.2,
    "time_spent_delta": 12.5,
    "interactions": [
        {
            "item": "question 1",
            "correct": 1,
            "time_spent": 12.5,
            "answer": {"value": "3/4"},
            "simple_answer": "3/4",
            "complete": True,
        }
    ],
}


class SessionContext(Struct):
    """Within what the content is visited."""

    node_id: OutId | UnsetType = UNSET
    quiz_id: OutId | UnsetType = UNSET
    lesson_id: OutId | UnsetType = UNSET
    course_session_id: OutId | UnsetType = UNSET
    unit_id: OutId | UnsetType = UNSET
    mastery_level: (
        Annotated[int, Meta(description="Which try: 1, 2, 3… of exercises, random negative of quizzes.")] | UnsetType
    ) = UNSET


class AttemptView(Struct):
    """An attempt as a client needs it to decide on mastery."""

    id: OutId
    correct: float
    complete: bool
    hinted: bool
    error: bool
    item: str
    answer: dict[str, Any] | None
    time_spent: Annotated[float, Meta(description="Seconds.")]
    answer_omitted: (
        Annotated[bool, Meta(description="The answer is too large to be shown here; the list of attempts has it.")]
        | UnsetType
    ) = UNSET


_VIEW_EXAMPLE = {
    "id": examples.ATTEMPT,
    "correct": 1.0,
    "complete": True,
    "hinted": False,
    "error": False,
    "item": "question 1",
    "answer": {"value": "3/4"},
    "time_spent": 12.5,
}


OccurredAt = Annotated[
    datetime,
    Meta(description="The moment that counts, where that is not the `occurred_at` of the queue's item."),
]


class SessionStarted(Struct):
    """Where the learner left off."""

    session_id: Annotated[OutId, Meta(description="Send updates to this session.")]
    context: SessionContext
    progress: Annotated[float, Meta(description="Progress over all visits, 0.0–1.0.")]
    time_spent: Annotated[float, Meta(description="Seconds over all visits; of an assessment: in this try.")]
    extra_fields: dict[str, Any]
    complete: Annotated[bool, Meta(description="The content is done; of an assessment: this try is finished.")]
    mastery_criterion: Annotated[Criterion, Meta(description="What mastery demands (assessments).")] | UnsetType = UNSET
    pastattempts: (
        Annotated[list[AttemptView], Meta(description="The newest attempts of this try, newest first (assessments).")]
        | UnsetType
    ) = UNSET
    totalattempts: Annotated[int, Meta(description="How many attempts this try has (assessments).")] | UnsetType = UNSET
    left_out: (
        Annotated[
            list[str],
            Meta(
                description="lesson_id or course_session_id, where it was not the learner's when this visit was made "
                "offline: the visit is recorded without."
            ),
        ]
        | UnsetType
    ) = UNSET
    occurred_at: OccurredAt | UnsetType = UNSET


SESSION_STARTED_EXAMPLE = {
    "session_id": examples.SESSION,
    "context": {"node_id": examples.NODE, "mastery_level": 1},
    "progress": 0.2,
    "time_spent": 12.5,
    "extra_fields": {},
    "complete": False,
    "mastery_criterion": examples.CRITERION,
    "pastattempts": [_VIEW_EXAMPLE],
    "totalattempts": 1,
}


class SessionUpdated(Struct):
    """What the update led to."""

    complete: Annotated[bool, Meta(description="The content is done.")]
    attempts: (
        Annotated[list[AttemptView], Meta(description="The attempt of each group of interactions, in order.")]
        | UnsetType
    ) = UNSET
    occurred_at: OccurredAt | UnsetType = UNSET


SESSION_UPDATED_EXAMPLE = {"complete": False, "attempts": [_VIEW_EXAMPLE]}
