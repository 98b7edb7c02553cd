"""Keys that a provider publishes are found by their id, and asked for again after a rotation, but not by everybody."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import inf
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from learntrack.access import tokens
from learntrack.access.tokens import TokenVerifier
from learntrack.errors import KeysUnavailable
from learntrack.settings import Settings
from tests.access.verifying import RSA, USER, accepted
from tests.support import AT_ONCE, SECRET, token


class Keys:
    """An address that publishes keys, or whatever else `body` says."""

    def __init__(self) -> None:
        self.body, self.asked = b"", 0
        keys = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keys.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(keys.body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, args=(AT_ONCE,), daemon=True).start()

    def publish(self, **keys: Any) -> None:
        entries = [
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": name, "alg": "RS256"}
            for name, key in keys.items()
        ]
        self.body = json.dumps({"keys": entries}).encode()


@pytest.fixture
def keys() -> Iterator[Keys]:
    found = Keys()
    yield found
    found.server.shutdown()


async def test_published_keys_are_found_by_their_id_and_again_after_a_rotation(keys: Keys) -> None:
    verifier = TokenVerifier(Settings(jwks_url=keys.url))
    payload = {"sub": USER, "exp": time.time() + 600}
    keys.publish(old=RSA)
    for _ in range(2):
        assert await accepted(verifier, jwt.encode(payload, RSA, "RS256", {"kid": "old"}))
    assert keys.asked == 1
    new = rsa.generate_private_key(65537, 2048)
    assert not await accepted(verifier, jwt.encode(payload, new, "RS256", {"kid": "new"}))
    keys.publish(new=new)
    client = verifier._keys._client  # type: ignore[attr-defined]
    client.cooldown_duration = 0  # as if some seconds had passed
    assert await accepted(verifier, jwt.encode(payload, new, "RS256", {"kid": "new"}))
    client.cooldown_duration = 600
    asked = keys.asked
    for number in range(5):
        another = payload | {"jti": str(number)}  # a token that was taken before is taken until it ends
        assert not await accepted(verifier, jwt.encode(another, RSA, "RS256", {"kid": "old"}))
    assert not await accepted(verifier, token(USER))
    assert not await accepted(verifier, jwt.encode(payload, SECRET, headers={"kid": "new"}))
    assert keys.asked == asked, "a key that is not there was asked for by everybody who came"


async def test_several_published_keys_are_taken_at_once(keys: Keys) -> None:
    old, new = RSA, rsa.generate_private_key(65537, 2048)
    keys.publish(old=old, new=new)
    verifier = TokenVerifier(Settings(jwks_url=keys.url))
    payload = {"sub": USER, "exp": time.time() + 600}
    for name, key in (("old", old), ("new", new)):
        assert await accepted(verifier, jwt.encode(payload, key, "RS256", {"kid": name}))
    assert not await accepted(verifier, jwt.encode(payload, old, "RS256", {"kid": "new"}))
    assert not await accepted(verifier, jwt.encode(payload, old, "RS256"))


@pytest.mark.parametrize(
    "body", [None, b"", b"<html>", b"[]", b"{}", b'{"keys": 5}', b'{"keys": []}', b'{"keys": [5]}']
)
async def test_keys_that_cannot_be_had_are_no_bad_token(
    keys: Keys, body: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "_RETRY_SECONDS", 3600.0)
    good = jwt.encode({"sub": USER, "exp": time.time() + 600}, RSA, "RS256", {"kid": "a"})
    url = keys.url if body is not None else "http://127.0.0.1:9/keys"
    keys.body = body or b""
    verifier = TokenVerifier(Settings(jwks_url=url))
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await verifier.claims(good)
    assert keys.asked <= 1  # not asked again by everybody who comes
    if body is not None:
        keys.publish(a=RSA)
        verifier._keys._failed_at = -inf  # type: ignore[attr-defined]  # as if that had passed
        assert await accepted(verifier, good)
