"""Which engine program runs: those that there are, the flags that each needs, and the form in which it writes data."""

import os
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from learntrack.errors import StartError

_FAMILIES = {"secantusd-rs": "rust", "secantusd-mdb": "rust", "secantusd-py": "python"}
"""The servers in SecantusDB's releases, the preferred ones first: the Rust one is 2–20 times faster."""

# The form of what is stored, as far as it has been looked into. Releases of a line that is not named here count as a
# form of their own: they might read the others' folders, but nobody has shown it.
_FORMATS = {"0.6": "3", "0.7": "4"}

_OPLOG_ENTRIES = "2000000"
"""What change streams may look back on, three entries an update, at most an hour of them. As soon as there are more,
every write pays for removing old ones: with the engine's own limit of 100,000 after 45 seconds of full load.
"""
# Without --sync-on-commit a kill -9 loses acknowledged transactions; the small log file makes recovery fast.
_FLAGS = {
    "rust": ["--sync-on-commit", "--log-file-max", "64MB", "--oplog-max-entries", _OPLOG_ENTRIES],
    "python": ["--sync-on-commit"],
}

_MUCH_MEMORY = 4 * 10**9
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Engine:
    """An installed engine: its program, whose it is (rust or python), SecantusDB's version,
    and the form in which it writes.
    """

    program: Path
    family: str
    version: str
    data_format: str

    @property
    def command(self) -> list[str]:
        """The program with the flags that make it durable, and with as much cache as the machine affords."""
        return [str(self.program), *_FLAGS[self.family], "--cache-size", _cache_size(_memory())]

    def __str__(self) -> str:
        """As it stands in messages."""
        return f"SecantusDB {self.version} ({self.program.name}, data format {self.data_format})"


def installed(program: Path | None = None) -> list[Engine]:
    """The engines that there are, the preferred one first; with `program` only that one.

    Each is looked for beside the service first, then on the PATH.

    Raises:
        StartError: there is none.

    """
    if program is not None:
        return [_named(program)]
    if engines := [_engine(path) for name in _FAMILIES if (path := _find(name))]:
        return engines
    raise StartError(
        "No embedded engine is installed; to use a MongoDB (6.0 or later, a replica set of one member is enough) set "
        "LEARNTRACK_MONGODB_URI, for example to mongodb://127.0.0.1:27017/?replicaSet=rs0."
    )


def _named(program: Path) -> Engine:
    if program.name not in _FAMILIES:
        raise StartError(
            f"LEARNTRACK_ENGINE: {program} is not one of SecantusDB's servers; they are called {', '.join(_FAMILIES)}."
        )
    return _engine(program.absolute())


def _find(name: str) -> Path | None:
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return Path(found) if found else None


def _engine(program: Path) -> Engine:
    version = _version(program)
    line = ".".join(version.split(".")[:2])
    return Engine(program, _FAMILIES[program.name], version, _FORMATS.get(line, f"of {line}"))


def _version(program: Path) -> str:
    """SecantusDB's version by what pip wrote beside the program; not every program tells its version itself."""
    environment = program.resolve().parent.parent
    notes = sorted(environment.glob("lib*/python*/*-packages/[sS]ecantus[dD][bB]-*.dist-info"))
    return notes[-1].name.removesuffix(".dist-info").split("-", 1)[1] if notes else _UNKNOWN


def _cache_size(memory: int) -> str:
    """How much the engine may keep in memory: 1 GB where there is room.

    The Rust one stops for ever in a transaction that writes more than a twentieth of it. One request may lead to 24 MB:
    a body of 5 MiB is stored twice and once more with its answer under an Idempotency-Key, beside 5 MiB that its
    documents hold already. So it is never less than 512 MB, which fill only as data is there.
    """
    return "1G" if memory >= _MUCH_MEMORY else "512M"


def _memory() -> int:
    """Bytes of memory that this process may use: the machine's, or less in a container with a limit."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdecimal() else machine
