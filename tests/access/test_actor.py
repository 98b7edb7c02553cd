"""Who is asking, by the Authorization header, and what each caller is counted under."""

from typing import Any, cast

import pytest
from litestar.exceptions import NotAuthorizedException

from learntrack.access.actor import ANONYMOUS, Actor, TokenMiddleware
from learntrack.access.tokens import TokenVerifier
from learntrack.errors import KeysUnavailable
from learntrack.settings import Settings
from tests.support import SECRET, new_id, token

USER = new_id()
VERIFIER = TokenVerifier(Settings(jwt_secret=SECRET))
ADDRESS, NETWORK = "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"


class Counted:
    """Instead of the limits: what is counted."""

    def __init__(self) -> None:
        self.callers: list[tuple[str, bool]] = []

    def count(self, caller: str, *, anonymous: bool) -> None:
        self.callers.append((caller, anonymous))


class Asking:
    """As much of a connection as is looked at."""

    def __init__(self, header: str | None, verifying: Any, counted: Counted) -> None:
        self.scope = {"headers": [] if header is None else [(b"authorization", header.encode())]}
        self.client = type("Client", (), {"host": ADDRESS})
        self.app = type("App", (), {"state": type("State", (), {"rate_limit": counted, "verifier": verifying})})


async def actor_of(header: str | None, counted: Counted, verifying: Any = None) -> Actor:
    middleware = TokenMiddleware(cast(Any, None))
    result = await middleware.authenticate_request(cast(Any, Asking(header, verifying or VERIFIER, counted)))
    return cast(Actor, result.user)


async def test_no_header_is_an_anonymous_caller_who_is_counted_by_the_network() -> None:
    counted = Counted()

    assert await actor_of(None, counted) is ANONYMOUS
    [(network, anonymous)] = counted.callers
    assert (network.startswith(NETWORK), anonymous) == (True, True)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
async def test_a_token_says_who_it_is(scheme: str) -> None:
    counted = Counted()

    assert await actor_of(f"{scheme} {token(USER)}", counted) == Actor(USER)
    assert await actor_of(f"{scheme} {token(USER, superuser=True)}", counted) == Actor(USER, superuser=True)
    assert counted.callers == [(USER, False)] * 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "Authorization: Bearer"),
        ("Bearer", "Authorization: Bearer"),
        ("Bearer  ", "Authorization: Bearer"),
        (f"Basic {token(USER)}", "Authorization: Bearer"),
        (token(USER), "Authorization: Bearer"),
        ("Bearer x.y.z", "not valid"),
        (f"Bearer {token(USER, exp=1)}", "expired"),
    ],
)
async def test_a_header_that_does_not_hold_is_refused_and_never_anonymous(header: str, said: str) -> None:
    counted = Counted()

    with pytest.raises(NotAuthorizedException, match=said) as refused:
        await actor_of(header, counted)

    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    assert [anonymous for _, anonymous in counted.callers] == [True]


async def test_who_asks_while_no_keys_can_be_had_is_counted_too() -> None:
    class WithoutKeys(TokenVerifier):
        def __init__(self) -> None: ...

        async def claims(self, token: str) -> Any:
            raise KeysUnavailable

    counted = Counted()

    with pytest.raises(KeysUnavailable):
        await actor_of("Bearer x", counted, WithoutKeys())
    assert len(counted.callers) == 1
