"""What contents are called and which questions they have, as far as somebody has said so."""

from collections.abc import Sequence
from typing import Self

from beanie import Document
from pydantic import BaseModel, Field

from learntrack.documents.base import Stored


class Question(BaseModel):
    """A question of a content or a quiz. `item` is its name in attempts, `content_id` the content that it is from."""

    item: str
    title: str | None = None
    content_id: str | None = None
    right_answer: str | None = None


class Content(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A content, whose id is the content_id of logs. `question_count` is null where nobody has said it; `questions`
    may be fewer than that. `topics` are the titles of the folders that it is in, the outermost first.
    """

    title: str
    kind: str
    channel_id: str | None = None
    channel_name: str | None = None
    topics: list[str] = Field(default_factory=list)
    question_count: int | None = None
    questions: list[Question] = Field(default_factory=list)

    class Settings:
        """Collection."""

        name = "contents"


class FormerEntry(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """What the roster has no more: its name (and of a quiz its questions), for what was recorded before. `part` is the
    part of the roster where it was.
    """

    part: str
    title: str
    question_count: int | None = None
    questions: list[Question] = Field(default_factory=list)

    class Settings:
        """Collection."""

        name = "former_entries"

    @classmethod
    def begin(
        cls,
        entry_id: str,
        part: str,
        title: str,
        *,
        question_count: int | None = None,
        questions: Sequence[Question] = (),
    ) -> Self:
        """What is being removed."""
        return cls.new(id=entry_id, part=part, title=title, question_count=question_count, questions=[*questions])
