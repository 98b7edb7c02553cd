"""The id of a request."""

import pytest
import structlog

from learntrack.web.identity import Identity
from tests.web.asgi import answering, asked


async def id_of(sent: bytes | None) -> str:
    [start, _] = await asked(Identity(answering()), headers=[] if sent is None else [(b"x-request-id", sent)])
    return dict(start["headers"])[b"x-request-id"].decode()


@pytest.mark.parametrize("sent", [b"from-the-proxy-1", b"a" * 128, b"A.b_c~0"])
async def test_the_id_that_is_sent_comes_back(sent: bytes) -> None:
    assert await id_of(sent) == sent.decode()


@pytest.mark.parametrize("sent", [None, b"", b"a" * 129, b"a b", b"a\nb", "é".encode()])
async def test_without_a_plain_one_there_is_a_new_one_each_time(sent: bytes | None) -> None:
    first, second = await id_of(sent), await id_of(sent)

    assert len(first) == len(second) == 32
    assert first != second


async def test_lines_of_the_log_bear_it_until_the_request_is_over() -> None:
    seen = []

    async def look() -> None:
        seen.append(structlog.contextvars.get_contextvars()["request_id"])

    await asked(Identity(answering(before=look)), headers=[(b"x-request-id", b"one")])

    assert seen == ["one"]
    assert "request_id" not in structlog.contextvars.get_contextvars()
