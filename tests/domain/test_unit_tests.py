"""Which version of a unit's test a learner gets, and as what it is stored; the examples are a real Kolibri's."""

from uuid import uuid4

import pytest

from learntrack.domain.unit_tests import content_id, version

COURSE, UNIT = "3c262ed9cd81832f6ab39bb2ac652681", "a2867fb22e975fbf84e24292a0df9a4f"


@pytest.mark.parametrize(
    ("user", "before", "after"),
    [("87f3dc365e2503a063d3e72b9228f3aa", "A", "B"), ("bba887448680b5a8a20db489afb900c6", "B", "A")],
)
def test_a_learner_gets_the_versions_that_kolibri_gives(user: str, before: str, after: str) -> None:
    assert version(user, COURSE, UNIT, "pre") == before
    assert version(user, COURSE, UNIT, "post") == after


def test_half_of_the_learners_begin_with_a() -> None:
    begun = [version(uuid4().hex, COURSE, UNIT, "pre") for _ in range(1000)]

    assert 400 < begun.count("A") < 600


def test_a_test_is_a_content_of_its_own() -> None:
    other = uuid4().hex
    contents = {
        content_id(course, unit, test)
        for course in (COURSE, other)
        for unit in (UNIT, other)
        for test in ("pre", "post")
    }

    assert len(contents) == 8
    assert content_id(COURSE, UNIT, "pre") == "d11117c6bd925db4b0d4ec80c52e0057"
