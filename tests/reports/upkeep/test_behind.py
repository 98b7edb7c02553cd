"""How far reports that are derived may be behind what was written, by a clock that stands still while nobody waits."""

from types import SimpleNamespace
from typing import Any

import pytest

from learntrack.reports.upkeep import worker
from learntrack.reports.upkeep.worker import Upkeep, pause_after
from learntrack.settings import Settings
from learntrack.storage import Database

_ROUNDS = 12


class Over(Exception):
    """The time that was asked for has passed."""


class Marked(Upkeep):
    """Keeps up with marks that are written all the time, each round in so many seconds."""

    def __init__(self, db: Database, seconds: float, taken: float, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(db, seconds=seconds)
        self.now, self.taken, self.rounds = 0.0, taken, 0
        self.oldest, self.behind = 0.0, 0.0
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr(worker, "time", clock)
        monkeypatch.setattr(worker, "asyncio", SimpleNamespace(sleep=self.sleep))

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def _work_off(self, *_: Any) -> int:
        """What was marked before a round began is worked off when it ends: until then `oldest` is the oldest mark."""
        began, self.now = self.now, self.now + self.taken
        self.behind = max(self.behind, self.now - self.oldest)
        self.oldest = began
        self.rounds += 1
        if self.rounds == _ROUNDS:
            raise Over
        return 1

    async def go_on(self) -> float:
        """The most that a report has been behind, in seconds."""
        with pytest.raises(Over):
            await self._go_on()
        return self.behind


async def behind(db: Database, taken: float, monkeypatch: pytest.MonkeyPatch) -> float:
    return await Marked(db, Settings().rollup_seconds, taken, monkeypatch).go_on()


@pytest.mark.parametrize("taken", [0.0, 0.05, 0.2, 0.44])
async def test_where_a_round_takes_less_than_half_a_second_it_is_five_at_the_most(
    memory: Database, monkeypatch: pytest.MonkeyPatch, taken: float
) -> None:
    assert await behind(memory, taken, monkeypatch) <= 5


@pytest.mark.parametrize(("taken", "at_the_most"), [(1.0, 11.0), (2.0, 22.0), (5.0, 30.0), (30.0, 120.0)])
async def test_else_it_is_two_rounds_and_the_pause_between_them(
    memory: Database, monkeypatch: pytest.MonkeyPatch, taken: float, at_the_most: float
) -> None:
    found = await behind(memory, taken, monkeypatch)

    assert found == pytest.approx(at_the_most)
    assert found == pytest.approx(2 * taken + pause_after(taken))
