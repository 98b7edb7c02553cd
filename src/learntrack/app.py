"""The application: the only place where its parts are put together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from learntrack.access.actor import TokenMiddleware
from learntrack.access.rate_limit import RateLimit
from learntrack.access.tokens import TokenVerifier
from learntrack.logs.controller import LogController
from learntrack.logs.service import Logs
from learntrack.pages.assets import assets as page_assets
from learntrack.pages.listeners import Listeners
from learntrack.pages.live import Live
from learntrack.pages.openid import openid_of
from learntrack.pages.routes import pages
from learntrack.pages.viewer import provide_viewer
from learntrack.privacy.controller import PrivacyController
from learntrack.privacy.service import Privacy
from learntrack.reports.controller import ReportController
from learntrack.reports.export_controller import KolibriExportController, exports
from learntrack.reports.service import Reports
from learntrack.reports.upkeep.worker import Upkeep
from learntrack.roster.controller import CallerController, RosterController
from learntrack.roster.service import RosterService
from learntrack.settings import Settings
from learntrack.settings.values import comma_separated
from learntrack.storage import Database
from learntrack.storage.connecting import connect_as_configured
from learntrack.storage.patience import until_done
from learntrack.tracking.batch import BatchRecorder
from learntrack.tracking.controller import BatchController, ContentSessionController
from learntrack.tracking.service import Tracking
from learntrack.web import metrics, tracing
from learntrack.web.api_description import assets, openapi_config
from learntrack.web.bodies import DescribedBodies, JsonRequest
from learntrack.web.entrances import documentation
from learntrack.web.envelope import enveloped
from learntrack.web.health import HealthController
from learntrack.web.problems import problem_details
from learntrack.web.room_for_bodies import RoomForBodies

Connect = Callable[[Settings], Awaitable[Database]]

_SERVICES = ("db", "tracking", "batch", "logs", "reports", "privacy", "roster_service", "live", "listeners")
"""The names of `_services`: a handler is given what it names so."""


def create_app(settings: Settings, connect: Connect = connect_as_configured) -> Litestar:
    """The service as an ASGI application. Nothing connects before it starts.

    Args:
        settings: How it is to run.
        connect: How it gets its database.

    """
    app = Litestar(
        route_handlers=[
            _api(settings),
            HealthController,
            metrics.MetricsController,
            documentation,
            assets(),
            page_assets(),
            pages(),
        ],
        dependencies={name: _of_state(name, lambda: app) for name in _SERVICES} | {"viewer": Provide(provide_viewer)},
        lifespan=[_lifespan(settings, connect)],
        state=State(
            {
                "settings": settings,
                "verifier": TokenVerifier(settings),
                "openid": openid_of(settings),
                "rate_limit": RateLimit(settings),
                "room_for_bodies": RoomForBodies(settings.max_bodies_bytes),
            }
        ),
        cors_config=_cors(settings),
        request_class=JsonRequest,
        request_max_body_size=settings.max_body_bytes,
        plugins=[problem_details, DescribedBodies(), *tracing.plugins(settings)],
        openapi_config=openapi_config(),
        logging_config=None,  # how this process logs is the command's to say
        debug=False,
    )
    app.asgi_handler = enveloped(app.asgi_handler, settings)
    return app


def _api(settings: Settings) -> Router:
    """The API: whatever a token is asked for."""
    routes: list[ControllerRouterHandler] = [
        ContentSessionController,
        LogController,
        ReportController,
        exports,
        KolibriExportController,
        PrivacyController,
        CallerController,
        Router(path="/", route_handlers=[BatchController], request_max_body_size=settings.max_batch_bytes),
        Router(path="/", route_handlers=[RosterController], request_max_body_size=settings.max_roster_bytes),
    ]
    return Router(path="/", route_handlers=routes, middleware=[TokenMiddleware])


def _lifespan(settings: Settings, connect: Connect) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """What is there from the start of the service to its end: the database, and what is made of it."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        metrics.forget_dead_workers()
        db = await connect(settings)
        await db.prepare()
        app.state.update(_services(db, settings))
        tasks = [asyncio.create_task(until_done("forgetting", app.state.privacy.take_up))]
        if settings.rollup_seconds:
            upkeep = Upkeep(db, seconds=settings.rollup_seconds)
            tasks.append(asyncio.create_task(until_done("upkeep", upkeep.run)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await app.state.live.close()
            await db.close()

    return lifespan


def _services(db: Database, settings: Settings) -> dict[str, Any]:
    """The database and what is made of it, by the names under which handlers ask for them."""
    tracking = Tracking(db, settings)
    return {
        "db": db,
        "tracking": tracking,
        "batch": BatchRecorder(tracking, settings),
        "logs": Logs(db),
        "reports": Reports(db),
        "privacy": Privacy(db, settings),
        "roster_service": RosterService(db, settings.max_roster_records),
        "live": Live(db),
        "listeners": Listeners(settings),
    }


def _cors(settings: Settings) -> CORSConfig | None:
    origins = comma_separated(settings.cors_origins)
    if not origins:
        return None
    return CORSConfig(
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        # The last two are sent by Kolibri's client with every request.
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "X-Request-ID",
            "X-Requested-With",
            "X-CSRFToken",
        ],
        expose_headers=["Idempotent-Replayed", "Ignored-Parameters", "Retry-After", "X-Request-ID"],
        max_age=600,
    )


def _of_state(name: str, application: Callable[[], Litestar]) -> Provide:
    """What the lifespan has put into the application's state under this name.

    The dependency takes no argument: one that does is looked at in every request.
    """
    return Provide(lambda: application().state[name], sync_to_thread=False)
