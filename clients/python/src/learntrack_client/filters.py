"""What each question can be narrowed by, under the API's names; None is as if it were not there."""

from datetime import date
from typing import Literal, TypedDict


class OfLearners(TypedDict, total=False):
    """Whose: those of a facility, of a classroom (its groups included) or of a group."""

    facility: str | None
    classroom: str | None
    learner_group: str | None


class DiffFilters(OfLearners, total=False):
    """Which tries are compared: `complete` finished ones or unfinished ones, `quiz` those of quizzes or of exercises.

    `include` asks for further fields, comma-separated: user, content, mastery_level, question_count.
    """

    complete: bool | None
    quiz: bool | None
    include: str | None


class TryFilters(DiffFilters, total=False):
    """Which tries."""

    content: str | None
    user: str | None


class AttemptFilters(OfLearners, total=False):
    """Which attempts: `masterylog` is the try, `item` the question."""

    masterylog: str | None
    user: str | None
    content: str | None
    item: str | None
    complete: bool | None
    mastery_level: int | None


class ReportFilters(TypedDict, total=False):
    """What a report is about: from `since` on, before `until` (dates or moments; ISO 8601 as text)."""

    since: date | str | None
    until: date | str | None
    facility: str | None
    classroom: str | None
    content: str | None
    timezone: str | None
    attempts: Literal["first", "latest", "all"] | None
    details: bool | None
    former: bool | None
