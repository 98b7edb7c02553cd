"""Signing in with an OpenID Connect provider: what is believed of what it says, and what is not."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from learntrack.errors import KeysUnavailable
from learntrack.pages.openid import OpenId, SentBack, SignInFailed, cookie_of, openid_of
from learntrack.pages.openid_client import OpenIdClient
from learntrack.pages.seals import BrokenSeal, Seals
from learntrack.settings import Settings
from learntrack.storage import StartError
from tests.support import SECRET, new_id

ISSUER = "https://provider.example"
CLIENT = "learntrack"
BACK = "https://school.example/reports/sign-in/provider/back"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """A provider that says what a test wants it to say; each code is good for one time."""

    user: str = field(default_factory=new_id)
    claims: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    algorithm: str = "RS256"
    asked: list[str] = field(default_factory=list)
    verifiers: list[str] = field(default_factory=list)
    nonce: str = ""
    codes: set[str] = field(default_factory=lambda: {"the code"})
    down: bool = False

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("nobody answers")
        path = request.url.path
        self.asked.append(path)
        answers: dict[str, Callable[[httpx2.Request], dict[str, Any]]] = {
            "/.well-known/openid-configuration": self._described,
            "/keys": lambda _: {"keys": [RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "1"}]},
            "/userinfo": lambda _: {"sub": self.user} | self.described,
            "/token": self._token,
        }
        answer = answers[path](request)
        return httpx2.Response(400 if "error" in answer else 200, json=answer)

    def _described(self, _: httpx2.Request) -> dict[str, Any]:
        paths = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "out"}
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **{f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in paths.items()},
            **self.metadata,
        }

    def _token(self, request: httpx2.Request) -> dict[str, Any]:
        given = parse_qs(request.content.decode())
        code = given["code"][0]
        if code not in self.codes:
            return {"error": "invalid_grant"}
        self.codes.remove(code)
        self.verifiers.append(given["code_verifier"][0])
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT, "sub": self.user, "iat": now, "exp": now + 300, "nonce": self.nonce}
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        token = jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": "1"})
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}


def openid(provider: Provider, claim: str = "sub") -> OpenId:
    client = OpenIdClient(ISSUER, CLIENT, "secret", "openid", httpx2.MockTransport(provider.answer))
    return OpenId(client, Seals(b"what the key is made of"), claim)


async def signed_in(provider: Provider, using: OpenId, **answer: Any) -> str | None:
    """Who is signed in after the whole way there and back."""
    begun = await using.begin(BACK)
    asked = {name: value for name, (value,) in parse_qs(urlsplit(begun.address).query).items()}
    provider.nonce = provider.nonce or asked["nonce"]
    given = {"state": asked["state"], "code": "the code", "issuer": None, "error": None} | answer
    return using.user_of(await using.finish(begun.sealed, SentBack(**given)))


async def test_the_user_is_whom_the_id_token_names() -> None:
    provider = Provider()
    assert await signed_in(provider, openid(provider)) == provider.user


async def test_the_browser_is_sent_there_with_pkce_and_a_nonce() -> None:
    using = openid(Provider())
    first, second = await using.begin(BACK), await using.begin(BACK)
    asked = parse_qs(urlsplit(first.address).query)
    assert asked["redirect_uri"] == [BACK]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid"]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[name] != parse_qs(urlsplit(second.address).query)[name]
    assert first.cookie == cookie_of(asked["state"][0]) != second.cookie


async def test_the_user_may_be_named_by_a_claim_of_the_id_token_or_of_the_users_description() -> None:
    mine = new_id()
    for provider in (Provider(claims={"learner_id": mine}), Provider(described={"learner_id": mine})):
        assert await signed_in(provider, openid(provider, "learner_id")) == mine


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another's"},
        {"nonce": None},
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": None},
        {"aud": [CLIENT, "another client"]},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": "carla@example.org"},
        {"sub": 7},
        {"at_hash": "of another access token"},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_for_this_sign_in_is_refused(claims: dict[str, Any]) -> None:
    provider = Provider(claims=claims)
    with pytest.raises(SignInFailed):
        await signed_in(provider, openid(provider))


@pytest.mark.parametrize(
    ("key", "algorithm"), [(OTHER_KEY, "RS256"), ("secret" * 8, "HS256"), (None, "none")], ids=["key", "HS256", "none"]
)
async def test_an_id_token_that_the_provider_has_not_signed_is_refused(key: Any, algorithm: str) -> None:
    provider = Provider(key=key, algorithm=algorithm)
    with pytest.raises(SignInFailed):
        await signed_in(provider, openid(provider))


@pytest.mark.parametrize(
    "answer",
    [
        {"state": "another's"},
        {"state": None},
        {"code": None},
        {"code": "another code"},
        {"error": "access_denied"},
        {"issuer": "https://another.example"},
    ],
    ids=str,
)
async def test_an_answer_that_is_not_the_providers_is_refused(answer: dict[str, Any]) -> None:
    provider = Provider()
    with pytest.raises(SignInFailed):
        await signed_in(provider, openid(provider), **answer)


async def test_a_provider_that_always_says_who_answers_must_say_so() -> None:
    says_so = {"authorization_response_iss_parameter_supported": True}
    silent, saying = Provider(metadata=says_so), Provider(metadata=says_so)
    with pytest.raises(SignInFailed):
        await signed_in(silent, openid(silent))
    assert await signed_in(saying, openid(saying), issuer=ISSUER) == saying.user


async def test_a_description_of_another_user_is_refused() -> None:
    provider = Provider(described={"sub": new_id(), "learner_id": new_id()})
    with pytest.raises(SignInFailed):
        await signed_in(provider, openid(provider, "learner_id"))


async def test_a_code_is_good_for_one_time() -> None:
    provider = Provider()
    using = openid(provider)
    begun = await using.begin(BACK)
    asked = parse_qs(urlsplit(begun.address).query)
    provider.nonce = asked["nonce"][0]
    answer = SentBack(asked["state"][0], "the code", None, None)
    await using.finish(begun.sealed, answer)
    with pytest.raises(SignInFailed):
        await using.finish(begun.sealed, answer)


async def test_a_provider_that_calls_itself_otherwise_or_does_not_answer_is_unavailable() -> None:
    for provider in (Provider(metadata={"issuer": "https://another.example"}), Provider(down=True)):
        with pytest.raises(KeysUnavailable):
            await openid(provider).begin(BACK)
        assert await openid(provider).way_out(BACK) is None


async def test_the_way_out_names_this_client_and_comes_back() -> None:
    way_out = await openid(Provider()).way_out("https://school.example/reports/sign-in")
    asked = parse_qs(urlsplit(way_out or "").query)
    assert asked["client_id"] == [CLIENT]
    assert asked["post_logout_redirect_uri"] == ["https://school.example/reports/sign-in"]


def test_what_is_sealed_is_good_for_its_purpose_and_its_time_only() -> None:
    seals = Seals(b"what the key is made of")
    sealed = seals.seal("page", {"sub": "x"}, 60)
    assert seals.open("page", sealed)["sub"] == "x"
    for broken in (
        seals.seal("page", {"sub": "x"}, -1),
        seals.seal("sign-in", {"sub": "x"}, 60),
        Seals(b"something else").seal("page", {"sub": "x"}, 60),
        jwt.encode(
            {"sub": "x", "aud": "page", "exp": time.time() + 60}, "what the key is made of, and more", algorithm="HS256"
        ),
        "",
        "[" * 5000,
    ):
        with pytest.raises(BrokenSeal):
            seals.open("page", broken)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"oidc_issuer": ISSUER}, "OIDC_CLIENT_ID"),
        ({"oidc_client_id": CLIENT}, "OIDC_ISSUER"),
        ({"oidc_issuer": "http://provider.example", "oidc_client_id": CLIENT}, "https"),
        ({"oidc_issuer": "provider", "oidc_client_id": CLIENT}, "https"),
        ({"oidc_issuer": ISSUER, "oidc_client_id": CLIENT}, "OIDC_CLIENT_SECRET"),
    ],
    ids=str,
)
def test_what_is_not_enough_is_said_at_the_start(given: dict[str, Any], word: str) -> None:
    with pytest.raises(StartError, match=word):
        openid_of(Settings(**given))


def test_without_a_provider_there_is_none_and_with_one_there_is() -> None:
    assert openid_of(Settings()) is None
    assert openid_of(Settings(oidc_issuer=ISSUER, oidc_client_id=CLIENT, jwt_secret=SECRET)) is not None
