"""Reports as a test asks for them, and quizzes that they are about."""

from typing import Any

from tests.support import ROOT, Api, Person, School


async def report(api: Api, name: str, by: Person = ROOT, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await api.answer("GET", f"/api/reports/{name}", by, params=asked))["results"]
    return rows


async def quiz_of(school: School, to: str = "A1", **fields: Any) -> str:
    quiz = await school.quiz(to)
    await school.api.roster(ROOT, quizzes=[{"id": quiz, "title": "Fractions", **fields}])
    return quiz


async def answered(school: School, learner: Person, quiz: str, *answers: dict[str, Any], hand_in: bool = True) -> None:
    session = await school.api.start(learner, quiz_id=quiz)
    for answer in answers:
        await school.api.update(learner, session, interactions=[answer])
    if hand_in:
        await school.api.update(learner, session, progress=1)


def membership(school: School, learner: Person) -> dict[str, Any]:
    return {"user_id": learner.id, "collection_id": school.places["A1"]}
