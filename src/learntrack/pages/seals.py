"""What a browser keeps for the pages and must not be able to make up: signed, for one purpose, and for a while."""

import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO = b"learntrack pages"


class BrokenSeal(Exception):
    """It was not sealed here, not for this purpose, or too long ago."""


class Seals:
    """Seals claims as a JWT (HS256) under a key of its own.

    No token of the API's is one, and none of these is a token there.

    Args:
        secret: What the key is derived from (HKDF, RFC 5869); every worker and every service beside it has the same.

    """

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(SHA256(), length=32, salt=None, info=_INFO).derive(secret)

    def seal(self, purpose: str, claims: Mapping[str, str], seconds: float) -> str:
        """These claims, to be believed for so many seconds."""
        return jwt.encode({**claims, "aud": purpose, "exp": time.time() + seconds}, self._key, algorithm="HS256")

    def open(self, purpose: str, sealed: str) -> dict[str, str]:
        """What was sealed for this purpose.

        Raises:
            BrokenSeal: nothing of ours, or no longer.

        """
        try:
            claims: dict[str, Any] = jwt.decode(
                sealed, self._key, algorithms=["HS256"], audience=purpose, options={"require": ["aud", "exp"]}
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise BrokenSeal from error
        return claims
