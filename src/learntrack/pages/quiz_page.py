"""A quiz, or an exercise: learners by questions, and the questions that were hardest."""

from collections.abc import Mapping, Sequence
from hashlib import blake2s

from msgspec import Struct

from learntrack.pages.answers import AskedQuestion, answer_text, questions_of
from learntrack.pages.figures import Figures, median
from learntrack.pages.lesson_page import whom_in_words
from learntrack.pages.school import ClassContent, ClassLearner, ClassLesson, ClassRoster
from learntrack.pages.stretch import Stretch
from learntrack.pages.words import Words
from learntrack.reports.filters import ReportFilters
from learntrack.storage import Database
from learntrack.storage.database import Row

WIDE = 12
"""Questions that share the width of the table; more scroll."""
LOW = 0.55
"""Below this share of right answers a question is marked."""


class QuizAnswer(Struct):
    """A learner's answer to a question; `change` is better, worse or nothing against the try before."""

    right: bool
    text: str
    change: str = ""


class QuizLine(Struct):
    """A learner's latest try. `score` is a share, `points` those against the try before (None: there is none)."""

    learner: ClassLearner
    status: str = "not started"
    score: float | None = None
    correct: float = 0.0
    answered: int = 0
    time_spent: float = 0.0
    points: int | None = None
    answers: list[QuizAnswer | None] = []


class Wrong(Struct):
    """A wrong answer, how often it was given, and by whom, as far as they are in the class."""

    text: str
    times: int
    learners: list[ClassLearner]


class QuestionView(Struct):
    """A question: the share of the class that is right, and what they answered instead."""

    asked: AskedQuestion
    share: float | None
    wrong: list[Wrong]
    answers: int = 0
    discrimination: float | None = None
    hint_rate: float = 0.0
    error_rate: float = 0.0


class QuizView(Struct):
    """What the page of a quiz shows."""

    content: ClassContent
    lesson: ClassLesson | None
    lines: list[QuizLine]
    questions: list[QuestionView]
    groups: list[str]
    enough: float

    @property
    def order(self) -> str:
        """The order of rows, columns and questions in short, so that an open page notices when it would be another."""
        hardest = sorted(self.questions, key=_hardest_first)
        ids = [line.learner.id for line in self.lines] + [each.asked.item for each in (*self.questions, *hardest)]
        return blake2s(",".join(ids).encode(), digest_size=8).hexdigest()

    @property
    def finished(self) -> list[QuizLine]:
        """Those who have handed it in (of an exercise: mastered it)."""
        return [line for line in self.lines if line.status == "finished"]

    @property
    def begun(self) -> list[QuizLine]:
        """Those who have begun it."""
        return [line for line in self.lines if line.status != "not started"]

    @property
    def scores(self) -> list[float]:
        """Of those who have finished."""
        return [line.score for line in self.finished if line.score is not None]

    @property
    def average(self) -> float | None:
        """The mean score."""
        return sum(self.scores) / len(self.scores) if self.scores else None

    @property
    def median(self) -> float | None:
        """The score in the middle."""
        return median(self.scores)

    @property
    def points(self) -> int | None:
        """The mean change against the try before, of those who have one; None of nobody."""
        found = [line.points for line in self.finished if line.points is not None]
        return round(sum(found) / len(found)) if found else None

    @property
    def repeated(self) -> int:
        """How many have a try before."""
        return sum(line.points is not None for line in self.finished)

    @property
    def below(self) -> int:
        """How many are below what is enough."""
        return sum(score < self.enough for score in self.scores)

    @property
    def median_time(self) -> float | None:
        """Seconds, of those who have finished."""
        return median([line.time_spent for line in self.finished])

    def hardest_in(self, stretch: Stretch) -> list[QuestionView]:
        """The questions of a stretch, hardest first; what nobody has answered is left out."""
        return sorted((each for each in stretch.of(self.questions) if each.share is not None), key=_hardest_first)


def _hardest_first(question: QuestionView) -> tuple[float, int]:
    return question.share or 0.0, question.asked.number


async def quiz_view(db: Database, school: ClassRoster, content: ClassContent, words: Words) -> QuizView:
    """The page of a quiz or an exercise."""
    figures = Figures(db, school)
    lesson = school.lesson_of(content.id)
    places = school.places_of(content.id) or frozenset({school.id})
    results = {user: row for (user, _), row in (await figures.quiz_scores(content.id)).items()}
    tries = await figures.logs.tries_at(content.id, school.readable, len(content.questions))
    latest = {row["user_id"]: row for row in tries if row["rank"] == 0}
    before = {row["user_id"]: row for row in tries if row["rank"] == 1}
    assigned = {learner.id for learner in school.assigned(places)} | latest.keys() | results.keys()
    listed = [learner for learner in school.learners if learner.id in assigned]
    asked = questions_of(content, [each["item"] for row in latest.values() for each in row["attempts"]])
    lines = [
        _line(learner, results.get(learner.id), latest.get(learner.id), before.get(learner.id), asked, words)
        for learner in listed
    ]
    # The latest answers, as in the table above them.
    latest_only = ReportFilters(content=content.id, attempts="latest")
    items = {row["item"]: row for row in await figures.report("item-analysis", latest_only)}
    return QuizView(
        content=content,
        lesson=lesson,
        lines=sorted(lines, key=_lowest_first),
        questions=[_question(each, number, lines, items) for number, each in enumerate(asked)],
        groups=school.groups_among(places),
        enough=school.rule.quiz,
    )


def _lowest_first(line: QuizLine) -> tuple[bool, float, str]:
    share = line.score if line.score is not None else line.correct / max(1, line.answered)
    return line.status == "not started", share, line.learner.name.casefold()


def _line(
    learner: ClassLearner,
    result: Row | None,
    latest: Row | None,
    before: Row | None,
    asked: Sequence[AskedQuestion],
    words: Words,
) -> QuizLine:
    if latest is None:
        return QuizLine(learner, answers=[None] * len(asked))
    now, then = _last_by_item(latest), _last_by_item(before) if before else {}
    right = sum(each["correct"] for each in now.values())
    finished = bool(latest["complete"])
    of_result = result if result is not None and result["status"] == "finished" and finished else None
    share = of_result["score"] if of_result else (right / len(now) if now else None)
    points = None
    if then and now:
        # Against the same questions, and as many: what was not answered was not right either.
        many = max(len(now), len(then)) if finished else len(now)
        points = round(100 * (right - sum(each["correct"] for each in then.values())) / many)
    return QuizLine(
        learner=learner,
        status="finished" if finished else "started",
        score=share if finished else None,
        correct=right,
        answered=len(now),
        time_spent=latest["time_spent"],
        points=points,
        answers=[_answer(now.get(each.item), then.get(each.item), words) for each in asked],
    )


def _last_by_item(row: Row) -> dict[str, Row]:
    """The latest answer to each question of a try."""
    found: dict[str, Row] = {}
    for attempt in sorted(row["attempts"], key=lambda each: (each["end_timestamp"], each["number"])):
        found[attempt["item"]] = attempt
    return found


def _answer(attempt: Row | None, before: Row | None, words: Words) -> QuizAnswer | None:
    if attempt is None:
        return None
    change = ""
    if before is not None and attempt["correct"] != before["correct"]:
        change = "better" if attempt["correct"] > before["correct"] else "worse"
    right = attempt["correct"] >= 1
    return QuizAnswer(right, "" if right else answer_text(attempt, words), change)


def _question(asked: AskedQuestion, number: int, lines: Sequence[QuizLine], items: Mapping[str, Row]) -> QuestionView:
    """Who gave which answer is that of the table above; the share and the statistics are those of the report."""
    given: dict[str, list[ClassLearner]] = {}
    for line in lines:
        answer = line.answers[number]
        if answer is not None and not answer.right:
            given.setdefault(answer.text, []).append(line.learner)
    wrong = [Wrong(text, len(learners), learners) for text, learners in given.items()]
    item = items.get(asked.item)
    view = QuestionView(
        asked, item["difficulty"] if item else None, sorted(wrong, key=lambda each: (-each.times, each.text))
    )
    if item:
        view.answers, view.discrimination = item["attempts"], item["discrimination"]
        view.hint_rate, view.error_rate = item["hint_rate"], item["error_rate"]
    return view


def quiz_said(view: QuizView, words: Words) -> str:
    """What stands above the title: of which lesson it is, and for whom."""
    parts = [words.say("Quiz") if view.content.kind == "quiz" else words.say("Exercise")]
    if view.lesson is not None:
        parts.append(words.say("lesson %(number)s", number=words.number(view.lesson.number)))
    return " · ".join([*parts, whom_in_words(view.groups, words)])
