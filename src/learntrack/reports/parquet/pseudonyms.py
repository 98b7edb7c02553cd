"""Ids that say nothing about whom they are of, the same in every run with the same key."""

import hashlib
import hmac
from functools import lru_cache

_LEAST_KEY = 16


class Pseudonyms:
    """Replaces ids by a keyed hash (HMAC-SHA-256, 32 hex digits): whoever has no key cannot tell whose they are, though
    they know every id.

    Args:
        key: At least 16 bytes; to be kept as a secret.

    Raises:
        ValueError: the key is shorter.

    """

    def __init__(self, key: bytes) -> None:
        if len(key) < _LEAST_KEY:
            raise ValueError(f"The key must have {_LEAST_KEY} bytes or more.")
        self._key = key
        self._known = lru_cache(maxsize=50_000)(self._hashed)

    @property
    def fingerprint(self) -> str:
        """By which it is known whether another run had the same key; the key does not follow from it."""
        return self._hashed("fingerprint")[:12]

    def of(self, key: str | None) -> str | None:
        """What stands for an id; nothing for none."""
        return None if key is None else self._known(key)

    def _hashed(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]
