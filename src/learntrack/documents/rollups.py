"""Rollups: what is kept ready of questions that would take too long over everything."""

from dataclasses import dataclass
from typing import ClassVar

from beanie import Document
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, UpdateOne

from learntrack.documents.base import Row, Stored, Write

FACILITY = IndexModel([("facility_id", ASCENDING), ("content_id", ASCENDING)], name="facility_content")
"""Serves: the items of a facility."""


class RolledUpAnswer(BaseModel):
    """The observations of a question that have one wrong simple answer, or all others; `ItemRollup` says its fields."""

    answer: str | None = None
    attempts: int
    x: float
    xx: float
    rn: int
    rx: float
    rxx: float
    ry: float
    ryy: float
    rxy: float
    hinted: int
    errors: int


class ItemRollup(Stored, Document):  # type: ignore[misc]  # our ids are no ObjectIds
    """Attempts at a question by the learners of a facility, for the report item-analysis.

    Its id is `facility:content:item`. `answers` has an entry for each of the commonest wrong simple answers and one
    (`answer` null) for all other observations: how many (`attempts`), the sums of correctness and its square (`x`,
    `xx`); of those that have other questions to be compared with how many (`rn`), the sums of their correctness and of
    the mean correctness at the others (`rx`, `ry`), of their squares and product (`rxx`, `ryy`, `rxy`); and how many
    were `hinted` or met `errors`.
    """

    facility_id: str
    content_id: str
    item: str
    answers: list[RolledUpAnswer]

    class Settings:
        """Collection and indexes."""

        name = "item_rollups"
        indexes: ClassVar = [FACILITY]


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as an aggregation keeps it ready, which stands for what was there under its id."""

    kind: type[Stored]
    row: Row

    def collection(self) -> str:
        """The name of the collection."""
        return self.kind.collection()

    def write(self, namespace: str | None = None, *, sharded: bool = False) -> Write:
        """The write of it; the arguments are those of `Stored.write`."""
        fields = {name: value for name, value in self.row.items() if name != "_id"}
        key = {"_id": self.row["_id"]}
        if sharded and self.kind.shard_key is not None:
            key[self.kind.shard_key] = self.row[self.kind.shard_key]
        return UpdateOne(key, {"$set": fields}, upsert=True, namespace=namespace)
