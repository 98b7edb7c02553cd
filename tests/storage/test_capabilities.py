"""What an engine can do follows from what it says of itself."""

from typing import Any

import pytest

from learntrack.storage import StartError
from learntrack.storage.capabilities import Capabilities, capabilities_of

REPLICA_SET = {"setName": "rs0"}
CLUSTER = {"msg": "isdbgrid"}
MONGODB_6, MONGODB_8 = {"maxWireVersion": 17}, {"maxWireVersion": 25}


class Engine:
    """Answers `hello` and `buildInfo`, as a client does."""

    def __init__(self, hello: dict[str, Any], build: dict[str, Any]) -> None:
        self.admin = self
        self._answers = {"hello": hello, "buildInfo": build}

    async def command(self, name: str) -> dict[str, Any]:
        return self._answers[name]


@pytest.mark.parametrize(
    ("hello", "build", "expected"),
    [
        (REPLICA_SET | MONGODB_6, {}, Capabilities()),
        (REPLICA_SET | MONGODB_8, {}, Capabilities(writes_together=True)),
        (CLUSTER | MONGODB_8, {}, Capabilities(sharded=True, joins=False, writes_together=True)),
        (
            REPLICA_SET | MONGODB_6,
            {"secantusVersion": "0.6"},
            Capabilities(joins=False, walks_indexes=False, snapshot_sessions=False, remembers_commits=False),
        ),
    ],
    ids=["MongoDB 6", "MongoDB 8", "cluster", "embedded"],
)
async def test_each_engine(hello: Any, build: Any, expected: Capabilities) -> None:
    assert await capabilities_of(Engine(hello, build)) == expected


@pytest.mark.parametrize(
    ("hello", "reason"),
    [(MONGODB_8, "standalone server"), (CLUSTER | MONGODB_6, "must be MongoDB 8.0 or newer")],
    ids=["standalone", "old cluster"],
)
async def test_an_engine_without_usable_transactions_is_refused(hello: Any, reason: str) -> None:
    with pytest.raises(StartError, match=reason):
        await capabilities_of(Engine(hello, {}))
