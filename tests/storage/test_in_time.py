"""What is asked of the database has its time, and is asked again where that may help."""

import asyncio
from collections.abc import Callable

import pytest
from pymongo.errors import AutoReconnect, ExecutionTimeout, NotPrimaryError, OperationFailure, PyMongoError

from learntrack.storage import DatabaseBusy, DatabaseUnavailable, in_time
from learntrack.storage.in_time import limited, within

MOVED = OperationFailure("the primary stepped down", 189)
CONFLICT = OperationFailure("somebody else", 112, {"errorLabels": ["TransientTransactionError"]})


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_time, "_FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(in_time, "_LONGEST_PAUSE_SECONDS", 0.0)


async def test_who_waits_too_long_is_told_that_the_database_did_not_answer() -> None:
    with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
        async with within(0.001):
            await asyncio.Event().wait()


async def test_a_time_that_runs_out_elsewhere_is_told_so_too() -> None:
    with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
        async with within(float("inf")):
            raise TimeoutError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AutoReconnect("gone"), DatabaseUnavailable),
        (ExecutionTimeout("too long"), DatabaseUnavailable),
        (MOVED, DatabaseUnavailable),
        (CONFLICT, DatabaseBusy),
    ],
)
async def test_what_is_not_the_requests_fault_is_said_in_the_services_words(
    error: PyMongoError, told: type[Exception]
) -> None:
    with pytest.raises(told) as raised:
        async with within(60):
            raise error

    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", [OperationFailure("no such stage", 40324), KeyError("x")])
async def test_any_other_error_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        async with within(60):
            raise error

    assert raised.value is error


async def test_who_is_cancelled_is_cancelled() -> None:
    begun = asyncio.Event()

    async def ask() -> None:
        async with within(60):
            begun.set()
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask())
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


class Asked:
    """Fails with each of these errors in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.times = 0

    async def __call__(self) -> str:
        self.times += 1
        if self._errors:
            raise self._errors.pop(0)
        return "an answer"


@pytest.mark.parametrize("passing", [lambda: AutoReconnect("gone"), lambda: NotPrimaryError("moved"), lambda: MOVED])
async def test_what_passes_is_asked_again_until_it_is_answered(passing: Callable[[], Exception]) -> None:
    asked = Asked(*[passing() for _ in range(5)])

    assert await limited(asked, 60) == "an answer"
    assert asked.times == 6


@pytest.mark.parametrize(
    ("error", "again"), [(AutoReconnect("gone"), False), (ExecutionTimeout("too long"), True), (CONFLICT, True)]
)
async def test_what_does_not_pass_or_cannot_be_asked_twice_is_asked_once(error: PyMongoError, again: bool) -> None:
    asked = Asked(error)

    with pytest.raises(type(error)):
        await limited(asked, 60, again=again)
    assert asked.times == 1
