"""What is converted, read before it is asked for: while the database starts, and while it stores what was before."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread

from learntrack.importing.converting import Made

_LOOK_SECONDS = 0.05


class ReadAhead:
    """Reads in a thread of its own, from when it is started until it is closed.

    Args:
        made: What is read.
        most: How many wait at the most, of about 2 MB each.

    """

    def __init__(self, made: Iterator[Made], most: int) -> None:
        self._made = made
        self._waiting: Queue[Made | BaseException | None] = Queue(most)
        self._is_closed = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to read, if it has not yet."""
        if self._thread is None:
            self._thread = Thread(target=self._read, name="import", daemon=True)
            self._thread.start()

    async def read(self) -> AsyncGenerator[Made, None]:
        """All of it, in order; what went wrong while it was read is raised here."""
        self.start()
        while (made := await asyncio.to_thread(self._waiting.get)) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made

    def close(self) -> None:
        """End the thread; what is under way is waited for."""
        self._is_closed.set()
        while self._thread is not None and self._thread.is_alive():
            with suppress(Empty):  # it may be waiting for room
                self._waiting.get(timeout=_LOOK_SECONDS)

    def _read(self) -> None:
        try:
            for made in self._made:
                self._waiting.put(made)
                if self._is_closed.is_set():
                    return
        except BaseException as error:
            self._waiting.put(error)
        else:
            self._waiting.put(None)
