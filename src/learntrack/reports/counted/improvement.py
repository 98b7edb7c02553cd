"""From try to try: the report `improvement`, whose summaries with several tries are found beforehand.

Where a facility is the only one, the engine takes a third of a pipeline's time to find them as they lie. What changed
between their tries it tells itself, by the question's own pipeline.
"""

from learntrack.documents import ContentSummary
from learntrack.domain.moments import milliseconds
from learntrack.domain.portions import in_parts
from learntrack.reports.counted.asked import MOST_ROWS, CountedAbout, TooMany, summaries
from learntrack.reports.parts import ROWS, Parts
from learntrack.reports.questions import filled, questions
from learntrack.storage.database import Stage
from learntrack.storage.reading import Reading
from learntrack.storage.some_fields import Values

_FIELDS = (
    *("user_id", "content_id", "_id"),
    *(f"of_tries.{kind}.tries" for kind in ("exercise", "quiz", "coach_quiz")),
)
_SEVERAL = {
    "$or": [
        {"of_tries.exercise.tries": {"$gt": 1}},
        {"of_tries.quiz.tries": {"$gt": 0}},
        {"of_tries.coach_quiz.tries": {"$gt": 0}},
    ]
}
"""What these meet, and others may."""


async def improvement(db: Reading, about: CountedAbout) -> Parts:
    """The rows of the report, in its order: the summaries are, some hundred of which are asked for at once. Index: the
    key.

    Raises:
        TooMany: there are more such summaries than are held here.

    """
    several: list[Values] = []
    async for part in summaries(db, about, _FIELDS, where=_SEVERAL):
        several += [each[:3] for each in part if sum(filter(None, each[3:])) > 1]
        if len(several) > MOST_ROWS:
            raise TooMany
    question = questions()["improvement"]
    names = [column.name for column in question.columns]
    rest = filled(question.pipeline, {"period": dict(about.period)} if about.period else {})
    for theirs in in_parts(sorted(several), ROWS):
        stages: list[Stage] = [{"$match": {"_id": {"$in": [each[2] for each in theirs]}}}, *rest]
        rows: list[Values] = []
        async for row in db.stream(ContentSummary, stages, batch=ROWS):
            row["end_timestamp"] = milliseconds(row["end_timestamp"])
            rows.append(tuple(row[name] for name in names))
        for found in in_parts(rows, ROWS):
            yield found
