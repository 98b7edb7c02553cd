"""The queue on disk: what was done and is not recorded yet, in a SQLite file that any number of processes share.

A method returns once what it did is on the disk. All are to be called from one thread.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import msgspec

from learntrack_client.judging import Item, Verdict
from learntrack_client.local_state import SessionState, StartAnswer, UpdateAnswer, after_answer, after_start, told
from learntrack_client.problems import QueueFull
from learntrack_client.queue_file import QueueFile
from learntrack_client.shapes import Aside, Content, ItemKind, JsonObject, ProblemDocument, Start, Update

A = TypeVar("A", bound=msgspec.Struct)

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
        QueueUnusable, QueueFull: what is wrong with the file; every method can raise them.

    """

    def __init__(self, path: Path, learner: str, *, most_items: int, most_bytes: int) -> None:
        self._learner = learner
        self._most_items, self._most_bytes = most_items, most_bytes
        self._unstored: list[Verdict] = []
        """What was decided of items that have been sent, as long as it cannot be stored (a full disk)."""
        self._file = QueueFile(path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, content: str, session: str, kind: ItemKind, body: bytes, now: Callable[[], str]) -> None:
        """Store what was done; `now` is asked within the transaction, so that moments are in the items' order.

        Raises:
            QueueFull: there is no room for it.

        """
        self._file.check_place()
        with self._file.transaction():
            items, _, size = self._totals()
            if items >= self._most_items or size + len(body) + _OVERHEAD > self._most_bytes:
                raise QueueFull("The queue is full: nothing was stored.")
            self._file.run(
                "INSERT INTO items (learner, content, session, key, occurred_at, kind, body) VALUES (?,?,?,?,?,?,?)",
                (self._learner, content, session, str(uuid4()), now(), kind, body),
            )

    def next(self, most_items: int, most_bytes: int) -> list[Item]:
        """The items to be sent next, oldest first: so many, or as many as have so many bytes, but one at least."""
        done = {item.key for verdict in self._unstored for item, _ in (*verdict.recorded, *verdict.aside)}
        found: list[Item] = []
        size = 0
        rows = self._file.each(
            f"SELECT {_ITEM} FROM items WHERE learner = ? AND problem IS NULL ORDER BY number LIMIT ?",  # noqa: S608
            (self._learner, most_items + len(done)),
        )
        for item in (Item(*row) for row in rows):
            if item.key in done:
                continue
            size += len(item.body) + _OVERHEAD
            if found and (size > most_bytes or len(found) == most_items):
                break
            found.append(item)
        return found

    def settle(self, verdict: Verdict | None = None) -> None:
        """Do what was decided of a batch's items, and of those before of which it could not be stored; all of it or
        nothing. Until it is stored, what was recorded or refused is not sent again while this queue is open.
        """
        if verdict is not None:
            self._unstored.append(verdict)
        if not self._unstored:
            return
        with self._file.transaction():
            for each in self._unstored:
                self._settle(each)
            self._forget_oldest()
        self._unstored = []

    def _settle(self, verdict: Verdict) -> None:
        for item, answer in verdict.recorded:
            if self._file.run("DELETE FROM items WHERE key = ?", (item.key,)):
                self._learn(item, answer)
        for item, problem in verdict.aside:
            self._file.run("UPDATE items SET problem = ? WHERE key = ?", (msgspec.json.encode(problem), item.key))
        for item in verdict.tried:
            self._file.run("UPDATE items SET tries = tries + 1 WHERE key = ?", (item.key,))

    def state(self, content: str) -> SessionState:
        """What a content will be once all that waits is sent."""
        with self._file.snapshot():  # else what another process settles meanwhile would be in neither
            state = self._told(content)
            waiting = self._file.rows(
                "SELECT kind, body FROM items WHERE learner = ? AND content = ? AND problem IS NULL ORDER BY number",
                (self._learner, content),
            )
        for kind, body in waiting:
            state = _started(state, body) if kind == "start" else _updated(state, body, None)
        return state

    def aside(self) -> list[Aside]:
        """The items that were refused for good, oldest first."""
        rows = self._file.rows(
            "SELECT key, session, kind, occurred_at, body, problem FROM items"
            " WHERE learner = ? AND problem IS NOT NULL ORDER BY number",
            (self._learner,),
        )
        return [
            Aside(key, session, kind, at, _object(body), _read(problem, ProblemDocument) or ProblemDocument())
            for key, session, kind, at, body, problem in rows
        ]

    def retry(self, key: str | None, now: Callable[[], str], visits: Mapping[str, str]) -> int:
        """Put items that were set aside back into their place in the order: this one, or all; how many they were.

        With a start those of its session come back, since they were refused for want of it. What the service knows no
        visit of (any more) goes behind all, into the latest of its content that is in `visits`. It happens now, as does
        what was refused for its moment alone, and what followed a start that was, since it would be refused for ever.
        """
        with self._file.transaction():
            aside = self.aside()
            session = next((item.session_id for item in aside if item.key == key and item.kind == "start"), None)
            back = [item for item in aside if key in (None, item.key) or item.session_id == session]
            late = {item.key for item in back if list(item.problem.errors) == ["occurred_at"]}
            begun = {item.session_id for item in back if item.kind == "start"}
            begun_late = {item.session_id for item in back if item.key in late and item.kind == "start"}
            for item in back:
                lost = item.problem.status == 404 and item.session_id not in begun
                if lost and (visit := visits.get(self._content_of(item.key))):
                    self._come_back(item.key, now())
                    self._move(item.key, visit)
                else:
                    is_late = item.key in late or item.session_id in begun_late
                    self._come_back(item.key, now() if is_late else item.occurred_at)
        return len(back)

    def _come_back(self, key: str, at: str) -> None:
        self._file.run("UPDATE items SET problem = NULL, tries = 0, occurred_at = ? WHERE key = ?", (at, key))

    def _move(self, key: str, visit: str) -> None:
        """Put an item behind all, since the start of its new visit may still wait."""
        self._file.run(
            "UPDATE items SET session = ?, number = (SELECT max(number) + 1 FROM items) WHERE key = ?", (visit, key)
        )

    def _content_of(self, key: str) -> str:
        [(content,)] = self._file.rows("SELECT content FROM items WHERE key = ?", (key,))
        return str(content)

    def discard(self, key: str) -> bool:
        """Forget an item that was set aside; whether there was one."""
        with self._file.transaction():
            gone = self._file.run(
                "DELETE FROM items WHERE learner = ? AND key = ? AND problem IS NOT NULL", (self._learner, key)
            )
        return gone > 0

    def counts(self) -> tuple[int, int, int, bool]:
        """How many items wait and are set aside, how many bytes they have, and whether it is nearly full."""
        items, aside, size = self._totals()
        nearly = items >= _NEARLY * self._most_items or size >= _NEARLY * self._most_bytes or bool(self._unstored)
        return items - aside, aside, size, nearly

    def waiting(self, session: str | None = None) -> int:
        """How many items wait, of this session or of all."""
        if session is None:
            return self.counts()[0]
        [(count,)] = self._file.rows(
            "SELECT count(*) FROM items WHERE session = ? AND problem IS NULL AND learner = ?",
            (session, self._learner),
        )
        return int(count)

    def _totals(self) -> tuple[int, int, int]:
        """How many items there are, how many of them are set aside, and how many bytes they have."""
        found = self._file.rows("SELECT items, aside, bytes FROM totals WHERE learner = ?", (self._learner,))
        items, aside, size = found[0] if found else (0, 0, 0)
        return items, aside, size + items * _OVERHEAD

    def _told(self, content: str) -> SessionState:
        found = self._file.rows("SELECT state FROM states WHERE learner = ? AND content = ?", (self._learner, content))
        return (_read(found[0][0], SessionState) if found else None) or SessionState()

    def _learn(self, item: Item, answer: bytes | None) -> None:
        """Keep what the service has told about a content."""
        before = self._told(item.content)
        if item.kind == "start":
            answered = _read(answer, StartAnswer)
            state = told(answered) if answered else _started(before, item.body)
        else:
            state = _updated(before, item.body, _read(answer, UpdateAnswer))
        self._file.run(
            "INSERT OR REPLACE INTO states (learner, content, state) VALUES (?,?,?)",
            (self._learner, item.content, msgspec.json.encode(state)),
        )

    def _forget_oldest(self) -> None:
        """Keep what is known of the contents that were visited last: a row that is replaced is the newest again."""
        self._file.run(
            "DELETE FROM states WHERE rowid IN"
            " (SELECT rowid FROM states WHERE learner = ? ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
            (self._learner, _STATES_KEPT),
        )


class _Repeat(msgspec.Struct):
    repeat: bool = False


def _started(state: SessionState, body: bytes) -> SessionState:
    content, repeat = _read(body, Content), _read(body, _Repeat)
    return state if content is None else after_start(state, Start(content, repeat is not None and repeat.repeat))


def _updated(state: SessionState, body: bytes, answer: UpdateAnswer | None) -> SessionState:
    update = _read(body, Update)
    return state if update is None else after_answer(state, update, answer)


def _read(text: bytes | None, shape: type[A]) -> A | None:
    """A text in its shape; None where there is none, or of a form that is not known here: what is shown may be less
    then, but nothing is kept from being sent.
    """
    try:
        return None if text is None else msgspec.json.decode(text, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _object(text: bytes) -> JsonObject:
    try:
        return msgspec.json.decode(text, type=JsonObject)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}  # a damaged one: shown all the same, so that it can be discarded


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
