"""Pauses before further tries that take no time, so that no test has to fit its tries into one."""

from collections.abc import Iterator
from types import ModuleType

import pytest


def noted(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> list[tuple[float, float]]:
    """What the module's further tries wait from now on: the first and the longest pause of each, in seconds."""
    waited: list[tuple[float, float]] = []

    def pauses(first: float, longest: float) -> Iterator[float]:
        while True:
            waited.append((first, longest))
            yield 0.0

    monkeypatch.setattr(module, "pauses", pauses)
    return waited
