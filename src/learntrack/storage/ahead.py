"""Reading one step ahead: while a step is looked at here, the next is on its way."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


async def one_ahead(steps: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same steps, each handed on once the next has been asked for; so one more is held, and others have their turn.

    Who ends early ends the step that is under way.
    """
    coming = asyncio.ensure_future(_next_of(steps))
    try:
        while (step := await coming) is not _END:
            coming = asyncio.ensure_future(_next_of(steps))
            await asyncio.sleep(0)  # for it to be asked for, before somebody looks long at this one
            yield step
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()  # nobody hears of it any more, and it would be logged as if that were a mistake
        await steps.aclose()


async def _next_of(steps: AsyncGenerator[T, None]) -> T:
    return await anext(steps, _END)
