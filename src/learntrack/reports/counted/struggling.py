"""Who struggles: the report `struggling-learners` of all time, from summaries."""

from learntrack.domain.portions import in_parts
from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.learner_contents import is_completed, is_hard
from learntrack.reports.parts import ROWS, Parts
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values

_FIELDS = (
    *("user_id", "content_id", "progress", "completion_timestamp", "finished_tries"),
    *(f"of_tries.exercise.{name}" for name in ("tries", "attempts", "correct_sum", "time_spent", "last_end")),
)


async def struggling_learners(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report.

    Raises:
        TooMany: there are more than are held here.

    """
    rows: list[Values] = []
    async for part in summaries(db, about, _FIELDS):
        for user, content, progress, completion, finished, tries, attempts, correct, seconds, last in part:
            if tries is None or not is_hard(attempts, correct) or is_completed(progress, completion, finished):
                continue
            rows.append((user, content, tries, attempts, correct / attempts, seconds, last))
        if len(rows) > MOST_ROWS:
            raise TooMany
    rows.sort(key=lambda row: (-row[3], row[0], row[1]))
    for found in in_parts(rows, ROWS):
        yield found
