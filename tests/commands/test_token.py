"""Tokens from the command line."""

import time

import jwt

from tests.commands.typed import Terminal
from tests.support import SECRET, new_id


def test_a_token_is_signed_with_the_configured_secret(terminal: Terminal) -> None:
    user = new_id()
    plain = terminal("token", user, "--ttl", "60").out.strip()
    boss = terminal("token", user, "--superuser").out.strip()

    claims = jwt.decode(plain, SECRET, algorithms=["HS256"])
    assert (claims["sub"], "superuser" in claims) == (user, False)
    assert 0 < claims["exp"] - time.time() <= 60
    assert jwt.decode(boss, SECRET, algorithms=["HS256"])["superuser"] is True
    assert "UUID" in terminal("token", "nobody", expect=2).line
