"""Several collections are written in one command as long as the database lets it be done, and one by one while not."""

from collections.abc import Callable

import pytest
from pymongo.errors import InvalidOperation

from learntrack.storage.writes_together import WritesTogether
from tests.conftest import service_on
from tests.support import ROOT, Api, Person, exercise, new_id, right
from tests.wire import Wire, changed, error

NOT_AT_THIS_VERSION = error(115, name="CommandNotSupported")


async def test_binaries_of_8_0_that_still_do_as_7_0_are_written_to_one_by_one_within_the_same_request(
    wire: Wire, wired: Api
) -> None:
    refusal = wire.on("bulkWrite", do=NOT_AT_THIS_VERSION)
    learner, visited = Person(new_id()), exercise()

    session = await wired.start(learner, **visited)
    await wired.update(learner, session, time_spent_delta=3, interactions=[right("a")])

    stored = await wired.start(learner, **visited)
    assert (stored["totalattempts"], stored["time_spent"]) == (1, 3)
    assert refusal.met == 1


async def test_a_primary_that_is_still_a_7_0_is_written_to_one_by_one(wire: Wire, wired: Api) -> None:
    assert wired.db.capabilities.writes_together
    learner, visited = Person(new_id()), exercise()
    session = await wired.start(learner, **visited)
    wire.on("hello", "isMaster", "ismaster", do=changed(maxWireVersion=21))
    wire.break_connections()  # as a failover does

    await wired.update(learner, session, time_spent_delta=3)

    assert (await wired.start(learner, **visited))["time_spent"] == 3


async def test_ready_is_what_can_write_as_requests_do(wire: Wire) -> None:
    async with service_on(wire) as api:
        wire.on("bulkWrite", do=NOT_AT_THIS_VERSION)
        assert (await api.send("GET", "/health/ready", ROOT)).status_code == 200
    async with service_on(wire) as api:
        wire.on("bulkWrite", "insert", do=error(13, name="Unauthorized"))
        assert (await api.send("GET", "/health/ready", ROOT)).status_code == 503


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def together(now: list[float]) -> WritesTogether:
    return WritesTogether(lambda: now[0])


def test_a_refusal_is_remembered_for_a_minute(together: WritesTogether, now: list[float]) -> None:
    with pytest.raises(Exception, match="requires MongoDB server version") as refused, together.watched():
        raise InvalidOperation("MongoClient.bulk_write requires MongoDB server version 8.0+.")

    assert refused.value.has_error_label("TransientTransactionError")
    allowed: Callable[[], bool] = lambda: together.allowed  # noqa: E731
    assert not allowed()
    now[0] += 61
    assert allowed()


def test_what_is_wrong_in_the_service_itself_is_not_taken_for_a_refusal(together: WritesTogether) -> None:
    with pytest.raises(InvalidOperation), together.watched():
        raise InvalidOperation("No operations to execute")

    assert together.allowed
