"""Who struggles: the report `struggling-learners` of all time, from summaries."""

from collections.abc import AsyncIterator

from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.learner_contents import is_completed, is_hard
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

_FIELDS = ("user_id", "content_id", "progress", "completion_timestamp", "finished_tries", "of_tries")


async def struggling_learners(db: Reading, about: CountedAbout) -> AsyncIterator[Row]:
    """The rows of the report.

    Raises:
        TooMany: there are more than are held here.

    """
    rows: list[Row] = []
    async for summary in summaries(db, about, _FIELDS):
        numbers = summary["of_tries"].get("exercise") if summary.get("of_tries") else None
        if numbers is None or is_completed(summary) or not is_hard(numbers):
            continue
        if len(rows) >= MOST_ROWS:
            raise TooMany
        rows.append(
            {
                "user_id": summary["user_id"],
                "content_id": summary["content_id"],
                "tries": numbers["tries"],
                "attempts": numbers["attempts"],
                "correct_share": numbers["correct_sum"] / numbers["attempts"],
                "time_spent": numbers["time_spent"],
                "last_activity": numbers["last_end"],
            }
        )
    rows.sort(key=lambda row: (-row["attempts"], row["user_id"], row["content_id"]))
    for row in rows:
        yield row
