"""From start to mastery: the report `mastery-funnel` of all time, from summaries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from statistics import median

from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.learner_contents import is_completed
from learntrack.storage.database import Row
from learntrack.storage.reading import Reading

_FIELDS = ("content_id", "progress", "completion_timestamp", "finished_tries", "of_tries")


@dataclass(slots=True)
class _Funnel:
    """What is counted of the learners of a content: the numbers of their tries, and the seconds until mastery."""

    attempted: int = 0
    mastered: int = 0
    tries: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def row(self, content: str) -> Row:
        return {
            "content_id": content,
            "started": len(self.tries),
            "attempted": self.attempted,
            "mastered": self.mastered,
            "median_tries": float(median(self.tries)),
            "median_minutes": median(self.seconds) / 60 if self.seconds else None,
        }


async def mastery_funnel(db: Reading, about: CountedAbout) -> AsyncIterator[Row]:
    """The rows of the report.

    Raises:
        TooMany: there are more learners at contents than are held here.

    """
    found: dict[str, _Funnel] = {}
    held = 0
    async for summary in summaries(db, about, _FIELDS):
        numbers = summary["of_tries"].get("exercise") if summary.get("of_tries") else None
        if numbers is None or numbers["tries"] <= 0:
            continue
        if (held := held + 1) > MOST_ROWS:
            raise TooMany
        funnel = found.setdefault(summary["content_id"], _Funnel())
        funnel.tries.append(numbers["tries"])
        funnel.attempted += numbers["attempts"] > 0
        funnel.mastered += numbers["finished"] > 0 or is_completed(summary)
        if numbers["finished"] > 0:
            funnel.seconds.append(numbers["seconds_to_done"])
    for content, funnel in sorted(found.items()):
        yield funnel.row(content)
