"""Tokens from the command line."""

import time
from pathlib import Path

import jwt

from tests.processes import learntrack, refused
from tests.support import SECRET, new_id


def test_a_token_is_signed_with_the_configured_secret(data_dir: Path) -> None:
    user = new_id()
    plain = learntrack("token", user, "--ttl", "60", data_dir=data_dir).stdout.strip()
    boss = learntrack("token", user, "--superuser", data_dir=data_dir).stdout.strip()

    claims = jwt.decode(plain, SECRET, algorithms=["HS256"])
    assert (claims["sub"], "superuser" in claims) == (user, False)
    assert 0 < claims["exp"] - time.time() <= 60
    assert jwt.decode(boss, SECRET, algorithms=["HS256"])["superuser"] is True
    refused(learntrack("token", "nobody", data_dir=data_dir, expect=2), "UUID")
