"""No token but a good one opens anything, and none is made of what everybody knows."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.settings import Settings
from tests.support import SECRET, Api, new_id, token

pytestmark = pytest.mark.engines("embedded", "mongoeco")


def unsigned(user: str) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part({'sub': user, 'exp': time.time() + 600, 'superuser': True})}."


def bad_tokens(user: str) -> dict[str, str]:
    good = token(user, superuser=True)
    head, body, signature = good.split(".")
    return {
        "unsigned": unsigned(user),
        "no signature": f"{head}.{body}.",
        "another secret": token(user, secret="not the service's secret, but long enough"),
        "expired": token(user, exp=time.time() - 1),
        "no expiry": token(user, exp=None),
        "no subject": token(user, sub=None),
        "not a uuid": token("admin"),
        "another algorithm": token(user, algorithm="HS512"),
        "cut": good[:-3],
        "swapped body": f"{head}.{token(new_id(), superuser=True).split('.')[1]}.{signature}",
        "nonsense": "a.b.c",
        "empty": "",
        "huge": "x" * 6000,
    }


async def test_no_token_but_a_good_one_opens_anything(api: Api) -> None:
    user = new_id()
    for name, bad in bad_tokens(user).items():
        for scheme in ("Bearer", "bearer"):
            answer = await api.send("GET", "/api/roster/users", headers={"Authorization": f"{scheme} {bad}"})
            assert answer.status_code == 401, (name, answer.text)
    assert (
        await api.send("GET", "/api/roster/users", headers={"Authorization": "Basic cm9vdDpyb290"})
    ).status_code == 401
    for lie in ("true", 1, "yes", [True], {"a": 1}, False, None):
        lying = jwt.encode({"sub": user, "exp": time.time() + 600, "superuser": lie}, SECRET, algorithm="HS256")
        assert (
            await api.send("GET", "/api/roster/users", headers={"Authorization": f"Bearer {lying}"})
        ).status_code == 403


async def test_a_public_key_is_no_secret() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    verifier = TokenVerifier(Settings(jwt_public_key=public.decode()))
    claims = {"sub": new_id(), "exp": time.time() + 600}
    assert (await verifier.claims(jwt.encode(claims, private, algorithm="RS256"))).user_id == claims["sub"]

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    import hashlib
    import hmac

    signing = f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    forged = f"{signing}.{part(hmac.new(public, signing.encode(), hashlib.sha256).digest())}"
    with pytest.raises(InvalidToken):
        await verifier.claims(forged)
