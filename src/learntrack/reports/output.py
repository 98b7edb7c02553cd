"""Where a report at a terminal goes: to the terminal, or into a file that is there whole or not at all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_to(file: Path | None) -> Iterator[BinaryIO]:
    """What to write to; a file is what it was until all is written, and stays so where something fails.

    Args:
        file: None for the terminal; a pipe or a device is written to as it is.

    Raises:
        OSError: it cannot be written, for example because the disk is full.

    """
    if file is None:
        yield sys.stdout.buffer
    elif file.exists() and not file.is_file():
        with file.open("wb") as opened:
            yield opened
    else:
        place = file.resolve()  # of a link what it leads to
        draft = place.with_name(f".{place.name}.part")
        try:
            with _opened(draft, file) as opened:
                yield opened
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def _opened(draft: Path, file: Path) -> BinaryIO:
    try:
        return draft.open("wb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
