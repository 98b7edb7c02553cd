"""A proxy on the wire between the service and an engine, for what an engine does not do because a test asks for it:
errors with labels, silence, connections that break before or after the work was done, elections, nodes of an older
release.

It speaks OP_MSG, and OP_QUERY for the first handshake:
https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import bson

_HEADER = struct.Struct("<iiii")
_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_MORE_TO_COME, _EXHAUST_ALLOWED = 1 << 1, 1 << 16
_HELLOS = ("hello", "isMaster", "ismaster")

Document = dict[str, Any]
Forward = Callable[[], Awaitable[Document]]
Action = Callable[[Document, Forward], Awaitable[Document | None]]
"""Given a command, and what sends it on and returns the engine's reply: the reply; None to break the connection."""


def error(code: int, *labels: str, name: str = "", message: str = "as the test asks") -> Action:
    """Answer with an error; the engine never hears of the command."""

    async def act(_: Document, __: Forward) -> Document:
        return {"ok": 0.0, "code": code, "codeName": name, "errmsg": message, "errorLabels": list(labels)}

    return act


def held(until: asyncio.Event) -> Action:
    """Send the command on when the event is set."""

    async def act(_: Document, forward: Forward) -> Document:
        await until.wait()
        return await forward()

    return act


def changed(**fields: Any) -> Action:
    """Send the command on, and give the reply other fields; None takes one away."""

    async def act(_: Document, forward: Forward) -> Document:
        reply = await forward() | fields
        return {name: value for name, value in reply.items() if value is not None}

    return act


async def lost(_: Document, __: Forward) -> None:
    """Break the connection; the engine never hears of the command."""


async def done_and_lost(_: Document, forward: Forward) -> None:
    """Let the engine do it, and break the connection before the answer."""
    await forward()


def done_but(code: int, *labels: str) -> Action:
    """Let the engine do it, and answer with an error all the same."""
    refuse = error(code, *labels)

    async def act(command: Document, forward: Forward) -> Document | None:
        await forward()
        return await refuse(command, forward)

    return act


@dataclass
class Rule:
    """What happens to commands of these names, `times` times (None: for ever), and how often it has."""

    commands: tuple[str, ...]
    action: Action
    times: int | None
    where: Callable[[Document], bool]
    met: int = 0
    was_met: asyncio.Event = field(default_factory=asyncio.Event)

    async def happens(self, seconds: float = 60) -> None:
        """Wait until it has, once."""
        await asyncio.wait_for(self.was_met.wait(), seconds)

    def applies(self, name: str, command: Document) -> bool:
        spent = self.times is not None and self.met >= self.times
        return not spent and (not self.commands or name in self.commands) and self.where(command)


@dataclass
class Wire:
    """The proxy: rules that a test gives it, and the commands that it has seen."""

    uri: str
    """Where the engine is."""
    parameters: str = ""
    """What the URI says besides."""
    rules: list[Rule] = field(default_factory=list)
    seen: list[Document] = field(default_factory=list)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def on(
        self,
        *commands: str,
        do: Action,
        times: int | None = None,
        where: Callable[[Document], bool] = lambda _: True,
    ) -> Rule:
        """From now on do this with these commands (none named: with all but the handshake's); the newest rule wins."""
        rule = Rule(commands, do, times, where)
        self.rules.insert(0, rule)
        return rule

    def of(self, *commands: str) -> list[Document]:
        """The commands of these names that were seen."""
        return [each for each in self.seen if next(iter(each)) in commands]

    def break_connections(self) -> None:
        """Break all that are open, in the midst of whatever they carry."""
        for writer in self._open:
            writer.transport.abort()

    @contextlib.contextmanager
    def election(self) -> Iterator["Rule"]:
        """While it lasts there is no primary, and whoever writes or reads is told so; yields what tells whether the
        driver has noticed.
        """
        secondary = changed(isWritablePrimary=False, ismaster=False, secondary=True, primary=None)
        rules = [
            self.on(do=error(10107, "RetryableWriteError", name="NotWritablePrimary")),
            self.on(do=error(189, "TransientTransactionError", name="PrimarySteppedDown"), where=in_transaction),
            self.on(*_HELLOS, do=secondary),
        ]
        try:
            yield rules[-1]
        finally:
            for rule in rules:
                self.rules.remove(rule)

    def as_a_mongos(self) -> None:
        """From now on let the engine be taken for a sharded cluster's mongos, and for no embedded engine."""
        self.on(*_HELLOS, do=changed(msg="isdbgrid", setName=None, hosts=None))
        self.on("buildInfo", do=changed(secantusVersion=None))

    # The proxy itself

    async def serve(self) -> "asyncio.Server":
        self._server = await asyncio.start_server(self._serve_one, "127.0.0.1", 0)
        return self._server

    @property
    def address(self) -> str:
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    @property
    def own_uri(self) -> str:
        """Where the proxy is, with what else the engine's URI says."""
        parts = urlsplit(self.uri)
        user, at, _ = parts.netloc.rpartition("@")
        query = parts.query.replace("directConnection=true", "directConnection=false")
        return parts._replace(netloc=user + at + self.address, query=query + self.parameters).geturl()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(self.uri)
        behind, to_engine = await asyncio.open_connection(parts.hostname, parts.port)
        self._open.add(writer)
        try:
            while True:
                reply = await self._reply_to(await _message(reader), behind, to_engine)
                if reply is None:
                    return
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._open.discard(writer)
            to_engine.close()
            writer.close()

    async def _reply_to(
        self, message: bytes, behind: asyncio.StreamReader, to_engine: asyncio.StreamWriter
    ) -> bytes | None:
        """The reply to a message; None to break the connection, empty where none is due."""
        _, request_id, _, opcode = _HEADER.unpack_from(message)
        message, command, silent = _without_exhaust(message, opcode)
        name = next(iter(command))

        async def forward() -> Document:
            to_engine.write(message)
            await to_engine.drain()
            if silent:
                return {}
            reply = _document_in(await _message(behind))
            return self._renamed(reply) if name in _HELLOS else reply

        action = self._action(name, command)
        try:
            reply = await action(command, forward)
        except asyncio.IncompleteReadError:
            return None
        return None if reply is None else b"" if silent else _packed(reply, request_id, opcode)

    def _action(self, name: str, command: Document) -> Action:
        if name not in _HELLOS:
            self.seen.append(command)
        for rule in self.rules:
            if (rule.commands or name not in (*_HELLOS, *_HANDSHAKE)) and rule.applies(name, command):
                rule.met += 1
                rule.was_met.set()
                return rule.action
        return passed_on

    def _renamed(self, hello: Document) -> Document:
        """What an engine says of itself, so that the driver stays with the proxy, and asks again now and then."""
        named: Mapping[str, Any] = {"hosts": [self.address], "me": self.address, "primary": self.address}
        kept = {name: value for name, value in hello.items() if name != "topologyVersion"}
        return kept | {name: value for name, value in named.items() if name in hello}


_HANDSHAKE = ("saslStart", "saslContinue", "buildInfo", "endSessions")


async def passed_on(_: Document, forward: Forward) -> Document:
    return await forward()


def in_transaction(command: Document) -> bool:
    """Whether a command is part of a transaction."""
    return command.get("autocommit") is False


async def _message(reader: asyncio.StreamReader) -> bytes:
    size = await reader.readexactly(4)
    return size + await reader.readexactly(int.from_bytes(size, "little") - 4)


def _without_exhaust(message: bytes, opcode: int) -> tuple[bytes, Document, bool]:
    """A message that has one reply at the most, its command, and whether it has none."""
    if opcode == _OP_QUERY:
        name_end = message.index(b"\0", 20)
        return message, bson.decode(_first(message[name_end + 9 :])), False
    [flags] = struct.unpack_from("<I", message, 16)
    single = message[:16] + struct.pack("<I", flags & ~_EXHAUST_ALLOWED) + message[20:]
    return single, _sections(message[20:]), bool(flags & _MORE_TO_COME)


def _first(documents: bytes) -> bytes:
    return documents[: int.from_bytes(documents[:4], "little")]


def _sections(payload: bytes) -> Document:
    command: Document = {}
    sequences: Document = {}
    while payload:
        kind, rest = payload[0], payload[1:]
        size = int.from_bytes(rest[:4], "little")
        if kind == 0:
            command = bson.decode(rest[:size])
        else:
            name, _, documents = rest[4:size].partition(b"\0")
            sequences[name.decode()] = bson.decode_all(documents)
        payload = rest[size:]
    return command | sequences


def _document_in(reply: bytes) -> Document:
    [opcode] = struct.unpack_from("<i", reply, 12)
    return bson.decode(_first(reply[36:] if opcode == _OP_REPLY else reply[21:]))


def _packed(reply: Document, request_id: int, asked_by: int) -> bytes:
    document = bson.encode(reply)
    if asked_by == _OP_QUERY:
        body, opcode = struct.pack("<iqii", 8, 0, 0, 1) + document, _OP_REPLY
    else:
        body, opcode = b"\0\0\0\0\0" + document, _OP_MSG
    return _HEADER.pack(_HEADER.size + len(body), 0, request_id, opcode) + body


@asynccontextmanager
async def wire_to(uri: str) -> AsyncIterator[Wire]:
    """A proxy before the engine at `uri`."""
    wire = Wire(uri)
    server = await wire.serve()
    try:
        yield wire
    finally:
        server.close()
