"""What was assigned at a moment, as far as the ends of memberships and assignments tell."""

from datetime import datetime, timedelta

import pytest

from learntrack.documents import EndedAssignment, Quiz, User
from learntrack.documents.base import Stored
from learntrack.domain import moments
from learntrack.domain.ids import new_id
from learntrack.storage import Database
from learntrack.tracking.past_assignments import were_assigned

NOW = moments.now()
HOUR = timedelta(hours=1)
LEARNER, CLASSROOM, OTHER, QUIZ = (new_id() for _ in range(4))


def learner(*left: datetime) -> User:
    """Who is in the class, or has left it at this moment."""
    user = User.begin(LEARNER, username="ada", facility_id=new_id())
    user.join(CLASSROOM)
    user.settle({}, NOW - 9 * HOUR)
    for at in left:
        user.leave({CLASSROOM}, at)
        user.settle({}, at)
    return user


def quiz(*to: str, active: bool = True, closed_at: datetime | None = None) -> Quiz:
    return Quiz.new(id=QUIZ, title="", active=active, closed_at=closed_at, collection_ids=list(to))


def ended(at: datetime) -> EndedAssignment:
    return EndedAssignment.begin(QUIZ, CLASSROOM, at)


STATES: dict[str, tuple[list[Stored], datetime | None]] = {
    # what is stored; before which moment it was assigned (None: never)
    "still is": ([learner(), quiz(CLASSROOM)], datetime.max.replace(tzinfo=NOW.tzinfo)),
    "has left the class": ([learner(NOW - HOUR), quiz(CLASSROOM)], NOW - HOUR),
    "is not assigned any more": ([learner(), quiz(), ended(NOW - HOUR)], NOW - HOUR),
    "both have ended: the first counts": ([learner(NOW - 2 * HOUR), quiz(), ended(NOW - HOUR)], NOW - 2 * HOUR),
    "the quiz is closed": ([learner(), quiz(CLASSROOM, active=False, closed_at=NOW - HOUR)], NOW - HOUR),
    "the quiz was never open": ([learner(), quiz(CLASSROOM, active=False)], None),
    "is removed": ([learner(), ended(NOW - HOUR)], NOW - HOUR),
    "assigned to another class": ([learner(), quiz(OTHER)], None),
    "not on the roster": ([quiz(CLASSROOM)], None),
    "no such quiz": ([learner()], None),
}


@pytest.mark.parametrize("state", STATES)
async def test_it_was_until_the_first_end_and_not_at_that_moment(memory: Database, state: str) -> None:
    stored, until = STATES[state]
    await memory.write(stored, None)
    moments_asked = [NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR, NOW]

    found = await were_assigned(memory, None, [("quiz_id", QUIZ, LEARNER, at) for at in moments_asked])

    assert found == {(QUIZ, LEARNER, at) for at in moments_asked if until is not None and at < until}


async def test_a_lesson_does_not_close(memory: Database) -> None:
    """And what is asked of one kind is not looked for among another's."""
    await memory.write([learner(), quiz(CLASSROOM)], None)

    assert await were_assigned(memory, None, [("lesson_id", QUIZ, LEARNER, NOW)]) == set()
