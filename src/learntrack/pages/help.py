"""Who needs help now, with what and why; and which contents are worth another look."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from learntrack.pages.class_page import GridColumn, Line
from learntrack.pages.school import ClassContent, ClassLearner
from learntrack.pages.states import Counts, State
from learntrack.pages.words import Words
from learntrack.storage.database import Row

STRIP = 10
"""Answers in an answer strip, the newest at its end."""
_QUIET = timedelta(days=7)
_TOGETHER = 2
"""Learners whom a content must stop before it is worth another look."""
LOOK_AGAIN = 4


class Recent(Struct):
    """A learner's newest answers at a content, the newest last, and how many tries there were, and today."""

    right: list[bool]
    tries: int
    tries_today: int


class Reason(Struct, frozen=True):
    """Why: the part with the number, and what follows it."""

    strong: str
    rest: str = ""


class Need(Struct):
    """A learner who needs help: with which contents, the latest work first, and why with the first of them, once
    `give_reasons` has said it.
    """

    learner: ClassLearner
    contents: list[ClassContent]
    state: State
    recent: Recent | None = None
    reason: Reason = Reason("")

    @property
    def pair(self) -> tuple[str, str]:
        """The learner and the first of the contents, by their ids."""
        return self.learner.id, self.contents[0].id

    @property
    def when(self) -> datetime:
        """When the learner last worked at it."""
        assert self.state.last is not None
        return self.state.last


class Again(Struct):
    """A content that stops two or more learners, with the commonest wrong answer if one is known."""

    content: ClassContent
    counts: Counts
    learners: list[ClassLearner]
    answer: str | None = None
    given_by: int = 0


def recent_of(tries: Iterable[Row], words: Words) -> dict[tuple[str, str], Recent]:
    """What happened last, by learner and content, of rows of `Logs.recent_tries`."""
    by_pair: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in tries:
        by_pair[row["user_id"], row["content_id"]].append(row)
    return {pair: _recent(rows, words) for pair, rows in by_pair.items()}


def _recent(tries: Sequence[Row], words: Words) -> Recent:
    answers = [attempt for row in tries for attempt in row["attempts"]]
    newest = sorted(answers, key=lambda attempt: (attempt["end_timestamp"], attempt["number"]))[-STRIP:]
    today = sum(words.local(row["end_timestamp"]).date() == words.today for row in tries)
    return Recent([attempt["correct"] >= 1 for attempt in newest], len(tries), today)


def pairs_in_need(columns: Sequence[GridColumn], lines: Sequence[Line]) -> dict[str, list[str]]:
    """The contents that each learner needs help with, the latest work first."""
    found: dict[str, list[tuple[datetime, str]]] = {}
    for line in lines:
        for column, cell in zip(columns, line.cells, strict=True):
            if cell is not None and cell.word == "help" and cell.last is not None:
                found.setdefault(line.learner.id, []).append((cell.last, column.content.id))
    return {learner: [content for _, content in sorted(pairs, reverse=True)] for learner, pairs in found.items()}


def needs(columns: Sequence[GridColumn], lines: Sequence[Line], words: Words) -> list[Need]:
    """Who needs help, the most urgent first: the latest work, and those who have been quiet for a week after them."""
    contents = {column.content.id: column.content for column in columns}
    cells = {
        (line.learner.id, column.content.id): cell
        for line in lines
        for column, cell in zip(columns, line.cells, strict=True)
        if cell is not None
    }
    pairs = pairs_in_need(columns, lines)
    found = []
    for line in lines:
        if stuck := pairs.get(line.learner.id):
            state = cells[line.learner.id, stuck[0]]
            found.append(Need(line.learner, [contents[content] for content in stuck], state))
    return sorted(found, key=lambda need: (words.now - need.when > _QUIET, words.now - need.when, need.learner.name))


def give_reasons(
    found: Sequence[Need],
    recent: Mapping[tuple[str, str], Recent],
    averages: Mapping[str, float],
    words: Words,
) -> None:
    """Say of learners who need help why.

    Args:
        found: The learners.
        recent: Their newest answers.
        averages: The mean score of the class in each quiz.
        words: In which the reasons are said.

    """
    for need in found:
        need.recent = recent.get(need.pair)
        need.reason = reason_of(need.state, need.recent, averages.get(need.contents[0].id), words)


def reason_of(state: State, recent: Recent | None, average: float | None, words: Words) -> Reason:
    """Why a content needs help: of a quiz the score beside the mean of the class, else what happened last."""
    if state.score is not None:
        strong = words.say("%(share)s in the test", share=words.percent(state.score))
        return Reason(strong, words.say("class %(share)s", share=words.percent(average)) if average is not None else "")
    if recent is None or not recent.right:
        return Reason(words.some("%(count)s try, not finished", "%(count)s tries, none finished", state.tries))
    strong = words.say(
        "%(right)s of the last %(count)s right",
        right=words.number(sum(recent.right)),
        count=words.number(len(recent.right)),
    )
    quiet = words.now - state.last if state.last is not None else timedelta()
    if quiet > _QUIET:
        rest = words.some("then nothing for %(count)s day", "then nothing for %(count)s days", quiet.days)
    elif recent.tries_today:
        rest = words.some("%(count)s try today", "%(count)s tries today", recent.tries_today)
    elif recent.tries > 3:
        rest = words.some("%(count)s try, not finished", "%(count)s tries, none finished", recent.tries)
    else:
        rest = words.some("%(count)s try", "%(count)s tries", recent.tries)
    return Reason(strong, rest)


def look_again(columns: Sequence[GridColumn], lines: Sequence[Line], counts: Mapping[str, Counts]) -> list[Again]:
    """The contents that stop two learners or more, those that stop most first."""
    found = []
    for number, column in enumerate(columns):
        stopped = [line for line in lines if (cell := line.cells[number]) is not None and cell.word == "help"]
        if len(stopped) >= _TOGETHER:
            ends = {line.learner.id: cell.last for line in stopped if (cell := line.cells[number]) and cell.last}
            latest = sorted(stopped, key=lambda line: ends[line.learner.id], reverse=True)
            found.append(Again(column.content, counts[column.content.id], [line.learner for line in latest]))
    return sorted(found, key=lambda again: (-again.counts.help, again.content.title or "", again.content.id))
