"""What a thread of the driver's does goes on when nobody waits for it, and tells when it is over."""

import asyncio
from contextvars import ContextVar
from threading import Event

import pytest

from learntrack.storage.threads import InThread, answered
from tests.support import Api

ASKED_FOR = ContextVar("asked_for", default="nothing")


async def test_who_gives_up_waiting_hears_later_when_the_thread_is_done() -> None:
    begun, ends, over = Event(), Event(), asyncio.Event()

    def work() -> None:
        begun.set()
        ends.wait(20)

    asked = InThread(work)
    waiting = asyncio.ensure_future(asked)
    await asyncio.to_thread(begun.wait, 20)
    waiting.cancel()
    await asyncio.wait([waiting])
    asked.when_over(over.set)

    assert not asked.is_over
    ends.set()
    async with asyncio.timeout(20):
        await over.wait()
    assert asked.is_over


async def test_a_thread_knows_what_is_set_where_it_was_asked() -> None:
    ASKED_FOR.set("a question")
    assert await InThread(ASKED_FOR.get) == "a question"


async def test_what_goes_wrong_in_a_thread_goes_wrong_for_who_waits() -> None:
    def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await InThread(work)


async def test_a_collection_is_asked_on_every_engine(api: Api) -> None:
    await api.db.collection("asked").insert_one({"_id": "one"})
    asked = answered(api.db.collection("asked"), lambda it: it.find({}).to_list(None))
    assert await asked == [{"_id": "one"}]
    await api.db.collection("asked").drop()
