"""Tries of a learner."""

from tests.support import Api, Person


async def a_try(api: Api, by: Person, body: dict, *interactions: dict, finish: bool = True, seconds: float = 1) -> dict:
    session = await api.start(by, **body, repeat=True)
    await api.update(
        by, session, time_spent_delta=seconds, interactions=list(interactions), **({"progress": 1} if finish else {})
    )
    return session
