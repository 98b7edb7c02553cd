"""The engine on its data folder: started, kept alive, stopped.

SecantusDB is GPL-2.0, so it is only ever a separate program spoken to over the wire, never imported.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pymongo.errors import PyMongoError

from learntrack.errors import StartError
from learntrack.storage.disk import DiskGuard
from learntrack.storage.engine import format_record, launcher, password, ports
from learntrack.storage.engine.choice import Engine, installed
from learntrack.storage.engine.folder import Folder, try_lock
from learntrack.storage.engine.keeper import Keeper, ending
from learntrack.storage.engine.log_file import EngineLog
from learntrack.storage.errors import DiskNearlyFull

_START_SECONDS = 30.0
_STOP_SECONDS = 3.0
"""How long the engine may take to end by itself; then it is killed, which loses nothing that was acknowledged."""
_PORTS_TRIED = 5


class EmbeddedEngine:
    """The engine on one data folder: started, kept alive, and stopped with the service.

    Args:
        data_dir: Where the data is; made if it is not there.
        program: The engine's program; None takes an installed one.

    """

    def __init__(self, data_dir: Path, program: Path | None = None) -> None:
        self.data_dir = data_dir
        self._program = program
        self._engine: Engine | None = None
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._password: str | None = None
        self._folder = Folder(data_dir)
        self._log = EngineLog(data_dir)
        self._stopping = threading.Event()
        self._keeper: Keeper | None = None
        self._keeping: threading.Thread | None = None

    @property
    def uri(self) -> str:
        """Where the engine listens, with its password; stays the same when the engine is restarted."""
        return password.uri(self._port, self._password)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The engine that was started last."""
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int | None:
        """The engine's process id while it runs."""
        return self._process.pid if self._process else None

    def check(self) -> Engine:
        """The engine that would run; nothing is touched.

        Raises:
            StartError: none is installed, or none of those that are wrote the data.

        """
        return format_record.engine_that_fits(self.data_dir, installed(self._program))

    def start(self) -> None:
        """Start the engine and wait until it listens.

        Raises:
            StartError: no engine is installed that wrote the data, the data folder is in use or cannot be written, or
            the engine does not come up.

        """
        self.check()
        try:
            self._folder.take()
            self._engine = self.check()  # again: another service may have been here before the folder was locked
            format_record.record(self.data_dir, self._engine)
            self._launch_with_a_password()
        except StartError:
            self._give_up()
            raise
        except OSError as error:
            self._give_up()
            raise StartError(f"The data folder {self.data_dir} cannot be used: {error.strerror}.") from error
        except PyMongoError as error:
            self._give_up()
            raise StartError(f"The embedded engine does not answer: {error}") from error
        self._note()
        self._keeper = Keeper(self, self._stopping)
        self._keeping = threading.Thread(target=self._keeper.run, name="engine-keeper", daemon=True)
        self._keeping.start()

    def stop(self) -> None:
        """Stop the engine and release the data folder."""
        self._stopping.set()
        if self._keeper is not None:
            self._keeper.ask_no_more()
        self._end()
        if self._keeping is not None:
            self._keeping.join()
        self._end()  # if the keeper was just bringing it back
        self._folder.forget()
        self._folder.release()

    def start_again(self) -> None:
        """Start an engine that has ended, on the same port, so that connections find it again.

        Raises:
            StartError: it does not come up.

        """
        self._launch()
        self.restarts += 1
        with suppress(OSError):  # it is for who watches
            self._note()

    def rotate_log(self) -> None:
        """Put what the engine has written about itself aside where it has become much."""
        self._log.rotate()

    def kill(self) -> None:
        """End the engine at once, for a service that cannot wait any longer."""
        self._stopping.set()
        if self._process is not None:
            self._process.kill()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _give_up(self) -> None:
        self._end()
        self._folder.release()

    def _note(self) -> None:
        self._folder.note(uri=self.uri, pid=os.getpid(), restarts=self.restarts)

    def _launch_with_a_password(self) -> None:
        """Launch the engine so that it asks for a password, and make one where there is none that fits."""
        self._password = password.stored(self.data_dir)
        self._launch_on_a_free_port()
        if self._password is not None and password.opens(self.uri):
            return
        if self._password is not None:
            self._launch_again(None)
        self._launch_again(password.make(self.data_dir, self._port))

    def _launch_again(self, new: str | None) -> None:
        self._end()
        self._password = new
        self._launch()

    def _launch_on_a_free_port(self) -> None:
        for tried in range(1, _PORTS_TRIED + 1):
            self._port = ports.free_port()
            try:
                self._launch()
            except StartError:
                if tried == _PORTS_TRIED or not ports.is_taken(self._port):  # else somebody else was faster
                    raise
            else:
                return

    def _launch(self) -> None:
        assert self._engine is not None
        arguments = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self._port),
            "--storage-path",
            str(self.data_dir / "engine"),
            "--log-level",
            "WARNING",
            *(["--auth"] if self._password is not None else []),
        ]
        with self._log.open() as log:
            self._process = subprocess.Popen(
                [sys.executable, "-IS", launcher.__file__, str(os.getpid()), *self._engine.command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._folder.engine_lock],
                start_new_session=True,  # a Ctrl-C at the terminal is for the service, which then stops the engine
            )
        deadline = time.monotonic() + _START_SECONDS
        while not ports.is_served_by(self._port, self._process.pid):
            if self._process.poll() is not None:
                raise StartError(self._why_it_stopped())
            if time.monotonic() > deadline:
                self._process.kill()
                raise StartError(
                    f"The embedded engine did not start within {_START_SECONDS:.0f} s (see {self._log.path})."
                )
            time.sleep(0.02)

    def _why_it_stopped(self) -> str:
        """What is said of an engine that ended before it listened; the disk first, which engines have no words for."""
        assert self._process is not None
        said = self._log.last_line() or ending(self._process.returncode)
        try:
            DiskGuard(self.data_dir).check()
        except DiskNearlyFull as full:
            said = f"{full} {said}"
        return f"The embedded engine stopped at once: {said} (see {self._log.path})"


@contextmanager
def engine_for(data_dir: Path, program: Path | None = None) -> Iterator[str]:
    """The URI of the engine on this data folder: the running service's, else one started for the time being."""
    if uri := running_uri(data_dir):
        yield uri
        return
    engine = EmbeddedEngine(data_dir, program)
    engine.start()
    try:
        yield engine.uri
    finally:
        engine.stop()


def restarts_of(data_dir: Path, uri: str) -> int | None:
    """How often the engine at this URI has been started again since its service started; None where it is none."""
    try:
        noted = json.loads((data_dir / "engine.json").read_text())
    except (OSError, ValueError):
        return None
    return int(noted.get("restarts", 0)) if noted.get("uri") == uri else None


def running_uri(data_dir: Path) -> str | None:
    """Where the engine of a running service on this data folder listens, if there is one."""
    try:
        with (data_dir / "service.lock").open("rb+") as lock:
            if try_lock(lock):
                return None
        return str(json.loads((data_dir / "engine.json").read_text())["uri"])
    except (OSError, ValueError, KeyError):
        return None
