"""The records of a roster, as they are sent and as they are listed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from learntrack.documents import Question
from learntrack.domain.ids import parse_id
from learntrack.domain.mastery import ContentKind
from learntrack.web.values import Id

Name = Annotated[str, Meta(max_length=500)]
MOST_QUESTIONS = 10_000
"""Questions of one content or quiz."""
MOST_COLLECTIONS = 10_000
"""Collections to which one thing is assigned."""
MOST_CONTENTS = 10_000
"""Contents of one lesson."""

MOST_TOPICS = 100
"""Folders, one in another, that a content is in."""


class _Entry(Struct):
    """An entry of the roster, as it is sent and as it is listed."""

    def write_ids_in_one_way(self) -> None:
        """Write ids as they are stored. Asked for by what is sent; what is listed has been stored."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if value is None or value is UNSET:
                continue
            if field == "id" or field.endswith("_id"):
                setattr(self, field, parse_id(value))
            elif field.endswith("_ids"):
                setattr(self, field, list(dict.fromkeys(parse_id(entry) for entry in value)))


_DEFAULTS: Mapping[str, Any] = {
    "full_name": "",
    "is_superuser": False,
    "active": True,
    "collection_ids": [],
    "content_ids": [],
    "questions": [],
    "topics": [],
    **dict.fromkeys(("timezone", "channel_id", "channel_name", "question_count")),
}
"""What a new record has where the field is left out; one that is there keeps its value."""


class Record(_Entry):
    """A record with an id: what is sent of it changes what is stored, and the rest stays."""

    id: Id

    @property
    def entries(self) -> int:
        """How many entries its lists have."""
        lists = [value for name in self.__struct_fields__ if isinstance(value := getattr(self, name), list)]
        return sum(map(len, lists))

    def sent(self) -> dict[str, Any]:
        """The fields that were sent, without the id; null is the same as leaving a field out."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__ if name != "id"}
        sent = {name: value for name, value in fields.items() if value is not UNSET and value is not None}
        if "questions" in sent:
            sent["questions"] = [each.question() for each in sent["questions"]]
            if sent["questions"]:  # who names them has said how many there are
                sent.setdefault("question_count", len(sent["questions"]))
        return sent

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The fields that may be left out, with what they are then."""
        return {name: value for name, value in _DEFAULTS.items() if name in cls.__struct_fields__}

    def complete(self) -> dict[str, Any]:
        """All fields of a new record, without the id."""
        return self.defaults() | self.sent()


class FacilityRecord(Record):
    """A school. Its time zone decides where its days begin."""

    name: Name
    timezone: (
        Annotated[str, Meta(description="An IANA name, such as Africa/Nairobi; null is UTC.", max_length=100)]
        | UnsetType
        | None
    ) = UNSET

    exercise_needs_help: (
        Annotated[
            Literal["latest_try", "all_tries"],
            Meta(
                title="ExerciseNeedsHelp",
                description="What needs help on the pages: the report progress' needs_help, or its struggling.",
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    quiz_needs_help_below: (
        Annotated[
            float, Meta(ge=0, le=1, description="The share below which a finished quiz needs help; 0.5 if unset.")
        ]
        | UnsetType
        | None
    ) = UNSET


class ClassroomRecord(Record):
    """A class of a facility."""

    name: Name
    facility_id: Id


class LearnerGroupRecord(Record):
    """A group of a classroom's learners."""

    name: Name
    classroom_id: Id


class UserRecord(Record):
    """A person."""

    username: Name
    facility_id: Id
    full_name: Name | UnsetType | None = UNSET
    is_superuser: bool | UnsetType | None = UNSET


class MembershipRecord(_Entry):
    """A user is a learner in a collection (facility, classroom or learner group)."""

    user_id: Id
    collection_id: Id


class RoleRecord(_Entry):
    """A user is coach or admin of a collection."""

    user_id: Id
    collection_id: Id
    kind: Annotated[Literal["admin", "coach"], Meta(title="RoleKind")]


class QuestionRecord(_Entry):
    """A question of a content or a quiz."""

    item: Annotated[str, Meta(min_length=1, max_length=1000, description="Its name in attempts.")]
    title: Name | UnsetType | None = UNSET
    content_id: Id | UnsetType | None = UNSET
    right_answer: Annotated[str, Meta(max_length=1000, description="As a simple answer.")] | UnsetType | None = UNSET

    def question(self) -> Question:
        """The question as it is stored."""
        self.write_ids_in_one_way()
        sent = {name: getattr(self, name) or None for name in ("title", "content_id", "right_answer")}
        return Question(item=self.item.strip(), **sent)


QuestionCount = Annotated[int, Meta(ge=0, le=MOST_QUESTIONS, description="How many questions; null if not known.")]
Collections = Annotated[list[Id], Meta(max_length=MOST_COLLECTIONS, description="To whom it is assigned.")]
Topics = Annotated[
    list[Name], Meta(max_length=MOST_TOPICS, description="Titles of the folders that it is in, the outermost first.")
]
Questions = Annotated[list[QuestionRecord], Meta(max_length=MOST_QUESTIONS, description="In order.")]


class LessonRecord(Record):
    """A lesson, assigned to collections; its contents in order."""

    title: Name
    collection_ids: Collections | UnsetType | None = UNSET
    content_ids: Annotated[list[Id], Meta(max_length=MOST_CONTENTS)] | UnsetType | None = UNSET


class QuizRecord(Record):
    """A quiz, assigned to collections; learners may take it while it is active."""

    title: Name
    active: bool | UnsetType | None = UNSET
    collection_ids: Collections | UnsetType | None = UNSET
    question_count: QuestionCount | UnsetType | None = UNSET
    questions: Questions | UnsetType | None = UNSET


class CourseSessionRecord(Record):
    """A course that is being given to collections."""

    title: Name
    collection_ids: Collections | UnsetType | None = UNSET


class ContentRecord(Record):
    """A content: what it is called, and its questions as far as they are known. Its id is the content_id of logs."""

    title: Name
    kind: ContentKind
    channel_id: Id | UnsetType | None = UNSET
    channel_name: Name | UnsetType | None = UNSET
    topics: Topics | UnsetType | None = UNSET
    question_count: QuestionCount | UnsetType | None = UNSET
    questions: Questions | UnsetType | None = UNSET


RosterRecord = (
    FacilityRecord
    | ClassroomRecord
    | LearnerGroupRecord
    | UserRecord
    | MembershipRecord
    | RoleRecord
    | LessonRecord
    | QuizRecord
    | CourseSessionRecord
    | ContentRecord
)
