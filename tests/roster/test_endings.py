"""Until when an assignment held is remembered, and forgotten when it begins again."""

from datetime import datetime, timedelta

from learntrack.documents import EndedAssignment, Lesson, Quiz
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.roster.endings import Endings
from learntrack.storage import Database

NOW = moments.now()
HOUR = timedelta(hours=1)
LESSON, QUIZ, A, B, C = (new_id() for _ in range(5))


def lesson(*to: str) -> Lesson:
    return Lesson.new(id=LESSON, title="", collection_ids=list(to))


async def written(db: Database, at: datetime, *changes: tuple[Lesson | Quiz, tuple[str, ...]]) -> dict[str, datetime]:
    """What is remembered once these have changed, given with where they were assigned before: by the collection."""
    endings = Endings(at)
    for assigned, before in changes:
        endings.note(assigned, before)
    await endings.write(db, None)
    return {each.collection_id: each.until for each in await db.load(EndedAssignment, {}, None)}


async def test_only_what_is_taken_away_ends(memory: Database) -> None:
    assert await written(memory, NOW, (lesson(A, B), ())) == {}
    assert await written(memory, NOW, (lesson(A), (A, B))) == {B: NOW}


async def test_what_begins_again_has_not_ended_and_may_end_again(memory: Database) -> None:
    await written(memory, NOW, (lesson(), (A, B)))

    assert await written(memory, NOW + HOUR, (lesson(A), ())) == {B: NOW}
    assert await written(memory, NOW + 2 * HOUR, (lesson(), (A,))) == {A: NOW + 2 * HOUR, B: NOW}
    assert await written(memory, NOW + 3 * HOUR, (lesson(C), ())) == {A: NOW + 2 * HOUR, B: NOW}


async def test_what_is_taken_away_and_given_back_at_once_has_not_ended(memory: Database) -> None:
    assert await written(memory, NOW, (lesson(), (A,)), (lesson(A), ())) == {}
    assert await written(memory, NOW, (lesson(A), ()), (lesson(), (A,))) == {A: NOW}


async def test_a_quiz_held_until_it_was_closed_and_one_that_never_was_open_did_not(memory: Database) -> None:
    closed = Quiz.new(id=QUIZ, title="", active=False, closed_at=NOW - HOUR, collection_ids=[])
    never = Quiz.new(id=new_id(), title="", active=False, collection_ids=[])

    assert await written(memory, NOW, (closed, (A,)), (never, (B,))) == {A: NOW - HOUR}


async def test_ends_of_different_things_do_not_meet(memory: Database) -> None:
    quiz = Quiz.new(id=QUIZ, title="", active=True, collection_ids=[])
    await written(memory, NOW, (quiz, (A,)))
    await written(memory, NOW + HOUR, (lesson(), (A,)))

    found = {each.assigned_id: each.until for each in await memory.load(EndedAssignment, {}, None)}

    assert found == {QUIZ: NOW, LESSON: NOW + HOUR}
