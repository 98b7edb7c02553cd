"""Rollups: what is kept ready of questions that would take too long over everything."""

from typing import Any, ClassVar

from beanie import Document
from pymongo import ASCENDING, IndexModel

from learntrack.documents.base import Stored

FACILITY = IndexModel([("facility_id", ASCENDING), ("content_id", ASCENDING)], name="facility_content")
"""Serves: the items of a facility."""


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
    answers: list[dict[str, Any]]

    class Settings:
        """Collection and indexes."""

        name = "item_rollups"
        indexes: ClassVar = [FACILITY]
