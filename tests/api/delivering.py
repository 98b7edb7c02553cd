"""Queues of devices whose clocks are wrong."""

from datetime import datetime, timedelta
from typing import Any

from learntrack.domain import moments
from tests.support import Api, Person

MINUTE = 60


PATH = "/api/logger/contentsession/batch"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def deliver(api: Api, by: Person, *items: Any, clock_ahead: float, expect: int = 200) -> Any:
    """Send a queue from a device whose clock is so many seconds ahead (its items say when by that clock)."""
    sent_at = (moments.now() + timedelta(seconds=clock_ahead)).isoformat()
    found = await api.answer("POST", PATH, by, expect, json={"items": list(items), "sent_at": sent_at})
    return found["results"] if expect == 200 else found
