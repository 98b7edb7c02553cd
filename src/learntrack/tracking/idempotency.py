"""Idempotency keys: a request that is sent again is answered as the first time, and changes nothing.

After draft-ietf-httpapi-idempotency-key-header-07.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from learntrack.documents import IdempotencyKey
from learntrack.errors import KeyReused, StillRunning, field_error

REPLAYED = {"Idempotent-Replayed": "true"}
"""The header of an answer that is given again."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


RequestKind = Literal["start", "offline start", "update"]
"""Keys of different kinds of request are apart. An update is the same kind live and in a batch, so that a client may
put into its queue what it has sent in vain.
"""


@dataclass(slots=True, frozen=True)
class KeyScope:
    """Within what a key is unique. The kind is part of it, because a caller chooses some of the ids: a visitor's or an
    anonymous session's may be those of a learner, and must not lead to the learner's keys.
    """

    kind: Literal["user", "visitor", "session"]
    id: str

    @property
    def owner(self) -> str:
        """Whose the key is, as it is stored: a user's plain id, by which forgetting removes it."""
        return self.id if self.kind == "user" else f"{self.kind}:{self.id}"

    @property
    def was_plain(self) -> bool:
        """Whether keys that release 0.1 stored under the plain id can be believed: a visitor's id was anybody's."""
        return self.kind != "visitor"


@dataclass(slots=True, frozen=True)
class RequestKey:
    """A request with an Idempotency-Key.

    `id` is a digest of the key, its scope and the kind of request, `request` one of what is asked. `former_id` is the
    id of release 0.1, under which it may have been answered before an upgrade; None where that is not believed.
    """

    id: str
    scope: KeyScope
    request: str
    former_id: str | None = None

    @property
    def ids(self) -> list[str]:
        """Under which ids the first answer may be stored."""
        return [self.id] if self.former_id is None else [self.id, self.former_id]

    @property
    def owners(self) -> list[str]:
        """Whose it may be stored as: release 0.1 named every owner by the plain id."""
        return [self.scope.owner] if self.former_id is None else [self.scope.owner, self.scope.id]

    def answered(self, answer: bytes, expires_at: datetime) -> IdempotencyKey:
        """What is stored of the answered request."""
        return IdempotencyKey.begin(
            self.id, owner=self.scope.owner, request=self.request, answer=answer, expires_at=expires_at
        )

    def answer_in(self, stored: Mapping[str, IdempotencyKey]) -> bytes | None:
        """The first answer, if it is among these keys (by their ids).

        Raises:
            KeyReused: the key was used for another request.

        """
        found = stored.get(self.id)
        if found is not None and found.request != self.request:
            raise KeyReused
        if found is None and self.former_id is not None:
            found = stored.get(self.former_id)
            # Only the very same request: under the former id an anonymous caller may have left another one.
            if found is not None and found.request != self.request:
                found = None
        return None if found is None else found.answer


def is_key(sent: str) -> bool:
    """Whether this can be an Idempotency-Key: 1–255 visible ASCII characters."""
    return _KEY.fullmatch(sent) is not None


def request_key(
    key: str | None,
    *,
    scope: KeyScope | None,
    kind: RequestKind,
    of: str = "",
    body: Any,
    field: str = "Idempotency-Key",
) -> RequestKey | None:
    """The key of a request, None where there is none, or nobody to keep it for.

    Args:
        key: What the client sent.
        scope: Within what the key is unique.
        kind: What is asked.
        of: Of which session.
        body: The request's body, as a msgspec shape or plain values.
        field: What a refusal names.

    Raises:
        InvalidFields: the key is not 1–255 visible ASCII characters.

    """
    if key is None:
        return None
    if not is_key(key):
        raise field_error(field, "Must be 1–255 visible ASCII characters.")
    if scope is None:
        return None
    content = msgspec.json.encode(body, order="sorted")
    action = f"{'update' if kind == 'update' else 'start'} {of}".rstrip()
    return RequestKey(
        _digest(scope.kind.encode(), scope.id.encode(), kind.encode(), key.encode()),
        scope,
        _digest(action.encode(), content),
        _digest(scope.id.encode(), key.encode()) if scope.was_plain else None,
    )


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
