"""Speaking to an OpenID Connect provider, by Authlib (the extra `oidc`)."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.async_app import AsyncOAuth2Mixin
from authlib.integrations.base_client.async_openid import AsyncOpenIDMixin
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError

from learntrack.pages.openid import Pending, ProviderUnavailable, SignInFailed

_SECONDS = 10.0
_ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
"""What an ID token may be signed with: a key of the provider's own, never a shared secret, never nothing."""
_LEEWAY_SECONDS = 60

logger = logging.getLogger("learntrack")


class _Asking(AsyncOAuth2Mixin, AsyncOpenIDMixin):  # type: ignore[misc]
    """Authlib's client for one provider, without a web framework of its own."""

    client_cls = AsyncOAuth2Client

    async def get(self, url: str, **more: Any) -> httpx2.Response:
        answer: httpx2.Response = await self.request("GET", url, **more)
        return answer


class OpenIdClient:
    """One provider, as one of its clients.

    Args:
        issuer: Who it is; its description is under `/.well-known/openid-configuration` there.
        client_id: Who we are there.
        client_secret: What shows it; None: nothing but PKCE does.
        scope: What is asked for, `openid` among it.
        transport: How it is asked; None: over the network.

    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        scope: str,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._asking = _Asking(
            framework=None,
            client_id=client_id,
            client_secret=client_secret,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "timeout": _SECONDS,
                "transport": transport,
                "token_endpoint_auth_method": "none" if client_secret is None else "client_secret_basic",
            },
        )

    async def authorization(self, redirect_uri: str) -> dict[str, str]:
        """Where to send a browser (`url`), with its `state`, `nonce` and `code_verifier`.

        Raises:
            ProviderUnavailable: the provider cannot be asked.

        """
        async with self._reached():
            asked: dict[str, str] = await self._asking.create_authorization_url(redirect_uri)
        return asked

    async def claims(self, code: str, issuer: str | None, pending: Pending) -> dict[str, Any]:
        """What the provider says of who has signed in: its ID token's claims, and its description of the user.

        Raises:
            SignInFailed: the code or the ID token is not good.
            ProviderUnavailable: the provider cannot be asked.

        """
        async with self._reached() as metadata:
            # RFC 9207: another provider's answer must not be taken for this one's.
            said = issuer is not None or metadata.get("authorization_response_iss_parameter_supported") is True
            if said and issuer != self._issuer:
                raise SignInFailed("it came from another provider")
            token = await self._asking.fetch_access_token(
                redirect_uri=pending.redirect_uri, code=code, code_verifier=pending.code_verifier
            )
            options = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
            }
            claims = await self._asking.parse_id_token(token, pending.nonce, options, leeway=_LEEWAY_SECONDS)
            if claims is None:
                raise SignInFailed("there is no ID token")
            return {**await self._described(metadata, token, claims["sub"]), **claims}

    async def end_session(self, back_to: str) -> str | None:
        """Where to sign out of the provider (OpenID Connect RP-Initiated Logout 1.0); None: nowhere.

        Raises:
            ProviderUnavailable: the provider cannot be asked.

        """
        async with self._reached() as metadata:
            if not metadata.get("end_session_endpoint"):
                return None
            made = await self._asking.create_logout_url(back_to, client_id=self._client_id)
            return str(made["url"])

    async def _described(self, metadata: dict[str, Any], token: dict[str, Any], subject: str) -> dict[str, Any]:
        """The provider's description of the user: many say no more than `sub` in the ID token."""
        if not metadata.get("userinfo_endpoint") or "access_token" not in token:
            return {}
        described = dict(await self._asking.userinfo(token=token))
        if described.get("sub") != subject:  # OpenID Connect Core 1.0, 5.3.2
            raise SignInFailed("the provider describes another user")
        return described

    @asynccontextmanager
    async def _reached(self) -> AsyncIterator[dict[str, Any]]:
        """The provider's metadata; what goes wrong within is a sign-in that failed, or a provider out of reach."""
        try:
            metadata: dict[str, Any] = await self._asking.load_server_metadata()
            if metadata.get("issuer") != self._issuer:
                logger.error("LEARNTRACK_OIDC_ISSUER calls itself %r", metadata.get("issuer"))
                self._asking.server_metadata.clear()
                raise ProviderUnavailable
            offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
            metadata["id_token_signing_alg_values_supported"] = sorted(_ALGORITHMS.intersection(offered))
            yield metadata
        except httpx2.HTTPError as error:
            logger.warning("the provider at LEARNTRACK_OIDC_ISSUER cannot be asked: %s", error)
            raise ProviderUnavailable from error
        except (AuthlibBaseError, JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise SignInFailed(str(error)) from error
