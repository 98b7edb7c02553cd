"""What is refused rather than answered with nothing: a place that is not there, an option of another report."""

from typing import Any

from learntrack.access.standing import Caller
from learntrack.documents import Classroom, Facility, LearnerGroup
from learntrack.errors import NotFound, field_error
from learntrack.reports.filters import ReportFilters
from learntrack.reports.questions import ReportQuestion, questions
from learntrack.storage import Database

OPTIONS = ("attempts", "details")
"""What only some reports know, by `ReportQuestion.options`; all else narrows every report."""


def question_for(name: str, filters: ReportFilters) -> ReportQuestion:
    """The question of this name. An option of another one is refused: the answer would look as if it had been heeded.

    Raises:
        NotFound: there is no such question.
        InvalidFields: an option is another's.

    """
    question = questions().get(name)
    if question is None:
        raise NotFound(f"There is no report {name}; there are {', '.join(questions())}.")
    for option in OPTIONS:
        if getattr(filters, option) and option not in question.options:
            knowing = [name for name, each in questions().items() if option in each.options]
            raise field_error(option, f"This report does not know it; only {', '.join(knowing)} does.")
    return question


async def refuse_unknown_places(db: Database, filters: ReportFilters, by: Caller) -> None:
    """Refuse a place in which nobody could be, as the answer would look as if nobody had worked: one that is not there,
    that is of another kind, or that the caller has nothing to do with. The three must not be told apart. Index: the
    key.

    Raises:
        InvalidFields: there is one.

    """
    named: tuple[tuple[str, type[Any], str | None], ...] = (
        ("facility", Facility, filters.facility),
        ("classroom", Classroom, filters.classroom),
    )
    for field, kind, key in named:
        if key is None:
            continue
        row = await db.find_one(kind, {"_id": key}, {"facility_id": 1})
        if row is None or not await _concerns(db, by, key, row.get("facility_id")):
            raise field_error(field, f"There is no such {field}, or not for you.")


async def _concerns(db: Database, caller: Caller, place: str, around: str | None) -> bool:
    """Whether the caller is in a place, or has a role in it, in the facility `around` it, or in a classroom or group in
    it. Index: the key.
    """
    standing = await caller.standing()
    if standing.superuser or place in standing.places | standing.role_places or around in standing.role_places:
        return True
    groups = await db.find(LearnerGroup, {"_id": {"$in": sorted(standing.role_places)}}, {"classroom_id": 1})
    classrooms = {row["classroom_id"] for row in groups}
    inside = {"_id": {"$in": sorted(standing.role_places | classrooms)}, "facility_id": place}
    return place in classrooms or await db.find_one(Classroom, inside, {"_id": 1}) is not None
