"""What a roster changes of what is stored. All or nothing is the transaction's work, which the API's tests look at."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from learntrack.documents import Classroom, EndedAssignment, FormerEntry, LearnerGroup, Lesson, Quiz, Touched, User
from learntrack.documents.recording_permits import RecordingPermit
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.errors import BeingForgotten, InvalidFields
from learntrack.roster.schemas import Roster
from learntrack.roster.writing import RosterWriting
from learntrack.storage import Database

NOW = moments.now()
HOUR = timedelta(hours=1)
NORTH, SOUTH, A1, B1, RED, ADA, LESSON, QUIZ = (new_id() for _ in range(8))
SCHOOL: dict[str, Any] = {
    "facilities": [{"id": NORTH, "name": "North"}, {"id": SOUTH, "name": "South"}],
    "classrooms": [{"id": A1, "name": "A1", "facility_id": NORTH}, {"id": B1, "name": "B1", "facility_id": NORTH}],
    "learner_groups": [{"id": RED, "name": "red", "classroom_id": A1}],
    "users": [{"id": ADA, "username": "ada", "full_name": "Ada", "facility_id": NORTH}],
    "memberships": [{"user_id": ADA, "collection_id": RED}],
    "lessons": [{"id": LESSON, "title": "L", "collection_ids": [A1, RED]}],
    "quizzes": [{"id": QUIZ, "title": "Q", "collection_ids": [A1], "questions": [{"item": "a"}, {"item": "b"}]}],
}


async def write(db: Database, hours: int = 0, **sent: Any) -> None:
    await RosterWriting(db, None, NOW + hours * HOUR).write(msgspec.convert(sent, Roster))


@pytest.fixture
async def db(memory: Database) -> Database:
    await write(memory, **SCHOOL)
    return memory


async def ada(db: Database) -> User:
    [user] = await db.load(User, {"_id": ADA}, None)
    return user


async def test_what_is_not_sent_of_a_record_stays(db: Database) -> None:
    await write(db, users=[{"id": ADA, "username": "lovelace", "facility_id": NORTH}])

    user = await ada(db)
    assert (user.username, user.full_name, user.memberships) == ("lovelace", "Ada", [RED])


async def test_a_classroom_goes_with_its_groups_and_all_that_was_theirs(db: Database) -> None:
    await write(db, 1, remove={"classrooms": [A1]})

    user = await ada(db)
    assert (user.memberships, user.collections, user.places) == ([], [], [NORTH])
    assert {each.collection_id for each in user.former_collections} == {RED, A1}
    assert await db.load(LearnerGroup, {}, None) == []
    assert [each.id for each in await db.load(Classroom, {}, None)] == [B1]
    [lesson] = await db.load(Lesson, {}, None)
    assert lesson.collection_ids == []
    ended = {(each.assigned_id, each.collection_id): each.until for each in await db.load(EndedAssignment, {}, None)}
    assert ended == dict.fromkeys(((LESSON, A1), (LESSON, RED), (QUIZ, A1)), NOW + HOUR)
    assert {each.title for each in await db.load(FormerEntry, {}, None)} == {"A1", "red"}


async def test_a_quiz_that_goes_is_remembered_with_its_questions_until_it_comes_back(db: Database) -> None:
    await write(db, 1, remove={"quizzes": [QUIZ]})
    [former] = await db.load(FormerEntry, {}, None)
    assert (former.title, former.question_count, [each.item for each in former.questions]) == ("Q", 2, ["a", "b"])
    assert await db.load(Quiz, {}, None) == []

    await write(db, 2, **{name: SCHOOL[name] for name in ("quizzes",)})
    await write(db, 3, quizzes=[{"id": QUIZ, "title": "New"}], remove={"quizzes": [QUIZ]})
    [former] = await db.load(FormerEntry, {}, None)
    assert former.title == "New"


async def test_a_group_that_moves_takes_its_learners_along(db: Database) -> None:
    await write(db, 1, learner_groups=[{"id": RED, "name": "red", "classroom_id": B1}])

    user = await ada(db)
    assert (user.collections, [each.collection_id for each in user.former_collections]) == ([RED, B1], [A1])


@pytest.mark.parametrize(("facility", "marks"), [(NORTH, 1), (SOUTH, 2)])
async def test_who_comes_into_a_facility_has_their_logs_follow(db: Database, facility: str, marks: int) -> None:
    await write(db, 1, users=[{"id": ADA, "username": "ada", "facility_id": facility}])

    found = await db.load(Touched, {}, None)
    assert [each.moved for each in found] == [[ADA]] * marks


async def test_who_is_named_nowhere_is_not_removed_from_anything(db: Database) -> None:
    before = await ada(db)
    stranger = new_id()
    await write(
        db,
        1,
        remove={
            "memberships": [{"user_id": stranger, "collection_id": RED}, {"user_id": ADA, "collection_id": B1}],
            "roles": [{"user_id": stranger, "collection_id": A1, "kind": "coach"}],
            "lessons": [new_id()],
        },
    )

    assert await ada(db) == before


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"classrooms": [{"id": new_id(), "name": "C1", "facility_id": A1}]}, "classrooms[0].facility_id"),
        ({"memberships": [{"user_id": ADA, "collection_id": new_id()}]}, "memberships[0].collection_id"),
        (
            {"memberships": [{"user_id": ADA, "collection_id": RED}], "remove": {"classrooms": [A1]}},
            "memberships[0].collection_id",
        ),
        ({"quizzes": [{"id": QUIZ, "title": "Q", "question_count": 1}]}, "quizzes[0].question_count"),
    ],
)
async def test_what_leads_nowhere_or_contradicts_what_is_stored_is_refused(
    memory: Database, sent: dict[str, Any], field: str
) -> None:
    await write(memory, **SCHOOL)

    with pytest.raises(InvalidFields) as refused:
        await write(memory, 1, **sent)

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize(("hours", "refused"), [(0, True), (1, True), (2, False)])
async def test_nobody_comes_back_as_they_were_before_they_were_forgotten(
    db: Database, hours: int, refused: bool
) -> None:
    """An older roster would bring them back; one of afterwards may."""
    ben = new_id()
    permit = RecordingPermit.begin(ben)
    permit.withdraw(ben)
    permit.give_again(NOW + HOUR, NOW + 9 * HOUR)
    await db.write([permit], None)
    users = [{"id": ADA, "username": "ada", "facility_id": NORTH}, {"id": ben, "username": "b", "facility_id": NORTH}]

    if refused:
        with pytest.raises(BeingForgotten):
            await write(db, hours, users=users)
    else:
        await write(db, hours, users=users)
    assert bool(await db.load(User, {"_id": ben}, None)) is not refused
