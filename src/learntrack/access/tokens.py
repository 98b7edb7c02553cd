"""Tokens: JWTs signed by the host application, checked by an algorithm that configuration fixes."""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from learntrack.domain.ids import parse_id
from learntrack.errors import KeysUnavailable
from learntrack.settings import Settings
from learntrack.storage import StartError

_CHECKED_SECONDS = 30
"""How long a token that was found valid is believed without being checked again, if it does not expire before."""
_MOST_CHECKED = 5000
_LONGEST = 8192
"""Characters of a token; a longer one is refused unread, and none of those that are remembered is longer."""
_RETRY_SECONDS = 1.0
"""How long after it failed the address of the keys is not asked again."""

logger = logging.getLogger("learntrack")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says: the user's id, and whether the host application vouches for a superuser."""

    user_id: str
    superuser: bool


class InvalidToken(Exception):
    """The token is forged, expired, or not a token at all."""


class _KeySource(Protocol):
    @property
    def algorithms(self) -> list[str]: ...

    async def keys_for(self, token: str) -> Sequence[Any]: ...


@dataclass(frozen=True, slots=True)
class _FixedKeys:
    keys: Sequence[Any]
    algorithms: list[str]

    async def keys_for(self, token: str) -> Sequence[Any]:
        return self.keys


class _PublishedKeys:
    """Keys from a JWKS address: cached, fetched again when a token names one that is not known (rotation)."""

    algorithms = ["RS256", "ES256"]

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, cache_keys=False, lifespan=300, timeout=5, cooldown_duration=5)
        self._one_at_a_time = asyncio.Lock()
        self._failed_at = -_RETRY_SECONDS

    async def keys_for(self, token: str) -> Sequence[Any]:
        """The key that a token names.

        Raises:
            InvalidToken: there is no such key.
            KeysUnavailable: nobody answers there, or not with keys.

        """
        kid = jwt.get_unverified_header(token).get("kid")
        async with self._one_at_a_time:
            # Not asked again by everybody who comes: each would wait for all those before.
            if time.monotonic() - self._failed_at < _RETRY_SECONDS:
                raise KeysUnavailable
            try:
                key = await asyncio.to_thread(self._find, kid)
            except KeysUnavailable:
                self._failed_at = time.monotonic()
                raise
        if key.algorithm_name not in self.algorithms:
            raise InvalidToken("The key of this token is of another algorithm.")
        return [key.key]

    def _find(self, kid: Any) -> jwt.PyJWK:
        try:
            self._client.get_signing_keys()
        except (jwt.PyJWTError, OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            logger.warning("the keys at LEARNTRACK_JWKS_URL cannot be had: %s", error)
            raise KeysUnavailable from error
        try:
            return self._client.get_signing_key(kid)
        except jwt.PyJWKClientConnectionError as error:
            logger.warning("the keys at LEARNTRACK_JWKS_URL cannot be had: %s", error)
            raise KeysUnavailable from error


class TokenVerifier:
    """Checks tokens. The algorithm follows from the configured key, never from the token.

    Raises:
        StartError: no key, or more than one, is configured.

    """

    def __init__(self, settings: Settings) -> None:
        self._keys = _key_source(settings)
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        self._checked: dict[str, tuple[Claims, float]] = {}
        self._options: Any = {
            "require": ["sub", "exp"],
            "verify_aud": self._audience is not None,
            "verify_iss": self._issuer is not None,
        }

    async def claims(self, token: str) -> Claims:
        """What a token says.

        Raises:
            InvalidToken: it is not valid now.
            KeysUnavailable: it cannot be checked now.

        """
        if len(token) > _LONGEST:
            raise InvalidToken("The token is not valid.")
        found = self._checked.get(token)
        if found is not None and time.time() < found[1]:
            return found[0]
        try:
            payload = self._payload(token, await self._keys.keys_for(token))
            claims = Claims(parse_id(payload["sub"]), payload.get("superuser") is True)
            expires = _moment(payload["exp"])
        except jwt.ExpiredSignatureError as error:  # told only of what one of the keys has signed
            raise InvalidToken("The token has expired.") from error
        # RecursionError: nested as deeply as a token is long; the signature comes after the reading.
        except (
            jwt.PyJWTError,
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise InvalidToken("The token is not valid.") from error
        if len(self._checked) >= _MOST_CHECKED:
            self._checked.clear()
        self._checked[token] = claims, min(expires, time.time() + _CHECKED_SECONDS)
        return claims

    def _payload(self, token: str, keys: Sequence[Any]) -> dict[str, Any]:
        """What a token says that one of these keys has signed; the last key's objection where none has."""
        for key in keys[:-1]:
            with suppress(jwt.InvalidSignatureError):
                return self._decoded(token, key)
        return self._decoded(token, keys[-1])

    def _decoded(self, token: str, key: Any) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=self._keys.algorithms,
            audience=self._audience,
            issuer=self._issuer,
            options=self._options,
        )


def _moment(claim: Any) -> float:
    """A claim that is a moment, in seconds since 1970 (RFC 7519, NumericDate).

    Raises:
        ValueError: it is no number.

    """
    if isinstance(claim, bool) or not isinstance(claim, int | float) or not math.isfinite(claim):
        raise ValueError("Must be a number.")
    return float(claim)


def issue(secret: str, user_id: str, *, superuser: bool, ttl: timedelta, settings: Settings) -> str:
    """A token for `user_id`, signed with the service's own secret (HS256)."""
    claims: dict[str, Any] = {"sub": user_id, "exp": datetime.now(UTC) + ttl}
    if superuser:
        claims["superuser"] = True
    if settings.jwt_issuer:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience:
        claims["aud"] = settings.jwt_audience
    return jwt.encode(claims, secret, algorithm="HS256")


def _key_source(settings: Settings) -> _KeySource:
    configured = [name for name in ("jwt_secret", "jwt_public_key", "jwks_url") if getattr(settings, name)]
    if not configured:
        raise StartError(
            "Set LEARNTRACK_JWT_SECRET (or LEARNTRACK_JWT_PUBLIC_KEY, or LEARNTRACK_JWKS_URL): without a "
            "key no token can be checked."
        )
    if len(configured) > 1:
        raise StartError("Set only one of LEARNTRACK_JWT_SECRET, LEARNTRACK_JWT_PUBLIC_KEY and LEARNTRACK_JWKS_URL.")
    if settings.jwt_previous_secret and not settings.jwt_secret:
        raise StartError("LEARNTRACK_JWT_PREVIOUS_SECRET goes only with LEARNTRACK_JWT_SECRET.")
    if settings.jwks_url:
        return _PublishedKeys(settings.jwks_url)
    if settings.jwt_public_key:
        key = load_pem_public_key(settings.jwt_public_key.encode())
        return _FixedKeys([key], ["ES256"] if isinstance(key, EllipticCurvePublicKey) else ["RS256"])
    secrets = [settings.jwt_secret, settings.jwt_previous_secret]
    return _FixedKeys([secret.get_secret_value() for secret in secrets if secret is not None], ["HS256"])
