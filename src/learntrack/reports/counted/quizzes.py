"""Quizzes: the report `quiz-results`, from the tries that summaries tell of, and who has to do which quiz."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from learntrack.access.may_read import EVERYBODY
from learntrack.documents import ContentSummary, Quiz
from learntrack.domain.mastery import is_coach_assigned
from learntrack.domain.moments import milliseconds
from learntrack.domain.portions import in_parts
from learntrack.reports.counted.answers import Answered, answered_in, newest_first, question_counts, score_of
from learntrack.reports.counted.asked import BATCH, MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.counted.assigned import assigned_in, learners_by_place, learners_of
from learntrack.reports.parts import ROWS, Parts
from learntrack.storage.database import Row, Stage
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values

_HAS_TRIES = {"of_tries.coach_quiz.tries": {"$gt": 0}}
_FIELDS = (
    *("user_id", "content_id", "mastery_criterion", "complete", "time_spent"),
    *("start_timestamp", "end_timestamp", "completion_timestamp"),
)

Tries = dict[tuple[str, str], list[Answered]]
"""Of a quiz and a learner."""


async def quiz_results(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report.

    Raises:
        TooMany: there are more than are held here.

    """
    found = await _tries(db, about)
    pairs = {key for key, tries in found.items() if any(_is_begun_in(each.row, about.period) for each in tries)}
    places = await learners_by_place(db, about)
    for quiz in await assigned_in(db, Quiz, places, {"collection_ids": 1}):
        pairs |= {(quiz["_id"], user) for user in learners_of(quiz, places)}
        _check(len(pairs))
    counts = await question_counts(db, {quiz for quiz, _ in pairs})
    for part in in_parts(sorted(pairs), ROWS):
        yield [_row(quiz, user, found.get((quiz, user), ()), counts.get(quiz)) for quiz, user in part]


async def _tries(db: Reading, about: CountedAbout) -> Tries:
    """What was answered in coach-assigned quizzes. Indexes: facility_content, owner_progress, summary, holder."""
    found: Tries = defaultdict(list)
    tries = 0
    async for each in answered_in(db, await _with_tries(db, about), _FIELDS, EVERYBODY.query()):
        if not is_coach_assigned(each.row["mastery_criterion"]):
            continue
        tries += 1
        _check(tries)
        found[each.row["content_id"], each.row["user_id"]].append(each)
    return found


async def _with_tries(db: Reading, about: CountedAbout) -> list[str]:
    """The ids of the summaries that tell of such tries: of too many no try is read."""
    keys: list[str] = []
    if about.is_all:
        async for part in summaries(db, about, ("_id",), where=_HAS_TRIES):
            keys += [key for (key,) in part]
            _check(len(keys))
        return keys
    for query in about.parts():
        stages: Sequence[Stage] = ({"$match": query}, {"$match": _HAS_TRIES}, {"$project": {"_id": 1}})
        async for row in db.stream(ContentSummary, stages, batch=BATCH):
            keys.append(row["_id"])
            _check(len(keys))
    return keys


def _is_begun_in(tried: Row, period: Mapping[str, Any]) -> bool:
    since, until = period.get("$gte"), period.get("$lt")
    began = tried["start_timestamp"]
    return (since is None or began >= since) and (until is None or began < until)


def _row(quiz_id: str, user: str, tries: Sequence[Answered], question_count: int | None) -> Values:
    newest = newest_first(tries)
    counts = next((each for each in newest if each.row["complete"]), newest[0] if newest else None)
    finished = counts is not None and bool(counts.row["complete"])
    answered, correct = (0, 0) if counts is None else (counts.answered, counts.correct)
    score = correct / answered if answered else None
    if counts is not None and finished:
        score = score_of(counts, question_count)
    is_over_all = finished and question_count is not None
    completion = None if counts is None else counts.row["completion_timestamp"]
    return (
        quiz_id,
        user,
        "finished" if finished else "started" if tries else "not started",
        answered,
        None if question_count is None else max(question_count, answered),
        correct,
        score,
        None if score is None else "all" if is_over_all else "answered",
        0 if counts is None else counts.row["time_spent"],
        None if completion is None else milliseconds(completion),
    )


def _check(held: int) -> None:
    if held > MOST_ROWS:
        raise TooMany
