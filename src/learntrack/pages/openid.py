"""Signing in to the pages with a provider of the host's: OpenID Connect's code flow with PKCE.

Authlib asks the provider and checks its ID token; what is kept meanwhile, and afterwards, is sealed in the browser's
cookies. OpenID Connect Core 1.0, RFC 7636.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from learntrack.domain.ids import parse_id
from learntrack.errors import KeysUnavailable
from learntrack.pages.seals import BrokenSeal, Seals
from learntrack.settings import Settings
from learntrack.storage import StartError

if TYPE_CHECKING:
    from learntrack.pages.openid_client import OpenIdClient

PENDING_SECONDS = 600
"""How long somebody may take to sign in at the provider."""
SIGNED_IN_SECONDS = 12 * 3600
"""How long a sign-in holds; what they may see is the roster's of every moment."""

_PENDING = "sign-in"
_SIGNED_IN = "page"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SignInFailed(Exception):
    """The provider, or whoever came back in its name, said nothing that can be believed."""


class ProviderUnavailable(KeysUnavailable):
    """Where people sign in cannot be reached just now. Try again."""


class Pending(msgspec.Struct, frozen=True):
    """A sign-in that has been begun: what the provider's answer is held against."""

    state: str
    nonce: str
    code_verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class SentBack:
    """What the provider sends a browser back with.

    Args:
        state: Which sign-in it answers.
        code: What shows, one time, that somebody has signed in.
        issuer: Who answers, where it says so (RFC 9207).
        error: Why nobody has.

    """

    state: str | None
    code: str | None
    issuer: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send a browser that wants to sign in, and the cookie that it is to keep until it comes back."""

    address: str
    cookie: str
    sealed: str


class OpenId:
    """Sign-ins with one provider.

    Args:
        client: What speaks to the provider.
        seals: What makes and reads the browser's cookies.
        claim: The claim of the ID token, or of the user's description, that is the user's id in learntrack.

    """

    def __init__(self, client: "OpenIdClient", seals: Seals, claim: str) -> None:
        self._client = client
        self._seals = seals
        self._claim = claim

    async def begin(self, redirect_uri: str) -> Begun:
        """Begin to sign in.

        Args:
            redirect_uri: Where the provider sends the browser back to; it must know this address.

        Raises:
            ProviderUnavailable: it cannot be asked.

        """
        asked = await self._client.authorization(redirect_uri)
        pending = Pending(asked["state"], asked["nonce"], asked["code_verifier"], redirect_uri)
        return Begun(
            asked["url"],
            cookie_of(pending.state),
            self._seals.seal(_PENDING, msgspec.to_builtins(pending), PENDING_SECONDS),
        )

    async def finish(self, sealed: str, answer: SentBack) -> str:
        """Whose sign-in it was that the provider has answered: the cookie for the pages.

        Args:
            sealed: What the browser has kept.
            answer: What the provider has sent it back with.

        Raises:
            SignInFailed: it is nobody's, another's, or over.
            ProviderUnavailable: it cannot be asked.

        """
        try:
            pending = msgspec.convert(self._seals.open(_PENDING, sealed), Pending)
        except (BrokenSeal, msgspec.ValidationError) as error:
            raise SignInFailed("nothing was begun here, or too long ago") from error
        if pending.state != answer.state:
            raise SignInFailed("it belongs to another sign-in")
        if answer.error is not None or answer.code is None:
            raise SignInFailed(answer.error or "there is no code")
        claims = await self._client.claims(answer.code, answer.issuer, pending)
        try:
            user_id = parse_id(claims[self._claim])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SignInFailed(f"there is no claim {self._claim} that is a UUID") from error
        return self._seals.seal(_SIGNED_IN, {"sub": user_id}, SIGNED_IN_SECONDS)

    def user_of(self, cookie: str) -> str | None:
        """Who has signed in and got this cookie; None: it is none of ours, or no longer valid."""
        try:
            return parse_id(self._seals.open(_SIGNED_IN, cookie)["sub"])
        except (BrokenSeal, LookupError, ValueError):
            return None

    async def way_out(self, back_to: str) -> str | None:
        """Where to sign out of the provider too, and come back from; None: it has no such page, or cannot be asked."""
        try:
            return await self._client.end_session(back_to)
        except ProviderUnavailable:
            return None


def cookie_of(state: str) -> str:
    """The name of the cookie of a sign-in that has been begun: of its own, so that two tabs may sign in at once."""
    kept = "".join(each for each in state[:16] if each.isascii() and each.isalnum())
    return f"learntrack_sign_in_{kept}"


def openid_of(settings: Settings) -> OpenId | None:
    """Sign-ins as they are configured; None: there are none.

    Raises:
        StartError: what is configured is not enough, or cannot be.

    """
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    if issuer is None and client_id is None:
        return None
    if issuer is None or client_id is None:
        raise StartError("LEARNTRACK_OIDC_ISSUER and LEARNTRACK_OIDC_CLIENT_ID go together.")
    parts = urlsplit(issuer)
    if not parts.netloc or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise StartError("LEARNTRACK_OIDC_ISSUER is not an https address.")
    client_secret = settings.oidc_client_secret
    secret = settings.jwt_secret or client_secret
    if secret is None:
        raise StartError(
            "LEARNTRACK_OIDC_ISSUER needs LEARNTRACK_OIDC_CLIENT_SECRET or LEARNTRACK_JWT_SECRET: what a browser "
            "keeps is signed with it."
        )
    try:
        from learntrack.pages.openid_client import OpenIdClient
    except ImportError as error:
        raise StartError("LEARNTRACK_OIDC_ISSUER needs the extra: pip install 'learntrack[oidc]'.") from error
    client = OpenIdClient(
        issuer, client_id, None if client_secret is None else client_secret.get_secret_value(), settings.oidc_scope
    )
    return OpenId(client, Seals(secret.get_secret_value().encode()), settings.oidc_user_claim)
