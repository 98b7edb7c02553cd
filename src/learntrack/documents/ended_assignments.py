"""Assignments that have ended: what was done before can still be delivered, and asked for by the class of then."""

from datetime import datetime
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored
from learntrack.domain.ids import ended_assignment_id

ENDED = IndexModel([("assigned_id", ASCENDING)], name="assigned_id")
"""Serves: whether a lesson, quiz or course was assigned when something happened."""


class EndedAssignment(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """A lesson, quiz or course session (`assigned_id`) was assigned to a collection until a moment; of a quiz: and was
    open. Its id is derived from both. It stays when one of the two is removed, and goes when it is assigned again.
    """

    assigned_id: str
    collection_id: str
    until: datetime

    class Settings:
        """Collection and indexes."""

        name = "ended_assignments"
        indexes: ClassVar = [ENDED]

    @staticmethod
    def id_of(assigned_id: str, collection_id: str) -> str:
        """The id of the one document of these two."""
        return ended_assignment_id(assigned_id, collection_id)

    @classmethod
    def begin(cls, assigned_id: str, collection_id: str, until: datetime) -> "EndedAssignment":
        """An assignment that ends."""
        key = cls.id_of(assigned_id, collection_id)
        return cls.new(id=key, assigned_id=assigned_id, collection_id=collection_id, until=until)

    def end_again(self, until: datetime) -> None:
        """It had begun again, and ends."""
        self.change(until=until)
