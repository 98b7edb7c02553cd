"""Tokens (contract, Who is asking)."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.settings import Settings
from learntrack.storage import StartError
from tests.access.verifying import RSA, USER, accepted
from tests.support import SECRET, token

EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


def unsigned(payload: dict) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, payload]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


async def test_a_token_says_who_is_asking() -> None:
    verifier = TokenVerifier(Settings(jwt_secret=SECRET))

    plain = await verifier.claims(token("2F0B625F-06b5-5a2c-834e-b6cc3985755b"))
    boss = await verifier.claims(token(USER, superuser=True))

    assert (plain.user_id, plain.superuser) == ("2f0b625f06b55a2c834eb6cc3985755b", False)
    assert boss.superuser


@pytest.mark.parametrize("claim", ["true", 1, [True], None])
async def test_only_the_json_value_true_makes_a_superuser(claim: Any) -> None:
    claims = await TokenVerifier(Settings(jwt_secret=SECRET)).claims(
        jwt.encode({"sub": USER, "exp": time.time() + 600, "superuser": claim}, SECRET)
    )
    assert not claims.superuser


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        token(USER, secret="another secret, as long as it must be"),
        token(USER, exp=time.time() - 1),
        token(USER, exp=None),
        token(USER, sub=None),
        token("nobody"),
        token(USER, sub=5),
        token(USER, algorithm="HS512"),
        unsigned({"sub": USER, "exp": time.time() + 86_400}),
        token(USER)[:-4],
        token(USER) + "x" * 4,
    ],
)
async def test_a_token_that_does_not_hold_is_refused(text: str) -> None:
    assert not await accepted(TokenVerifier(Settings(jwt_secret=SECRET)), text)


async def test_who_comes_with_an_old_token_is_told_so_and_nobody_who_made_one_up() -> None:
    verifier = TokenVerifier(Settings(jwt_secret=SECRET))
    past = time.time() - 1

    with pytest.raises(InvalidToken, match="has expired"):
        await verifier.claims(token(USER, exp=past))
    with pytest.raises(InvalidToken, match="is not valid"):
        await verifier.claims(token(USER, exp=past, secret="another secret, as long as it must be"))


@pytest.mark.parametrize(("key", "algorithm", "other"), [(RSA, "RS256", EC), (EC, "ES256", RSA)])
async def test_the_algorithm_follows_from_the_key(key: Any, algorithm: str, other: Any) -> None:
    verifier = TokenVerifier(Settings(jwt_public_key=pem(key)))
    payload = {"sub": USER, "exp": time.time() + 600}
    # The public key taken for a shared secret: the classic confusion.
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = base64.urlsafe_b64encode(
        hmac.new(pem(key).encode(), header + b"." + body, hashlib.sha256).digest()
    ).rstrip(b"=")
    confused = b".".join([header, body, signature]).decode()

    assert await accepted(verifier, jwt.encode(payload, key, algorithm))
    assert not await accepted(verifier, confused)
    assert not await accepted(verifier, token(USER))
    assert not await accepted(verifier, jwt.encode(payload, other, "ES256" if algorithm == "RS256" else "RS256"))


async def test_issuer_and_audience_are_checked_when_configured() -> None:
    verifier = TokenVerifier(Settings(jwt_secret=SECRET, jwt_issuer="school", jwt_audience="learntrack"))

    assert await accepted(verifier, token(USER, iss="school", aud="learntrack"))
    assert not await accepted(verifier, token(USER, iss="other", aud="learntrack"))
    assert not await accepted(verifier, token(USER, iss="school", aud="other"))
    assert not await accepted(verifier, token(USER))
    assert await accepted(TokenVerifier(Settings(jwt_secret=SECRET)), token(USER, iss="any", aud="any"))


def crafted(payload: bytes, header: bytes = b'{"alg":"HS256","typ":"JWT"}') -> str:
    """A token with this payload, signed, whatever JSON can or cannot say."""
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload)]
    signature = hmac.new(SECRET.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


SOON = str(int(time.time()) + 86_400)
ODD = (
    *('"9999999999"', "[9999999999]", "1e400", "-1e400", "NaN", "Infinity", "-1", "true", "null", "{}", '""', '"x"'),
    *("1" + "0" * 5000, '"\\ud800"', "[" * 900 + "]" * 900),
)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("claim", ["exp", "sub", "iss", "aud", "nbf", "iat"])
async def test_a_claim_of_an_odd_type_is_refused_or_says_nothing(claim: str, value: str) -> None:
    """Signed with the right secret: a host application's mistake must not become a 500."""
    claims = {"sub": f'"{USER}"', "exp": SOON, "iss": '"school"', "aud": '"learntrack"'} | {claim: value}
    text = crafted(("{" + ",".join(f'"{name}":{each}' for name, each in claims.items()) + "}").encode())
    for configured in (
        Settings(jwt_secret=SECRET),
        Settings(jwt_secret=SECRET, jwt_issuer="school", jwt_audience="learntrack"),
    ):
        was_accepted = await accepted(TokenVerifier(configured), text)
        assert not (was_accepted and claim in ("exp", "sub"))


@pytest.mark.parametrize(
    "text",
    [
        crafted(b"[" * 3000),
        crafted(b"{}", b"[" * 3000),
        crafted(b"[1]"),
        crafted(b"\xff\xfe"),
        *(crafted(f'{{"sub":"{USER}","exp":{SOON}}}'.encode(), header) for header in (
            b'["HS256"]', b'{"alg":["HS256"]}', b'{"alg":null}', b'{"alg":"none"}', b'{"alg":"HS256","crit":["x"]}',
            b'{"alg":"HS256","kid":5}', b'{"alg":"HS256","kid":["a"]}', b'{"alg":"HS256","b64":false}', b'"', b"{}",
        )),
        crafted(f'{{"sub":"{USER}","exp":{SOON},"x":"{"x" * 100_000}"}}'.encode()),
        "x" * 100_000,
        "." * 100_000,
        "é.ü.ß",
        "a.b.c\n",
    ],
    ids=range(19),
)  # fmt: skip
async def test_an_odd_token_is_refused(text: str) -> None:
    assert not await accepted(TokenVerifier(Settings(jwt_secret=SECRET)), text)
    assert not await accepted(TokenVerifier(Settings(jwks_url="http://127.0.0.1:9/keys")), text, or_unchecked=True)


OF_A_SECRET = TokenVerifier(Settings(jwt_secret=SECRET))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60),
        st.binary(max_size=80).map(crafted),
        st.binary(max_size=60).map(lambda raw: crafted(b"{}", raw)),
    )
)
async def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert not await accepted(OF_A_SECRET, text)


async def test_the_secret_before_is_taken_while_it_is_replaced() -> None:
    new, old = "the secret from today on", "the secret until yesterday"
    verifier = TokenVerifier(Settings(jwt_secret=new, jwt_previous_secret=old))
    assert await accepted(verifier, token(USER, secret=new))
    assert await accepted(verifier, token(USER, secret=old))
    assert not await accepted(verifier, token(USER, secret=old, exp=time.time() - 1))
    assert not await accepted(verifier, token(USER))
    assert not await accepted(TokenVerifier(Settings(jwt_secret=new)), token(USER, secret=old))


@pytest.mark.parametrize(
    "configured",
    [
        {},
        {"jwt_secret": "short"},
        {"jwt_secret": SECRET, "jwt_previous_secret": "short"},
        {"jwks_url": "http://keys.example", "jwt_previous_secret": SECRET},
        {"jwt_secret": SECRET, "jwt_public_key": "x"},
        {"jwt_public_key": "no key"},
        {"jwks_url": "keys.example"},
    ],
)
def test_a_key_that_cannot_be_used_is_said_at_the_start(configured: dict) -> None:
    with pytest.raises((StartError, ValidationError)):
        TokenVerifier(Settings(**configured))
