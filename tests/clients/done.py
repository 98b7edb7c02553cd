"""What apps do in the random runs, and whether the service has it: once each, in order, and nothing else.

Step n of a learner is an update that changes the answer to one question to `{"n": n}` and adds a second: the history
of that question tells in which order what was recorded, the seconds how often.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.processes import Service
from tests.support import Person, exercise, new_id


@dataclass
class Doing:
    """A learner at an exercise. `did` are the steps that the client has taken, `uncertain` those during which its
    process was killed; `refused` those that no service would take.
    """

    learner: Person = field(default_factory=lambda: Person(new_id()))
    content: dict[str, Any] = field(default_factory=exercise)
    did: list[int] = field(default_factory=list)
    uncertain: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)


def recorded(service: Service, doing: Doing) -> list[int]:
    """The steps that the service has recorded, in its order."""
    path = f"/api/logger/attemptlog?content={doing.content['content_id']}"
    histories = [attempt["interaction_history"] for attempt in service.send("GET", path, doing.learner).json()]
    assert len(histories) <= 1, "all steps are at one attempt"
    return [entry["answer"]["n"] for history in histories for entry in history]


def check(service: Service, doing: Doing, aside: list[int]) -> None:
    """What the service has is what the app did, but for what was set aside."""
    assert sorted(aside) == sorted(doing.refused)
    has = recorded(service, doing)
    expected = [step for step in doing.did if step not in doing.uncertain or step in has]
    assert has == expected
    [tried] = service.send("GET", f"/api/logger/masterylog?content={doing.content['content_id']}", doing.learner).json()
    assert tried["time_spent"] == len(has)
