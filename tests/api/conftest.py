"""Who asks in tests of the API."""

import pytest

from tests.support import Person, new_id


@pytest.fixture
def learner() -> Person:
    return Person(new_id())
