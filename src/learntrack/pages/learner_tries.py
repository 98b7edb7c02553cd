"""The tries of a learner as a page shows them: newest first, each with its questions and answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from learntrack.pages.answers import Given, given_at
from learntrack.pages.school import ClassContent, ClassRoster, contents_of
from learntrack.pages.words import Words
from learntrack.storage import Database
from learntrack.storage.database import Row


class TryQuestion(Struct):
    """A question of a try: its title, what was done at it in order, the right answer, and seconds."""

    number: int
    title: str | None
    given: list[Given]
    right_answer: str | None
    time_spent: float


class LearnerTry(Struct):
    """A try; `before` are the right and all answers of the one before at the same content (None: there is none)."""

    id: str
    content: ClassContent
    at: datetime
    right: float
    answered: int
    before: tuple[float, int] | None
    time_spent: float
    complete: bool
    questions: list[TryQuestion]

    @property
    def more_right(self) -> float | None:
        """How many more answers were right than in the try before."""
        return None if self.before is None else self.right - self.before[0]

    @property
    def as_long(self) -> bool:
        """Whether the try before had as many answers: else more right ones are not better."""
        return self.before is None or self.answered == self.before[1]

    @property
    def better(self) -> float:
        """Above 0 where a greater share was right than in the try before, below where a smaller one was."""
        if self.before is None or not self.answered or not self.before[1]:
            return 0.0
        return self.right * self.before[1] - self.before[0] * self.answered


async def tries_shown(
    db: Database,
    school: ClassRoster,
    shown: Sequence[Row],
    rows: Sequence[Row],
    attempts: Mapping[str, list[Row]],
    words: Words,
) -> list[LearnerTry]:
    """The tries that are shown, of all (`rows`), with their answers as far as they were read."""
    unknown = {row["content_id"] for row in shown} - school.contents.keys()
    contents = school.contents | await contents_of(db, unknown)
    older: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        older[row["content_id"]].append(row)
    found = []
    for row in shown:
        same = older[row["content_id"]]
        at = same.index(row)
        before = same[at + 1] if at + 1 < len(same) else None
        kind = "quiz" if row["mastery_level"] < 0 else "exercise"
        content = contents.get(row["content_id"]) or ClassContent(row["content_id"], kind)
        answers = attempts.get(row["_id"], [])
        found.append(
            LearnerTry(
                id=row["_id"],
                content=content,
                at=row["end_timestamp"],
                right=row["correct_sum"],
                answered=row["attempt_count"],
                before=None if before is None else (before["correct_sum"], before["attempt_count"]),
                time_spent=row["time_spent"],
                complete=row["complete"],
                questions=_questions(content, answers, words),
            )
        )
    return found


def _questions(content: ClassContent, attempts: Sequence[Row], words: Words) -> list[TryQuestion]:
    """The questions of a try in the quiz's order; those that it does not know in the order in which they came."""
    place = {each.item: number for number, each in enumerate(content.questions, start=1)}
    known = {each.item: each for each in content.questions}
    in_order = sorted(attempts, key=lambda each: (place.get(each["item"], len(place) + 1), each["number"]))
    found = []
    for number, attempt in enumerate(in_order, start=1):
        asked = known.get(attempt["item"])
        found.append(
            TryQuestion(
                number=place.get(attempt["item"], number),
                title=asked.title if asked else None,
                given=list(given_at(attempt, words)),
                right_answer=asked.right_answer if asked else None,
                time_spent=attempt["time_spent"],
            )
        )
    return found
