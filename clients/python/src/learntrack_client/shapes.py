"""What an app says and hears. Fields are the API's, with its units: seconds, and fractions from 0.0 to 1.0."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, structs

JsonObject = dict[str, Any]
"""An object of the app's own making."""

ItemKind = Literal["start", "update"]

Kind = Literal["audio", "document", "exercise", "h5p", "html5", "quiz", "slideshow", "topic", "video", "zim"]
"""The kind of a node's content."""

MasteryModelType = Literal[
    "do_all",
    "m_of_n",
    "num_correct_in_a_row_10",
    "num_correct_in_a_row_2",
    "num_correct_in_a_row_3",
    "num_correct_in_a_row_5",
    "pre_post_test",
    "quiz",
    "skill_check",
]


class MasteryModel(Struct, frozen=True, omit_defaults=True):
    """What mastery of an exercise demands, for example `MasteryModel("m_of_n", m=3, n=5)`.

    A practice quiz is an exercise with `MasteryModel("quiz")`.
    """

    type: MasteryModelType
    m: int | None = None
    n: int | None = None


class Content(Struct, frozen=True, omit_defaults=True):
    """What is visited.

    A node of a channel (`kind, node_id, content_id, channel_id`, an exercise with its `mastery_model`), a coach's quiz
    (`quiz_id`), or the test of a course's unit (`unit_id, test_type, course_session_id`).
    """

    kind: Kind | None = None
    node_id: str | None = None
    content_id: str | None = None
    channel_id: str | None = None
    mastery_model: MasteryModel | None = None
    lesson_id: str | None = None
    quiz_id: str | None = None
    course_session_id: str | None = None
    unit_id: str | None = None
    test_type: Literal["pre", "post"] | None = None

    @property
    def name(self) -> str:
        """What tells it from other contents: progress is kept for each of them."""
        if self.quiz_id is not None:
            return f"quiz {plain_id(self.quiz_id)}"
        if self.unit_id is not None:
            return f"test {plain_id(self.course_session_id or '')} {plain_id(self.unit_id)} {self.test_type}"
        return f"content {plain_id(self.content_id or '')}"


class Interaction(Struct, frozen=True, omit_defaults=True):
    """What a learner did at a question (`item`): answered it, took a hint (`hinted`), or met an error (`error`).

    `correct` is 0.0–1.0, 0 of a hint. `time_spent` is the seconds at the question so far. `answer` is required unless
    `error`; of a hint it may be {}. `complete`: the question is done. `id` goes on with that attempt, `replace` with
    the newest one on the item; else a new attempt begins.
    """

    item: str
    correct: float
    time_spent: float
    answer: JsonObject | None = None
    simple_answer: str | None = None
    id: str | None = None
    complete: bool = False
    error: bool = False
    hinted: bool = False
    replace: bool = False

    def __post_init__(self) -> None:
        """True is a right answer, False a wrong one."""
        if isinstance(self.correct, bool):
            structs.force_setattr(self, "correct", float(self.correct))


class Start(Struct, frozen=True, omit_defaults=True):
    """A visit begins."""

    content: Content
    repeat: bool = False


class Update(Struct, frozen=True, omit_defaults=True):
    """What happened since the last update."""

    progress_delta: float | None = None
    progress: float | None = None
    time_spent_delta: float | None = None
    extra_fields: JsonObject | None = None
    interactions: list[Interaction] | None = None

    def __post_init__(self) -> None:
        """True is 1, as the service reads it."""
        for name in ("progress_delta", "progress", "time_spent_delta"):
            if isinstance(value := getattr(self, name), bool):
                structs.force_setattr(self, name, float(value))


class AttemptView(Struct, kw_only=True):
    """An attempt as an app needs it to decide on mastery; without an `id` as long as the service has not told it."""

    item: str
    correct: float
    time_spent: float
    id: str | None = None
    complete: bool = False
    hinted: bool = False
    error: bool = False
    answer: JsonObject | None = None


class ProblemDocument(Struct, omit_defaults=True):
    """Why something was refused (RFC 9457); `errors` are messages by field."""

    status: int = 0
    title: str = ""
    detail: str = ""
    errors: dict[str, list[str]] = {}


class Aside(Struct, frozen=True):
    """An item of the queue that the service refused for good: what it was, and the service's answer."""

    key: str
    session_id: str
    kind: ItemKind
    occurred_at: str
    body: JsonObject
    problem: ProblemDocument


SenderState = Literal["idle", "sending", "waiting", "signed_out", "elsewhere"]
"""`waiting`: for the network or the service, `trouble` says why; `signed_out`: for a token; `elsewhere`: another
process of this queue sends.
"""


class Status(Struct, frozen=True):
    """How the queue is.

    `waiting` items are to be sent, `aside` ones were refused. `nearly_full` from four fifths on of what it may hold, in
    items or in bytes; once it is full, `start` and `update` raise `QueueFull`. `durable`: whether it outlives the
    process, which a file does (a browser's queue may not).
    """

    waiting: int
    aside: int
    bytes: int
    nearly_full: bool
    durable: bool
    state: SenderState
    trouble: str | None


class Criterion(Struct, omit_defaults=True):
    """What mastery demands."""

    type: str | None = None
    m: int | None = None
    n: int | None = None
    coach_assigned: bool | None = None
    version: str | None = None
    test_type: str | None = None


class Try(Struct, kw_only=True):
    """A try at an assessment. The last four fields are there where `include` asks for them, else None."""

    id: str
    mastery_criterion: Criterion
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None
    complete: bool
    correct: float
    time_spent: float
    user: str | None = None
    content: str | None = None
    mastery_level: int | None = None
    question_count: int | None = None


class Attempt(Struct, kw_only=True):
    """An attempt at a question."""

    id: str
    item: str
    start_timestamp: datetime
    end_timestamp: datetime
    completion_timestamp: datetime | None
    time_spent: float
    complete: bool
    correct: float
    hinted: bool
    answer: JsonObject
    simple_answer: str
    interaction_history: list[JsonObject]
    error: bool
    user: str | None
    masterylog: str | None
    sessionlog: str


class CorrectDiff(Struct):
    """The difference to the newest attempt on the same item in the older try; None if there was none."""

    correct: float | None


class AttemptDiff(Attempt, kw_only=True):
    """An attempt with its difference."""

    diff: CorrectDiff


class TryDiff(Struct):
    """The difference to the next older try."""

    correct: float
    time_spent: float


class Diff(Try, kw_only=True):
    """A try, its difference to the one before (None if there is none), and its attempts with theirs."""

    diff: TryDiff | None
    attemptlogs: list[AttemptDiff]


class Total(Struct):
    """How much a learner has finished: tries, and contents without tries."""

    id: str
    progress: int


class Column(Struct):
    """A column of a report."""

    name: str
    kind: str
    description: str = ""


class ReportName(Struct):
    """A report that can be asked for."""

    name: str
    title: str
    description: str
    columns: list[Column]


def plain_id(text: str) -> str:
    """A UUID in the form that the service answers: 32 lowercase digits."""
    return text.replace("-", "").lower()
