"""A job waits for a database that is away, and for nothing else; what nobody waits for goes on after any failure."""

import logging

import pytest

from learntrack.storage import DatabaseUnavailable, patience
from learntrack.storage.errors import DiskNearlyFull
from learntrack.storage.patience import patiently, until_done


class Work:
    """Work that is refused as often as it is told to."""

    def __init__(self, *refusals: Exception) -> None:
        self._refusals = list(refusals)
        self.done = 0

    async def __call__(self) -> str:
        if self._refusals:
            raise self._refusals.pop(0)
        self.done += 1
        return "done"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(patience, "_FIRST_PAUSE_SECONDS", 0.0)


def away() -> DatabaseUnavailable:
    return DatabaseUnavailable("not primary")


async def test_it_goes_on_when_the_database_is_back() -> None:
    work = Work(away(), away())
    assert await patiently(work) == "done"
    assert work.done == 1


@pytest.mark.parametrize("refusals", [[away(), away(), away()], [DiskNearlyFull("full")], [ValueError("wrong")]])
async def test_what_does_not_pass_is_said(refusals: list[Exception]) -> None:
    with pytest.raises(type(refusals[0])):
        await patiently(Work(*refusals))


async def test_what_nobody_waits_for_is_begun_again_whatever_it_fails_of(caplog: pytest.LogCaptureFixture) -> None:
    work = Work(away(), KeyError("nobody thought of this"), DiskNearlyFull("full"))

    await until_done("upkeep", work)

    assert work.done == 1
    said = [record for record in caplog.records if "upkeep" in record.getMessage()]  # others have jobs of their own
    assert [(record.levelno, record.exc_info is not None) for record in said] == [
        (logging.WARNING, False),
        (logging.ERROR, True),
        (logging.WARNING, False),
    ]
