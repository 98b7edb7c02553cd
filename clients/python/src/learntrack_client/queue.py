"""The queue on disk: what was done and is not recorded yet, in a SQLite file that any number of processes share.

A method returns once what it did is on the disk (WAL, synchronous=FULL), so that neither `kill -9` nor a power cut
takes anything of it. All are to be called from one thread.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import msgspec

from learntrack_client.judging import Item, Verdict
from learntrack_client.local_state import SessionState, StartAnswer, UpdateAnswer, after_answer, after_start, told
from learntrack_client.problems import LearntrackError, QueueFull
from learntrack_client.shapes import Aside, Content, ItemKind, ProblemDocument, Start, Update

A = TypeVar("A", bound=msgspec.Struct)

_VERSION = 1
_SCHEMA = f"""
CREATE TABLE items (
  number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which it was done
  learner TEXT NOT NULL, content TEXT NOT NULL, session TEXT NOT NULL, key TEXT NOT NULL UNIQUE,
  occurred_at TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  problem BLOB  -- the service's answer, where it was refused for good: then it is set aside
);
CREATE INDEX items_waiting ON items (learner, number) WHERE problem IS NULL;
CREATE INDEX items_of_content ON items (learner, content, number);
CREATE TABLE states (
  learner TEXT NOT NULL, content TEXT NOT NULL, state BLOB NOT NULL,  -- as the service has told it last
  PRIMARY KEY (learner, content)
);
PRAGMA user_version = {_VERSION};
"""
_ITEM = "number, content, session, key, occurred_at, kind, body, tries"
_OVERHEAD = 200
"""Bytes that an item takes beside its body, about."""
_NEARLY = 0.8
_STATES_KEPT = 1000


class Queue:
    """A learner's items in a queue's file.

    Args:
        path: The file; it is made if it is not there.
        learner: Whose items; "" for anonymous visits.
        most_items: How many items of this learner it may hold, those set aside included.
        most_bytes: How many bytes they may have.

    Raises:
        LearntrackError: the file was written by a later release of this package.

    """

    def __init__(self, path: Path, learner: str, *, most_items: int, most_bytes: int) -> None:
        self._learner = learner
        self._most_items, self._most_bytes = most_items, most_bytes
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
            elif version != _VERSION:
                raise LearntrackError(f"{path} is a queue of another release (form {version}, not {_VERSION}).")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, content: str, session: str, kind: ItemKind, body: bytes, now: Callable[[], str]) -> None:
        """Store what was done; `now` is asked within the transaction, so that moments are in the items' order.

        Raises:
            QueueFull: there is no room for it.

        """
        with self._transaction():
            items, size = self._size()
            if items >= self._most_items or size + len(body) + _OVERHEAD > self._most_bytes:
                raise QueueFull("The queue is full: nothing was stored.")
            self._db.execute(
                "INSERT INTO items (learner, content, session, key, occurred_at, kind, body) VALUES (?,?,?,?,?,?,?)",
                (self._learner, content, session, str(uuid4()), now(), kind, body),
            )

    def next(self, most_items: int, most_bytes: int) -> list[Item]:
        """The items to be sent next, oldest first: so many, or as many as have so many bytes, but one at least."""
        found: list[Item] = []
        size = 0
        rows = self._db.execute(
            f"SELECT {_ITEM} FROM items WHERE learner = ? AND problem IS NULL ORDER BY number LIMIT ?",  # noqa: S608
            (self._learner, most_items),
        )
        for row in rows:
            size += len(row[6]) + _OVERHEAD
            if found and size > most_bytes:
                break
            found.append(Item(*row))
        rows.close()
        return found

    def settle(self, verdict: Verdict) -> None:
        """Do what was decided of a batch's items, all of it or nothing."""
        with self._transaction():
            for item, answer in verdict.recorded:
                deleted = self._db.execute("DELETE FROM items WHERE key = ?", (item.key,))
                if deleted.rowcount:
                    self._learn(item, answer)
            self._db.executemany(
                "UPDATE items SET problem = ? WHERE key = ?",
                [(msgspec.json.encode(problem), item.key) for item, problem in verdict.aside],
            )
            self._db.executemany(
                "UPDATE items SET tries = tries + 1 WHERE key = ?", [(item.key,) for item in verdict.tried]
            )

    def state(self, content: str) -> SessionState:
        """What a content will be once all that waits is sent."""
        state = self._told(content)
        waiting = self._db.execute(
            "SELECT kind, body FROM items WHERE learner = ? AND content = ? AND problem IS NULL ORDER BY number",
            (self._learner, content),
        )
        for kind, body in waiting.fetchall():
            state = after_start(state, start_of(body)) if kind == "start" else _updated(state, body, None)
        return state

    def aside(self) -> list[Aside]:
        """The items that were refused for good, oldest first."""
        rows = self._db.execute(
            "SELECT key, session, kind, occurred_at, body, problem FROM items"
            " WHERE learner = ? AND problem IS NOT NULL ORDER BY number",
            (self._learner,),
        ).fetchall()
        return [
            Aside(key, session, kind, at, msgspec.json.decode(body), msgspec.json.decode(problem, type=ProblemDocument))
            for key, session, kind, at, body, problem in rows
        ]

    def retry(self, key: str | None, now: Callable[[], str]) -> int:
        """Put items that were set aside back into their place in the order: this one, or all; how many they were.

        With a start those of its session come back, since they were refused for want of it. What was refused for its
        moment alone happens now, since it would be refused for ever.
        """
        aside = self.aside()
        session = next((item.session_id for item in aside if item.key == key and item.kind == "start"), None)
        back = [item for item in aside if key in (None, item.key) or item.session_id == session]
        with self._transaction():
            for item in back:
                at = now() if list(item.problem.errors) == ["occurred_at"] else item.occurred_at
                self._db.execute(
                    "UPDATE items SET problem = NULL, tries = 0, occurred_at = ? WHERE key = ?", (at, item.key)
                )
        return len(back)

    def discard(self, key: str) -> bool:
        """Forget an item that was set aside; whether there was one."""
        with self._transaction():
            done = self._db.execute(
                "DELETE FROM items WHERE learner = ? AND key = ? AND problem IS NOT NULL", (self._learner, key)
            )
        return done.rowcount > 0

    def counts(self) -> tuple[int, int, int, bool]:
        """How many items wait and are set aside, how many bytes they have, and whether it is nearly full."""
        items, size = self._size()
        waiting = self.waiting()
        nearly = items >= _NEARLY * self._most_items or size >= _NEARLY * self._most_bytes
        return waiting, items - waiting, size, nearly

    def waiting(self, session: str | None = None) -> int:
        """How many items wait, of this session or of all."""
        found = self._db.execute(
            "SELECT count(*) FROM items WHERE learner = ? AND problem IS NULL AND (? IS NULL OR session = ?)",
            (self._learner, session, session),
        )
        return int(found.fetchone()[0])

    def _size(self) -> tuple[int, int]:
        items, size = self._db.execute(
            "SELECT count(*), coalesce(sum(length(body)), 0) FROM items WHERE learner = ?", (self._learner,)
        ).fetchone()
        return items, size + items * _OVERHEAD

    def _told(self, content: str) -> SessionState:
        found = self._db.execute(
            "SELECT state FROM states WHERE learner = ? AND content = ?", (self._learner, content)
        ).fetchone()
        return msgspec.json.decode(found[0], type=SessionState) if found else SessionState()

    def _learn(self, item: Item, answer: bytes | None) -> None:
        """Keep what the service has told about a content, of the contents that were visited last."""
        before = self._told(item.content)
        if item.kind == "start":
            answered = _read(answer, StartAnswer)
            state = told(answered) if answered else after_start(before, start_of(item.body))
        else:
            state = _updated(before, item.body, _read(answer, UpdateAnswer))
        self._db.execute(
            "INSERT OR REPLACE INTO states (learner, content, state) VALUES (?,?,?)",
            (self._learner, item.content, msgspec.json.encode(state)),
        )
        self._db.execute(
            "DELETE FROM states WHERE learner = ? AND rowid <= (SELECT max(rowid) FROM states) - ?",
            (self._learner, _STATES_KEPT),
        )


def start_body(start: Start) -> bytes:
    """A start as it is sent."""
    fields = msgspec.to_builtins(start.content)
    return msgspec.json.encode(fields | ({"repeat": True} if start.repeat else {}))


def start_of(body: bytes) -> Start:
    """The start that was to be sent so."""
    return Start(msgspec.json.decode(body, type=Content), msgspec.json.decode(body).get("repeat", False))


def _updated(state: SessionState, body: bytes, answer: UpdateAnswer | None) -> SessionState:
    return after_answer(state, msgspec.json.decode(body, type=Update), answer)


def _read(answer: bytes | None, shape: type[A]) -> A | None:
    """An answer in its shape; None where there is none, or of a form that is not known here."""
    try:
        return None if answer is None else msgspec.json.decode(answer, type=shape)
    except msgspec.MsgspecError:
        return None


def batch(items: Sequence[Item], sent_at: str) -> bytes:
    """Items as the service takes them together."""
    return msgspec.json.encode(
        {
            "sent_at": sent_at,
            "items": [
                {
                    "key": item.key,
                    "occurred_at": item.occurred_at,
                    "session_id": item.session,
                    item.kind: msgspec.Raw(item.body),
                }
                for item in items
            ],
        }
    )
