"""Which reports are counted here, and when."""

from collections.abc import Callable, Mapping, Sequence

from learntrack.access.may_read import Readable
from learntrack.documents import Facility
from learntrack.domain.time_zones import UTC_NAME
from learntrack.reports.counted.asked import CountedAbout
from learntrack.reports.counted.funnel import mastery_funnel
from learntrack.reports.counted.improvement import improvement
from learntrack.reports.counted.lessons import lesson_completion
from learntrack.reports.counted.progress import progress
from learntrack.reports.counted.quizzes import quiz_results
from learntrack.reports.counted.retention import retention
from learntrack.reports.counted.struggling import struggling_learners
from learntrack.reports.counted.time_on_task import time_on_task
from learntrack.reports.filters import ReportFilters
from learntrack.reports.learner_days import KeptDays
from learntrack.reports.parts import Parts
from learntrack.storage import Database
from learntrack.storage.database import Stage
from learntrack.storage.reading import Reading

_FROM_DAYS = ("retention", "time-on-task")
"""Are told from learner-days."""
_COUNTED: Mapping[str, Callable[[Reading, CountedAbout], Parts]] = {
    "improvement": improvement,
    "lesson-completion": lesson_completion,
    "mastery-funnel": mastery_funnel,
    "progress": progress,
    "quiz-results": quiz_results,
    "retention": retention,
    "struggling-learners": struggling_learners,
    "time-on-task": time_on_task,
}
_OF_ALL_TIME = ("mastery-funnel", "struggling-learners")
"""Are told from summaries where no period is asked for only: in one, single tries count."""

_TWO: Sequence[Stage] = ({"$limit": 2}, {"$project": {"_id": 1}})


async def counted(
    db: Database, name: str, filters: ReportFilters, members: Readable, facility: str | None, days: KeptDays | None
) -> Parts | None:
    """The rows of a report, counted here; None where the engine is to be asked.

    They begin with `TooMany` where they are too many to be held.

    Args:
        db: Where everything is stored.
        name: The report's.
        filters: What it is narrowed to.
        members: The learners.
        facility: Theirs, where they are all who is in it (see `CountedAbout`).
        days: The learner-days that answer it, if any do.

    """
    can_tell = name in _COUNTED and not filters.names_contents
    can_tell &= not (name in _OF_ALL_TIME and filters.has_period) and not (name in _FROM_DAYS and days is None)
    if not db.capabilities.leaves_counting or not can_tell:
        return None
    is_all = facility is not None and len(await db.reports.rows(Facility, _TWO)) < 2
    zone = filters.timezone or UTC_NAME
    if name == "improvement" and not is_all:
        return None
    return _COUNTED[name](db.reports, CountedAbout(members, facility, filters.period, days, is_all, zone))
