"""Whether the service is alive and ready, for whoever runs it (and restarts it)."""

import asyncio
import logging
import time
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from msgspec import UNSET, Struct, UnsetType

from learntrack.access.tokens import InvalidToken, TokenVerifier
from learntrack.errors import KeysUnavailable
from learntrack.storage.readiness import Check, checks
from learntrack.web.metrics import UNCOUNTED

_FRESH_SECONDS = 1.0

logger = logging.getLogger("learntrack")


class Alive(Struct):
    """The process answers."""

    status: str = "alive"


class Readiness(Struct):
    """Whether the service can do its work; for superusers check by check."""

    status: str
    checks: list[Check] | UnsetType = UNSET


class HealthController(Controller):
    """For load balancers and container orchestration; needs no token."""

    path = "/health"
    tags = ["Operations"]
    security = [{}]
    opt = UNCOUNTED

    @get("/live", operation_id="get_live", summary="Whether the process answers")
    async def live(self) -> Alive:
        """Ask nothing of the database: if this fails, restart the process."""
        return Alive()

    @get(
        "/ready",
        operation_id="get_ready",
        summary="Whether requests can be served",
        responses={503: ResponseSpec(Readiness, description="Not now.", generate_examples=False)},
    )
    async def ready(self, state: State, request: Request[Any, Any, Any]) -> Response[Readiness]:
        """Look whether the database is reachable and writable, transactions work and the indexes are there.

        Looked at once a second at the most, whoever asks. Which of it fails, and how, is said in the log, by
        `learntrack check`, and here to who sends a superuser's token; everybody else hears only whether.
        """
        found = await _looked_at(state)
        ready = all(check.ok for check in found)
        told = Readiness("ready" if ready else "not ready", found if await _is_superuser(request, state) else UNSET)
        return Response(told, status_code=200 if ready else 503)


async def _looked_at(state: State) -> list[Check]:
    """What was found within the last second; whoever comes while it is being looked at waits for the same."""
    at, found = getattr(state, "readiness", (0.0, None))
    if found is not None and time.monotonic() - at <= _FRESH_SECONDS:
        return list(found)
    looking: asyncio.Task[list[Check]] | None = getattr(state, "looking", None)
    if looking is None or looking.done():
        looking = state.looking = asyncio.create_task(_look(state))
    return await asyncio.shield(looking)


async def _look(state: State) -> list[Check]:
    found = await checks(state.db)
    state.readiness = (time.monotonic(), found)
    _note(found)
    return found


async def _is_superuser(request: Request[Any, Any, Any], state: State) -> bool:
    """Whether the token says so: the roster is not asked, as the database may be what fails."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    verifier: TokenVerifier = state.verifier
    try:
        return (await verifier.claims(token.strip())).superuser
    except (InvalidToken, KeysUnavailable):
        return False


def _note(found: list[Check]) -> None:
    for check in found:
        if not check.ok:
            logger.warning("not ready: %s: %s", check.name, check.detail)
