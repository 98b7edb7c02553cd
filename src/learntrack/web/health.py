"""Whether the service is alive and ready, for whoever runs it (and restarts it)."""

import time

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Struct

from learntrack.storage.readiness import Check, checks
from learntrack.web.metrics import UNCOUNTED

_FRESH_SECONDS = 1.0


class Alive(Struct):
    """The process answers."""

    status: str = "alive"


class Readiness(Struct):
    """Whether the service can do its work, check by check."""

    status: str
    checks: list[Check]


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
        responses={503: ResponseSpec(Readiness, description="Not now; `checks` says why.", generate_examples=False)},
    )
    async def ready(self, state: State) -> Response[Readiness]:
        """Look whether the database is reachable and writable, transactions work and the indexes are there.

        Looked at once a second at the most, whoever asks.
        """
        at, found = getattr(state, "readiness", (0.0, None))
        if found is None or time.monotonic() - at > _FRESH_SECONDS:
            found = await checks(state.db)
            state.readiness = (time.monotonic(), found)
        ready = all(check.ok for check in found)
        return Response(Readiness("ready" if ready else "not ready", found), status_code=200 if ready else 503)
