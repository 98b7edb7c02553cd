"""Refusing writes before the disk is full.

An engine whose log cannot be written may have promised what it cannot keep.
"""

import shutil
from pathlib import Path

from learntrack.storage.errors import DiskNearlyFull

RESERVE_BYTES = 32 * 2**20
RESERVE_SHARE = 0.1


class DiskGuard:
    """Sees to it that the disk of `folder` keeps some room: 32 MB, or of a disk below 320 MB a tenth."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self) -> None:
        """Raise `DiskNearlyFull` if there is too little room for another write."""
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:
            return  # the engine will say what is wrong
        if disk.free < min(RESERVE_BYTES, disk.total * RESERVE_SHARE):
            raise DiskNearlyFull(f"The disk of {self._folder} is nearly full: {disk.free // 2**20} MB free.")
