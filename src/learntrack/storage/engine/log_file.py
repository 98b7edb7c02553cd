"""What the engine writes about itself, kept over its restarts: why it died stands in what it wrote before."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from learntrack.storage.engine.folder import private

MOST_BYTES = 4 * 2**20
"""A larger file becomes `engine.log.1`, and what was that is gone."""


class EngineLog:
    """The log of an engine: `engine.log` of the data folder, and `engine.log.1` with what was before.

    Args:
        data_dir: The data folder.

    """

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "engine.log"
        self._begins_at = 0

    def open(self) -> IO[bytes]:
        """The file for an engine that is started now, which says so in it."""
        self.rotate()
        file = open(self.path, "ab", opener=private)  # noqa: SIM115 - the caller's to close
        file.write(f"--- started {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode())
        file.flush()
        self._begins_at = file.tell()
        return file

    def rotate(self) -> None:
        """Put a file that has grown large aside, also under a running engine, which goes on writing at its end."""
        with suppress(OSError):
            if self.path.stat().st_size <= MOST_BYTES:
                return
            with open(self.path.with_name("engine.log.1"), "wb", opener=private) as aside:
                aside.write(self.path.read_bytes())
            with self.path.open("r+b") as file:
                file.truncate()

    def last_line(self) -> str:
        """The last that the engine which was started last has said; empty if nothing."""
        lines = self.path.read_bytes()[self._begins_at :].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
