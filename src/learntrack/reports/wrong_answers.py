"""The commonest wrong answers at a few contents, as the report `item-analysis` with details says them.

For a page that shows one of them a content: the statistics of the report take the embedded engine seven times as long
as handing out the tries that it counts.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from learntrack.access.may_read import Readable, owners_named
from learntrack.documents import MasteryLog
from learntrack.domain.ids import summary_id
from learntrack.storage import Database
from learntrack.storage.database import Row

_SUMMARIES_AT_ONCE = 1000
_MOST_CHARACTERS = 500
"""Of an answer, as the report cuts it."""
_OF_ATTEMPT = ("item", "correct", "simple_answer", "start_timestamp", "number")


class WrongAnswer(Struct, frozen=True):
    """A wrong answer, and how many learners gave it."""

    answer: str
    learners: int


class WrongAnswers:
    """Counts the wrong answers of tries at one content.

    Of exercises every attempt counts; of quizzes the first answer of each learner to each question.

    Args:
        kept: Of how many of a question's answers, the commonest, is told who gave them.

    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._times: Counter[tuple[str, str]] = Counter()
        self._learners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._first: dict[tuple[str, str], tuple[object, ...]] = {}

    def count(self, row: Row) -> None:
        """Count the attempts of a try."""
        user = row["user_id"]
        for attempt in row["attempts"]:
            answer = "" if attempt["correct"] >= 1 else (attempt.get("simple_answer") or "")[:_MOST_CHARACTERS]
            if row["mastery_level"] >= 0:
                self._add(user, attempt["item"], answer)
                continue
            given = attempt["start_timestamp"], attempt["number"], attempt["correct"], answer
            key = user, attempt["item"]
            self._first[key] = min(self._first.get(key, given), given)

    def commonest(self) -> WrongAnswer | None:
        """That of all questions which most learners gave; None of none."""
        for (user, item), (*_, answer) in self._first.items():
            self._add(user, item, str(answer))
        self._first.clear()
        by_item: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for (item, answer), times in self._times.items():
            by_item[item].append((-times, answer))
        given = [
            (len(self._learners[item, answer]), answer)
            for item, answers in by_item.items()
            for _, answer in sorted(answers)[: self._kept]
        ]
        return WrongAnswer(max(given)[1], max(given)[0]) if given else None

    def _add(self, user: str, item: str, answer: str) -> None:
        if answer:
            self._times[item, answer] += 1
            self._learners[item, answer].add(user)


async def commonest_wrong(
    db: Database, members: Readable, contents: Sequence[str], kept: int
) -> tuple[dict[str, WrongAnswer], set[str]]:
    """The commonest wrong answer at each of these contents, and those of them of which the report is to be asked: some
    of their attempts are in chunks. Index: summary.
    """
    counted = {content: WrongAnswers(kept) for content in contents}
    long: set[str] = set()
    for part in members.in_parts(max(1, _SUMMARIES_AT_ONCE // max(1, len(contents)))):
        summaries = [summary_id(user, content) for user in part.users or () for content in contents]
        query = {"summary_id": {"$in": summaries}} | owners_named(db, part).query()
        async for row in db.reports.each(MasteryLog, query, _SHOWN):
            if (row.get("overflow") or {}).get("chunk_count"):
                long.add(row["content_id"])
            counted[row["content_id"]].count(row)
    found = {content: each.commonest() for content, each in counted.items() if content not in long}
    return {content: answer for content, answer in found.items() if answer is not None}, long


_SHOWN: Mapping[str, int] = dict.fromkeys(
    ("user_id", "content_id", "mastery_level", "overflow.chunk_count", *(f"attempts.{name}" for name in _OF_ATTEMPT)), 1
)
