"""A transaction is stored or it is not, and who is told so is told the truth, whatever the server answers."""

import asyncio

import pytest

from learntrack.documents import Writer
from learntrack.storage import DatabaseUnavailable, transactions
from learntrack.storage.transactions import Tx, Work
from tests.conftest import service_on
from tests.pauses import noted
from tests.support import Api, Person, Refused, exercise, new_id, right, video
from tests.wire import Action, Wire, changed, done_and_lost, done_but, error, held, in_transaction, lost

UNKNOWN = "UnknownTransactionCommitResult"
TRANSIENT = "TransientTransactionError"


@pytest.mark.parametrize(
    ("command", "action"),
    [
        ("commitTransaction", lost),
        ("commitTransaction", done_and_lost),
        ("commitTransaction", done_but(189, "RetryableWriteError", UNKNOWN)),
        ("commitTransaction", error(64, UNKNOWN, name="WriteConcernTimeout")),
        ("bulkWrite", error(112, TRANSIENT, name="WriteConflict")),
        ("bulkWrite", lost),
        ("bulkWrite", done_and_lost),
        ("aggregate", error(246, TRANSIENT, name="SnapshotUnavailable")),
    ],
    ids=[
        "commit lost",
        "commit done, answer lost",
        "commit done, result unknown",
        "commit's majority late",
        "write conflict",
        "write lost",
        "write done, answer lost",
        "snapshot gone",
    ],
)
async def test_what_passes_is_gone_through_once(wire: Wire, wired: Api, command: str, action: Action) -> None:
    learner, visited = Person(new_id()), exercise({"type": "quiz"})
    session = await wired.start(learner, **visited)

    trouble = wire.on(command, do=action, times=1)
    await wired.update(learner, session, time_spent_delta=2, interactions=[right("a")])

    assert trouble.met == 1
    stored = await wired.start(learner, **visited)
    assert (stored["totalattempts"], stored["time_spent"]) == (1, 2)


NO_SUCH_TRANSACTION = error(251, TRANSIENT, name="NoSuchTransaction")


async def test_what_a_mongodb_knows_nothing_of_is_run_again(wire: Wire) -> None:
    """It knows what it has committed, also after a restart."""
    wire.on("buildInfo", do=changed(secantusVersion=None))
    async with service_on(wire) as api:
        learner, visited = Person(new_id()), exercise({"type": "quiz"})
        session = await api.start(learner, **visited)

        gone = wire.on("commitTransaction", do=NO_SUCH_TRANSACTION, times=1)
        await api.update(learner, session, time_spent_delta=2, interactions=[right("a")])

        assert gone.met == 1
        stored = await api.start(learner, **visited)
        assert (stored["totalattempts"], stored["time_spent"]) == (1, 2)


async def test_what_an_engine_may_have_committed_before_its_restart_is_not_run_again(wire: Wire, wired: Api) -> None:
    """It forgets then which transactions it has committed."""
    learner, visited = Person(new_id()), exercise({"type": "quiz"})
    session = await wired.start(learner, **visited)

    gone = wire.on("commitTransaction", do=NO_SUCH_TRANSACTION, times=1)
    wire.on("commitTransaction", do=done_and_lost, times=1)
    await wired.update(learner, session, 503, time_spent_delta=2, interactions=[right("a")])

    assert gone.met == 1
    stored = await wired.start(learner, **visited)
    assert (stored["totalattempts"], stored["time_spent"]) == (1, 2)


async def test_an_election_in_the_middle_of_a_group_loses_nothing_and_doubles_nothing(wire: Wire, wired: Api) -> None:
    learners, visited = [Person(new_id()) for _ in range(8)], exercise({"type": "quiz"})
    sessions = [await wired.start(learner, **visited) for learner in learners]

    async def deliver(learner: Person, session: object, key: str) -> None:
        sent = {"json": {"time_spent_delta": 1, "interactions": [right("a")]}, "headers": {"Idempotency-Key": key}}
        path = f"/api/logger/contentsession/{session['session_id']}"  # type: ignore[index]
        answered = 0
        while answered != 200:
            answered = (await wired.send("PUT", path, learner, **sent)).status_code

    never = asyncio.Event()
    reached = wire.on("bulkWrite", do=held(never), times=1)
    work = [asyncio.create_task(deliver(*each, new_id())) for each in zip(learners, sessions, strict=True)]
    await reached.happens()
    with wire.election() as noticed:
        wire.break_connections()
        await noticed.happens()
    await asyncio.gather(*work)

    for learner in learners:
        stored = await wired.start(learner, **visited)
        assert (stored["totalattempts"], stored["time_spent"]) == (1, 1)


async def test_the_server_is_told_how_long_each_command_may_take(wire: Wire) -> None:
    async with service_on(wire, patience=20) as api:
        learner = Person(new_id())
        session = await api.start(learner, **video())
        wire.seen.clear()

        await api.update(learner, session, time_spent_delta=1)

        limits = [each["maxTimeMS"] for each in wire.of("aggregate", "bulkWrite", "commitTransaction")]
        assert len(limits) >= 3
        assert all(0 < limit <= 20_000 for limit in limits)


async def test_a_commit_that_takes_too_long_is_given_up(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    async with service_on(wire) as api:
        learner = Person(new_id())
        session = await api.start(learner, **video())
        never = asyncio.Event()
        wire.on("commitTransaction", do=held(never))
        monkeypatch.setattr(api.db, "patience", 0.3)

        with pytest.raises(Refused, match="got 503"):
            await api.update(learner, session, time_spent_delta=1)
        never.set()


async def transaction(wired: Api, work: Work[None], *, patience: float, in_line: bool) -> None:
    if in_line:
        await wired.db.transactions(work, lambda _: None, patience=patience)
    else:
        await wired.db.transaction(work, patience=patience)


@pytest.mark.parametrize("in_line", [False, True])
async def test_writers_that_meet_do_not_spin(
    wire: Wire, wired: Api, monkeypatch: pytest.MonkeyPatch, in_line: bool
) -> None:
    """Each further try waits longer, so that half a second of conflicts is few of them."""
    conflict = wire.on("delete", do=error(112, TRANSIENT, name="WriteConflict"), where=in_transaction, times=5)
    waited = noted(monkeypatch, transactions)

    async def work(tx: Tx) -> None:
        await wired.db.remove(Writer, {"_id": "nobody"}, tx)

    await transaction(wired, work, patience=60, in_line=in_line)

    assert conflict.met == 5
    assert waited[:5] == [(0.005, 0.5)] * 5


@pytest.mark.parametrize("in_line", [False, True])
async def test_writers_that_only_meet_are_told_so(wire: Wire, wired: Api, in_line: bool) -> None:
    wire.on("delete", do=error(112, TRANSIENT, name="WriteConflict"), where=in_transaction)

    async def work(tx: Tx) -> None:
        await wired.db.remove(Writer, {"_id": "nobody"}, tx)

    with pytest.raises(DatabaseUnavailable):
        await transaction(wired, work, patience=0.5, in_line=in_line)
