"""Running the service: the web server's processes, and behind them the embedded engine where it is the database."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from tempfile import TemporaryDirectory

import uvicorn
from litestar import Litestar

from learntrack.access.secrets import with_secret
from learntrack.access.tokens import TokenVerifier, issue
from learntrack.serving import log_lines
from learntrack.serving.connections import ConnectionLimits
from learntrack.serving.hang_up import heed_hang_up, leave_hang_up_to_parent
from learntrack.serving.memory import give_back_what_is_free, give_back_what_is_large
from learntrack.serving.protocol import PatientProtocol
from learntrack.serving.stopping import GRACE_SECONDS, TimelyServer, TimelyWorkers
from learntrack.settings import Settings
from learntrack.storage import StartError
from learntrack.storage.connecting import connect_as_configured
from learntrack.storage.engine.embedded import EmbeddedEngine
from learntrack.storage.engine.launcher import die_with_parent
from learntrack.web import metrics, tracing

_WORKER_SECONDS = 30
"""After so long without a word a worker is taken for hung; a busy machine may keep a healthy one silent for 5 s."""
_ALLOCATIONS = 20_000
"""Objects made and not freed after which the garbage collector looks for cycles."""
_DEMO_TTL = timedelta(days=1)


def create_worker_app() -> Litestar:
    """The application of a worker process, configured by the environment that its parent made."""
    leave_hang_up_to_parent()
    die_with_parent()
    settings = Settings()
    log_lines.configure(settings.log_level)
    return _application(settings)


def _application(settings: Settings) -> Litestar:
    """The application; what there is by then stays, so that the garbage collector need not look at it again and again.

    It runs after more allocations than by default, because a request makes and drops some thousand objects without
    cycles.
    """
    # Not at the top: the parent of several workers has no application, and would keep its modules in memory.
    from learntrack.app import create_app

    give_back_what_is_large()
    give_back_what_is_free()
    PatientProtocol.limit(ConnectionLimits.of(settings))
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    return app


class Server:
    """The service as an operator starts it.

    Args:
        settings: How it is to run; with one worker, this process serves.
        demo: Whether to load the demo school and print commands to try.

    """

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self._settings = settings
        self._demo = demo

    def run(self) -> None:
        """Serve until SIGINT or SIGTERM.

        Raises:
            StartError: something that the operator can mend is in the way.

        """
        # Both signals unwind what has been started, so that no engine is left behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        heed_hang_up()
        with suppress(KeyboardInterrupt):
            log_lines.configure(self._settings.log_level)
            # Before a secret is made in the folder.
            if self._settings.mongodb_uri is None:
                EmbeddedEngine(self._settings.data_dir, self._settings.engine).check()
            settings = with_secret(self._settings)
            TokenVerifier(settings)
            tracing.require_installed(settings)
            with self._socket() as listening, _database(settings) as (connected, last_resort):
                asyncio.run(self._prepare(connected))
                self._announce(listening, connected)
                self._serve(listening, connected, last_resort)

    @contextmanager
    def _socket(self) -> Iterator[socket.socket]:
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((host, port))
                listening.listen(2048)
            except (OSError, OverflowError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                raise StartError(f"Cannot listen on {host} port {port}: {reason}.") from error
            listening.set_inheritable(True)
            yield listening
        finally:
            listening.close()

    async def _prepare(self, settings: Settings) -> None:
        """Make collections and indexes once, before the workers, and the demo school where it is asked for."""
        db = await connect_as_configured(settings)
        try:
            await db.prepare()
            if self._demo:
                from learntrack.serving import demo

                await demo.load(db, settings)
        finally:
            await db.close()

    def _announce(self, listening: socket.socket, settings: Settings) -> None:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
        address = f"http://{host}:{listening.getsockname()[1]}"
        print(f"learntrack listens on {address} (API description: {address}/schema)", flush=True)
        if self._demo and settings.jwt_secret is not None:
            from learntrack.serving import demo

            secret = settings.jwt_secret.get_secret_value()
            tokens = {
                name: issue(secret, person, superuser=False, ttl=_DEMO_TTL, settings=settings)
                for name, person in demo.PEOPLE.items()
            }
            print(demo.tour(address, tokens), flush=True)
            page = f"{address}/reports/sign-in#token={tokens['Carla']}"
            print(f"# The class on one page, signed in as Carla (open it in a browser)\n#   {page}\n", flush=True)

    def _serve(self, listening: socket.socket, settings: Settings, last_resort: Callable[[], None]) -> None:
        options: dict[str, object] = {
            "http": PatientProtocol,
            "ws": "none",  # there is nothing to be had by it, and its connections would have no limits
            "log_config": None,
            "access_log": False,
            "proxy_headers": bool(settings.trusted_proxies),
            "forwarded_allow_ips": settings.trusted_proxies,
            "server_header": False,
            "timeout_keep_alive": settings.keep_alive_seconds,
            "backlog": min(2048, ConnectionLimits.of(settings).in_all),
            "timeout_graceful_shutdown": GRACE_SECONDS,
            "timeout_worker_healthcheck": _WORKER_SECONDS,
            "lifespan": "on",
        }
        if settings.workers == 1:
            config = uvicorn.Config(_application(settings), **options)  # type: ignore[arg-type]
            server = TimelyServer(config, last_resort)
            server.run(sockets=[listening])
            if not server.started:
                raise StartError("The service could not start; the reason stands above.")
        else:
            target = f"{create_worker_app.__module__}:{create_worker_app.__qualname__}"
            config = uvicorn.Config(target, factory=True, workers=settings.workers, **options)  # type: ignore[arg-type]
            with TemporaryDirectory(prefix="learntrack-metrics-") as shared:
                told = _environment(settings)
                for variable in told:
                    os.environ.pop(f"{variable}_FILE", None)  # what was read from it is handed on
                os.environ |= told | {metrics.FOLDER: shared}
                TimelyWorkers(config, [listening], last_resort).run()


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[Settings, Callable[[], None]]]:
    """The settings with the URI of a database that is there: the configured one, or the embedded engine's; and what
    ends it at once.
    """
    if settings.mongodb_uri is not None:
        yield settings, lambda: None
        return
    engine = EmbeddedEngine(settings.data_dir, settings.engine)
    engine.start()
    try:
        yield settings.model_copy(update={"mongodb_uri": engine.uri, "watched_disk": settings.data_dir}), engine.kill
    finally:
        engine.stop()


def _environment(settings: Settings) -> dict[str, str]:
    """What a worker process needs to know beyond what this process was told."""
    assert settings.mongodb_uri is not None
    found = {"LEARNTRACK_MONGODB_URI": settings.mongodb_uri}
    if settings.watched_disk is not None:
        found["LEARNTRACK_WATCHED_DISK"] = str(settings.watched_disk)
    if settings.jwt_secret is not None:
        found["LEARNTRACK_JWT_SECRET"] = settings.jwt_secret.get_secret_value()
    return found
