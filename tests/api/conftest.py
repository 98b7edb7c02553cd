"""Who asks in tests of the API, and what is asked."""

import pytest
from pymongo.monitoring import CommandStartedEvent

from learntrack.storage.monitoring import CommandTimes
from tests.api.questions import LARGE, Query, queries
from tests.support import Person, new_id


@pytest.fixture
def learner() -> Person:
    return Person(new_id())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """What is asked of large collections."""
    found: list[Query] = []

    def started(_: CommandTimes, event: CommandStartedEvent) -> None:
        found.extend(query for query in queries(event.command_name, event.command) if query[0] in LARGE)

    monkeypatch.setattr(CommandTimes, "started", started)
    return found
