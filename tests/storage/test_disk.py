"""The disk keeps some room."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from learntrack.storage.disk import DiskGuard
from learntrack.storage.errors import DiskNearlyFull

MB = 2**20


@pytest.mark.parametrize(
    ("total", "free", "enough"),
    [
        (100_000 * MB, 32 * MB, True),
        (100_000 * MB, 32 * MB - 1, False),
        (100 * MB, 10 * MB, True),  # of a small disk a tenth
        (100 * MB, 10 * MB - 1, False),
        (320 * MB, 32 * MB, True),
        (MB, 0, False),
    ],
)
def test_32_mb_are_kept_and_of_a_small_disk_a_tenth(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, total: int, free: int, *, enough: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))
    guard = DiskGuard(tmp_path)

    if enough:
        guard.check()
        return
    with pytest.raises(DiskNearlyFull, match=rf"^The disk of {tmp_path} is nearly full: {free // MB} MB free\.$"):
        guard.check()


def test_of_a_folder_that_cannot_be_asked_the_engine_speaks(tmp_path: Path) -> None:
    DiskGuard(tmp_path / "none").check()
