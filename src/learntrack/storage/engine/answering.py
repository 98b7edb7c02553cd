"""Whether the engine answers, not only lives."""

import time
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

ASK_SECONDS = 2.0
"""How long after one question the next is asked."""
PATIENCE_MS = 3000
"""How long an answer may take. It is there in 0.1 s at the most while four reports keep the engine busy."""
SILENCE_SECONDS = 10.0
"""After so much silence the engine counts as hung."""
_BETWEEN_SECONDS = ASK_SECONDS + PATIENCE_MS / 1000 + 1.0
"""The most that one question without an answer adds to the silence. More time has passed only where this process stood
still, as in a container that was paused: with it stood the engine, which has done nothing wrong.
"""
_CLOSE_SECONDS = 0.1


class Answers:
    """Asks an engine something that it has to look up in its storage; `ping` it answers even when that hangs.

    Args:
        uri: Where it listens.

    """

    def __init__(self, uri: str) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            uri,
            serverSelectionTimeoutMS=PATIENCE_MS,
            connectTimeoutMS=PATIENCE_MS,
            socketTimeoutMS=PATIENCE_MS,
            maxPoolSize=1,
            retryReads=False,
        )
        self._asked = self._silence = 0.0
        self.begin_again()

    def silent_for(self) -> float:
        """Ask; the seconds since it answered last in which it could have, 0 if it does now."""
        try:
            self._client.admin.command("listDatabases", nameOnly=True)
        except OperationFailure:
            pass  # an answer, too
        except PyMongoError:
            now = time.monotonic()
            self._silence += min(now - self._asked, _BETWEEN_SECONDS)
            self._asked = now
            return self._silence
        self.begin_again()
        return 0.0

    def begin_again(self) -> None:
        """It has just been started: what was before does not count."""
        self._asked, self._silence = time.monotonic(), 0.0

    def close(self) -> None:
        """Close the connection. The engine is told so, unless it has ended already, which the driver would wait for."""
        with pymongo.timeout(_CLOSE_SECONDS):
            self._client.close()
