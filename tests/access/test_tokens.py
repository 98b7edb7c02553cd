"""Tokens (contract, Who is asking)."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.settings import Settings
from learntrack.storage import StartError
from tests.support import SECRET, new_id, token

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
USER = new_id()


def pem(key: Any) -> str:
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


def unsigned(payload: dict) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, payload]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


async def accepted(verifier: TokenVerifier, text: str) -> bool:
    try:
        await verifier.claims(text)
    except InvalidToken:
        return False
    return True


async def test_a_token_says_who_is_asking() -> None:
    verifier = TokenVerifier(Settings(jwt_secret=SECRET))

    plain = await verifier.claims(token("2F0B625F-06b5-5a2c-834e-b6cc3985755b"))
    boss = await verifier.claims(token(USER, superuser=True))

    assert (plain.user_id, plain.superuser) == ("2f0b625f06b55a2c834eb6cc3985755b", False)
    assert boss.superuser


@pytest.mark.parametrize("claim", ["true", 1, [True], None])
async def test_only_the_json_value_true_makes_a_superuser(claim: Any) -> None:
    claims = await TokenVerifier(Settings(jwt_secret=SECRET)).claims(
        jwt.encode({"sub": USER, "exp": time.time() + 60, "superuser": claim}, SECRET)
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
        unsigned({"sub": USER, "exp": time.time() + 60}),
        token(USER)[:-4],
        token(USER) + "x" * 4,
    ],
)
async def test_a_token_that_does_not_hold_is_refused(text: str) -> None:
    assert not await accepted(TokenVerifier(Settings(jwt_secret=SECRET)), text)


@pytest.mark.parametrize(("key", "algorithm", "other"), [(RSA, "RS256", EC), (EC, "ES256", RSA)])
async def test_the_algorithm_follows_from_the_key(key: Any, algorithm: str, other: Any) -> None:
    verifier = TokenVerifier(Settings(jwt_public_key=pem(key)))
    payload = {"sub": USER, "exp": time.time() + 60}
    # The public key taken for a shared secret: the classic confusion.
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    import hashlib
    import hmac

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


async def test_published_keys_are_found_by_their_id_and_again_after_a_rotation() -> None:
    published: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": published}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    def publish(name: str, key: Any) -> None:
        entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        published.append(entry | {"kid": name, "alg": "RS256", "use": "sig"})

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        verifier = TokenVerifier(Settings(jwks_url=f"http://127.0.0.1:{server.server_port}/keys"))
        payload = {"sub": USER, "exp": time.time() + 60}
        publish("old", RSA)
        assert await accepted(verifier, jwt.encode(payload, RSA, "RS256", {"kid": "old"}))
        new = rsa.generate_private_key(65537, 2048)
        assert not await accepted(verifier, jwt.encode(payload, new, "RS256", {"kid": "new"}))
        publish("new", new)
        verifier._keys._client.cooldown_duration = 0  # how often an unknown key may make it ask again
        assert await accepted(verifier, jwt.encode(payload, new, "RS256", {"kid": "new"}))
        assert not await accepted(verifier, jwt.encode(payload, new, "RS256", {"kid": "old"}))
        assert not await accepted(verifier, token(USER))
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    "configured",
    [{}, {"jwt_secret": "short"}, {"jwt_secret": SECRET, "jwt_public_key": "x"}, {"jwt_public_key": "no key"}],
)
def test_a_key_that_cannot_be_used_is_said_at_the_start(configured: dict) -> None:
    with pytest.raises(StartError):
        TokenVerifier(Settings(**configured))
