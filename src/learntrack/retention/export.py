"""The file into which what fades is written before it does."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from learntrack.storage import StartError


class Export:
    """A gzip file of JSON lines, for its owner only. What has been written is on the disk."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._file = gzip.GzipFile(fileobj=raw, mode="wb")
        self.lines = 0

    def write(self, lines: list[bytes]) -> None:
        """Write lines, and wait until they are on the disk."""
        self._file.write(b"".join(line + b"\n" for line in lines))
        self._file.flush()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self.lines += len(lines)

    def close(self) -> None:
        """End the file."""
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())


@contextmanager
def new_export(path: Path) -> Iterator[Export]:
    """A file to write into; none is left where nothing was written.

    Raises:
        StartError: there is a file of this name, or it cannot be written.

    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            export = Export(raw)
            try:
                yield export
            finally:
                export.close()
                if not export.lines:
                    path.unlink()
    except FileExistsError as error:
        raise StartError(f"{path} is there already, and stays as it is: name another file.") from error
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}.") from error
