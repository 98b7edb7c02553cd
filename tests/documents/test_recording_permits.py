"""Whose doings may be recorded, and from when on again."""

from datetime import timedelta

from learntrack.documents import RecordingPermit
from learntrack.domain import moments
from learntrack.domain.ids import new_id

NOW = moments.now()
SECOND = timedelta(seconds=1)


def test_a_new_permit_refuses_nothing() -> None:
    assert not RecordingPermit.begin(new_id()).refuses(NOW)


def test_a_withdrawn_permit_refuses_everything_and_names_whom_it_is_about() -> None:
    user = new_id()
    permit = RecordingPermit.begin(user)

    permit.withdraw(user)

    assert permit.refuses(NOW)
    assert permit.refuses(NOW + timedelta(days=36500))
    assert permit.user_id == user


def test_a_permit_that_is_given_again_refuses_what_happened_until_then_and_names_nobody() -> None:
    user = new_id()
    permit = RecordingPermit.begin(user)
    permit.withdraw(user)

    permit.give_again(NOW, NOW + 60 * SECOND)

    assert permit.refuses(NOW)
    assert not permit.refuses(NOW + SECOND)
    assert permit.user_id is None


def test_no_permit_tells_whose_it_is_by_its_id() -> None:
    user = new_id()

    assert user not in str(RecordingPermit.begin(user).row())


def test_a_second_use_leaves_the_permits_end_to_what_writes_it() -> None:
    """Only a new one says when it ends: another start may have moved that on meanwhile."""
    permit = RecordingPermit.read(RecordingPermit.begin(new_id()).row())

    permit.use_for_entry(NOW)

    assert permit.changes() == {"starts": 1}
