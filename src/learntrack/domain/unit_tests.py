"""The pre- and post-tests of a course's unit: which of its two versions a learner gets, and as what it is stored."""

from hashlib import md5
from uuid import UUID, uuid5

from learntrack.domain.mastery import TestType

_CONTENTS = UUID("7c9e4b1a-3d5f-4a8e-9c2b-6d0e1f2a3b4c")  # Kolibri's: both give a test the same content


def version(user_id: str, course_session_id: str, unit_id: str, test_type: TestType) -> str:
    """The version, A or B, that a learner gets: one before the unit and the other after it.

    Half of the learners begin with A (contract, POST contentsession). Ids are those of `domain.ids`.
    """
    digest = md5(f"{user_id}:{course_session_id}:{unit_id}".encode(), usedforsecurity=False).hexdigest()
    begins_with_a = int(digest[-1], 16) % 2 == 0
    return "A" if begins_with_a == (test_type == "pre") else "B"


def content_id(course_session_id: str, unit_id: str, test_type: TestType) -> str:
    """The content that a test is stored as: that of this course, unit and kind of test, whichever version."""
    return uuid5(_CONTENTS, f"{course_session_id}:{unit_id}:{test_type}").hex
