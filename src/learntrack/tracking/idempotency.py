"""Idempotency keys: a request that is sent again is answered as the first time, and changes nothing.

After draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from learntrack.documents import IdempotencyKey
from learntrack.errors import KeyReused, StillRunning, field_error

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(slots=True, frozen=True)
class RequestKey:
    """A request with an Idempotency-Key.

    `id` is a digest of the key and its scope, `request` one of what is asked; `scope` is the caller's id, or the
    anonymous session's or visitor's.
    """

    id: str
    scope: str
    request: str

    def answered(self, answer: bytes, expires_at: datetime) -> IdempotencyKey:
        """What is stored of the answered request."""
        return IdempotencyKey.begin(
            self.id, owner=self.scope, request=self.request, answer=answer, expires_at=expires_at
        )

    def answer_in(self, stored: IdempotencyKey) -> bytes:
        """The first answer.

        Raises:
            KeyReused: the key was used for another request.

        """
        if stored.request != self.request:
            raise KeyReused
        return stored.answer


def request_key(
    key: str | None, *, scope: str | None, action: str, body: Any, field: str = "Idempotency-Key"
) -> RequestKey | None:
    """The key of a request, None where there is none, or nobody to keep it for.

    Args:
        key: What the client sent.
        scope: Within what the key is unique.
        action: What is asked of what, for example `update 0a4f…`.
        body: The request's body, as a msgspec shape or plain values.
        field: What a refusal names.

    Raises:
        InvalidFields: the key is not 1–255 visible ASCII characters.

    """
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise field_error(field, "Must be 1–255 visible ASCII characters.")
    if scope is None:
        return None
    content = msgspec.json.encode(body, order="sorted")
    return RequestKey(_digest(scope.encode(), key.encode()), scope, _digest(action.encode(), content))


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:40]


class Running:
    """The keys of requests that are being answered by this process."""

    def __init__(self) -> None:
        self._requests: dict[str, str] = {}

    def enter(self, key: RequestKey) -> None:
        """Note that a request is being answered.

        Raises:
            StillRunning: its first sending still is.
            KeyReused: its key is being used for another request.

        """
        if (request := self._requests.get(key.id)) is not None:
            raise StillRunning if request == key.request else KeyReused
        self._requests[key.id] = key.request

    def leave(self, key: RequestKey) -> None:
        """Note that it is answered."""
        self._requests.pop(key.id, None)
