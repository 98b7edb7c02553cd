"""From start to mastery: the report `mastery-funnel` of all time, from summaries."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.learner_contents import is_completed
from learntrack.reports.parts import Parts
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values

_FIELDS = (
    *("content_id", "progress", "completion_timestamp", "finished_tries"),
    *(f"of_tries.exercise.{name}" for name in ("tries", "attempts", "finished", "seconds_to_done")),
)


@dataclass(slots=True)
class _Funnel:
    """What is counted of the learners of a content: the numbers of their tries, and the seconds until mastery."""

    attempted: int = 0
    mastered: int = 0
    tries: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def row(self, content: str) -> Values:
        minutes = median(self.seconds) / 60 if self.seconds else None
        return content, len(self.tries), self.attempted, self.mastered, float(median(self.tries)), minutes


async def mastery_funnel(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report.

    Raises:
        TooMany: there are more learners at contents than are held here.

    """
    found: dict[str, _Funnel] = defaultdict(_Funnel)
    held = 0
    async for part in summaries(db, about, _FIELDS):
        for content, progress, completion, finished_tries, tries, attempts, finished, seconds in part:
            if not tries:
                continue
            held += 1
            funnel = found[content]
            funnel.tries.append(tries)
            funnel.attempted += attempts > 0
            funnel.mastered += finished > 0 or is_completed(progress, completion, finished_tries)
            if finished > 0:
                funnel.seconds.append(seconds)
        if held > MOST_ROWS:
            raise TooMany
    if found:
        yield [funnel.row(content) for content, funnel in sorted(found.items())]
