"""Tokens: JWTs signed by the host application, checked by an algorithm that configuration fixes."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from learntrack.domain.ids import parse_id
from learntrack.settings import Settings
from learntrack.storage import StartError

_SHORTEST_SECRET = 16
_CHECKED_SECONDS = 30
"""How long a token that was found valid is believed without being checked again, if it does not expire before."""
_MOST_CHECKED = 5000


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

    async def key_for(self, token: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class _FixedKey:
    key: Any
    algorithms: list[str]

    async def key_for(self, token: str) -> Any:
        return self.key


class _PublishedKeys:
    """Keys from a JWKS address: cached, fetched again when a token names one that is not known (rotation)."""

    algorithms = ["RS256", "ES256"]

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, cache_keys=False, lifespan=300, timeout=5, cooldown_duration=5)

    async def key_for(self, token: str) -> Any:
        key = await asyncio.to_thread(self._client.get_signing_key_from_jwt, token)
        if key.algorithm_name not in self.algorithms:
            raise InvalidToken("The key of this token is of another algorithm.")
        return key.key


class TokenVerifier:
    """Checks tokens. The algorithm follows from the configured key, never from the token.

    Raises:
        StartError: no key, or more than one, is configured, or it is not usable.

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

        """
        found = self._checked.get(token)
        if found is not None and time.time() < found[1]:
            return found[0]
        try:
            key = await self._keys.key_for(token)
            algorithms = self._keys.algorithms
            payload = jwt.decode(
                token, key, algorithms=algorithms, audience=self._audience, issuer=self._issuer, options=self._options
            )
            claims = Claims(parse_id(payload["sub"]), payload.get("superuser") is True)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise InvalidToken("The token is not valid.") from error
        if len(self._checked) >= _MOST_CHECKED:
            self._checked.clear()
        self._checked[token] = claims, min(payload["exp"], time.time() + _CHECKED_SECONDS)
        return claims


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
    if settings.jwks_url:
        return _PublishedKeys(settings.jwks_url)
    if settings.jwt_public_key:
        try:
            key = load_pem_public_key(settings.jwt_public_key.replace("\\n", "\n").encode())
        except ValueError as error:
            raise StartError("LEARNTRACK_JWT_PUBLIC_KEY is not a public key in PEM form.") from error
        return _FixedKey(key, ["ES256"] if isinstance(key, EllipticCurvePublicKey) else ["RS256"])
    assert settings.jwt_secret is not None
    secret = settings.jwt_secret.get_secret_value()
    if len(secret) < _SHORTEST_SECRET:
        raise StartError(f"LEARNTRACK_JWT_SECRET is too short: at least {_SHORTEST_SECRET} characters.")
    return _FixedKey(secret, ["HS256"])
