"""Free-form JSON (`answer`, `extra_fields`): how it is stored, so that it comes back equal to what was sent.

Drivers and engines take an object with keys that begin with `$` for something else: `{"$ref": …, "$id": …}` for a
reference, `{"$date": …}` for a date, `{"$literal": …}` for an expression. So a stored key begins with U+FF04 instead,
and each U+FF04 with which one begins, perhaps behind a `$`, is doubled: `kept` on the way in, `as_sent` on the way out.
What releases before stored under `$` reads as it is. Documents in memory have what is stored.
"""

import json
import re
from math import isfinite
from typing import Any

import msgspec
from pydantic import BaseModel

_LONGEST_INT = 2**63
_MANY_DIGITS = 19
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_AS_THEY_ARE = {str, bool, type(None)}
_NUMBERS = {int, float}
_NOT_FINITE = "Has a number that is not finite."
_MARK = "\uff04"
_MARKED = b'"' + _MARK.encode()
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"(:?)', re.DOTALL)


class Unstorable(Exception):
    """A value that cannot be stored; the message says why."""


def encodable(value: Any) -> Any:
    """What an encoder is to write of what it does not know: a model's fields; and of what a driver returns in place of
    plain JSON, its own integers beyond 32 bits, and references where an earlier release stored such objects.
    """
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, int):
        return int(value)
    if hasattr(value, "as_doc"):
        return value.as_doc()
    raise NotImplementedError(f"{type(value)} is no JSON value")


stored_json = msgspec.json.Encoder(enc_hook=encodable).encode
"""The JSON of what is stored: its size and its digest are those of this text. What is answered is encoded elsewhere."""


def kept(value: Any, *, depth: int) -> Any:
    """What is stored of a JSON value, nested `depth` levels at the most.

    Equal to it when it is shown, but for what no JSON reader keeps either: an integer beyond 64 bits becomes a double,
    and a NUL in a key U+FFFD.

    Raises:
        Unstorable: it is nested too deeply, or a number is not finite.

    """
    if isinstance(value, dict):
        if depth <= 0:
            raise Unstorable("Nested too deeply.")
        return {
            _stored_key(key) if key[:1] in ("$", _MARK) or "\0" in key else key: inner
            if type(inner) is str
            else kept(inner, depth=depth - 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        if depth <= 0:
            raise Unstorable("Nested too deeply.")
        kinds = set(map(type, value))
        if kinds <= _AS_THEY_ARE or (kinds == {int} and min(value) >= -_LONGEST_INT and max(value) < _LONGEST_INT):
            return value  # long lists mostly are of one kind
        return [inner if type(inner) is str else kept(inner, depth=depth - 1) for inner in value]
    return _kept_number(value) if type(value) in _NUMBERS else value


def _kept_number(value: float) -> float:
    if type(value) is int and not -_LONGEST_INT <= value < _LONGEST_INT:
        try:
            return float(value)
        except OverflowError:
            raise Unstorable(_NOT_FINITE) from None
    if not isfinite(value):
        raise Unstorable(_NOT_FINITE)
    return value


def read_quickly(text: bytes) -> Any:
    """The plain values of JSON text.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError: it is no JSON, or of a kind that only patience reads.
        RecursionError: it is nested beyond all measure.

    """
    return (_read_short if len(text) <= _SHORT else _read_long)(text)


def read_patiently(text: str) -> Any:
    """The plain values of JSON text of all that JavaScript's `JSON.stringify` makes, where a faster reader refuses it.

    An integer beyond 64 bits becomes a double, half a surrogate pair U+FFFD.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested beyond all measure.

    """
    return _whole(json.loads(text, parse_int=_number, parse_float=double, parse_constant=_no_constant))


def double(digits: str) -> float:
    """A number with a fraction or an exponent. For decoders, whose own reading of one such as 1.5e300 takes a hundred
    times as long; a function of Python's, so that others have their turn between two of them.
    """
    return float(digits)


_SHORT = 512
"""Bytes of JSON in which there are too few numbers to matter how they are read."""
_read_short = msgspec.json.Decoder().decode
_read_long = msgspec.json.Decoder(float_hook=double).decode


def as_sent(text: bytes) -> bytes:
    """JSON text of what is stored with its keys as they were sent.

    Looks at the text because nearly none has such a key, which a search tells in no time. All keys that are not
    free-form JSON's are the service's own names.
    """
    return _STRING.sub(_shown_key, text) if _MARKED in text else text


def restore_keys(start: int, buffer: bytearray) -> None:
    """As `as_sent`, in place: the JSON text that begins at `start` of a buffer."""
    if buffer.find(_MARKED, start) >= 0:
        buffer[start:] = _STRING.sub(_shown_key, bytes(buffer[start:]))


def _stored_key(key: str) -> str:
    key = key.replace("\0", "\ufffd")
    dollar = key.startswith("$")
    rest = key[dollar:]
    marks = len(rest) - len(rest.lstrip(_MARK))
    return _MARK * (dollar + marks) + rest


def _shown_key(found: re.Match[bytes]) -> bytes:
    text = found[0]
    if not found[1] or not text.startswith(_MARKED):
        return text
    rest = text[1:].decode()
    bare = rest.lstrip(_MARK)
    pairs, single = divmod(len(rest) - len(bare), 2)
    return f'"{"$" * single}{_MARK * pairs}{bare}'.encode()


def _number(digits: str) -> int | float:
    """An integer, read as a double where it is far beyond 64 bits; so no number of digits takes long."""
    return int(digits) if len(digits) <= _MANY_DIGITS else float(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON.")


def _whole(value: Any) -> Any:
    """A value in whose texts halves of surrogate pairs are U+FFFD."""
    if isinstance(value, str):
        return _HALF_A_PAIR.sub("\ufffd", value)
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(entry) for key, entry in value.items()}
    return value
