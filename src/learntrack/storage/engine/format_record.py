"""What wrote a data folder: kept in it, so that no other engine ever opens it.

Engines do not read each other's folders reliably: some refuse, some open them and take index entries for what they
are not.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from learntrack.errors import StartError
from learntrack.storage.engine.choice import Engine

_FILE = "engine-format.json"
_REMEDY = (
    "install that one again or name its program in LEARNTRACK_ENGINE; to move the data to another engine, "
    "`learntrack backup` it with that one and `learntrack restore` it with the other"
)


@dataclass(frozen=True)
class Written:
    """The engine that wrote a folder: its family, SecantusDB's version, the form of the data, the program's name."""

    program: str
    family: str
    version: str
    data_format: str

    def fits(self, engine: Engine) -> bool:
        """Whether that engine may open the folder."""
        return (self.family, self.data_format) == (engine.family, engine.data_format)

    def __str__(self) -> str:
        """As it stands in messages."""
        return f"SecantusDB {self.version} ({self.program}, data format {self.data_format})"


# The releases of learntrack that left no record ran the Rust server of 0.6, or else the Python server of 0.7.
_BEFORE_RECORDS = {
    "rust": Written("secantusd-rs", "rust", "0.6", "3"),
    "python": Written("secantusd-py", "python", "0.7", "4"),
}


def engine_that_fits(data_dir: Path, engines: Sequence[Engine]) -> Engine:
    """The first of these engines that may open the folder; nothing is touched.

    Raises:
        StartError: none of them wrote what is there.

    """
    written = what_wrote(data_dir)
    if written is None:
        return engines[0]
    for engine in engines:
        if written.fits(engine):
            return engine
    raise StartError(f"The data in {data_dir} was written by {written}, but here is {engines[0]}: {_REMEDY}.")


def what_wrote(data_dir: Path) -> Written | None:
    """What wrote the folder's data, by the record or, where an older release left none, by the files; None: there is
    no data.

    Raises:
        StartError: it cannot be told.

    """
    try:
        if not (data_dir / "engine" / "WiredTiger").exists():
            return None
        if not (data_dir / _FILE).exists():
            return _by_the_files(data_dir / "engine")
        record = json.loads((data_dir / _FILE).read_text())
        return Written(**{name: str(record[name]) for name in ("program", "family", "version", "data_format")})
    except OSError as error:
        raise StartError(f"The data folder {data_dir} cannot be used: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StartError(
            f"{data_dir / _FILE} cannot be read, so it is not known which engine wrote the data: restore it "
            "from a backup."
        ) from error


def record(data_dir: Path, engine: Engine) -> None:
    """Write down that this engine writes the folder from now on."""
    content = {
        "program": engine.program.name,
        "family": engine.family,
        "version": engine.version,
        "data_format": engine.data_format,
    }
    written = data_dir / f"{_FILE}.new"
    with written.open("w") as file:
        file.write(json.dumps(content) + "\n")
        file.flush()
        os.fsync(file.fileno())
    written.replace(data_dir / _FILE)


def _by_the_files(engine_dir: Path) -> Written:
    """Only the Rust server keeps a table of prepared transactions."""
    return _BEFORE_RECORDS["rust" if (engine_dir / "secantus_prepared_xacts.wt").exists() else "python"]
