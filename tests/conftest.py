"""One application per engine for the whole run; every test uses people and contents of its own."""

import asyncio
import functools
import gc
import logging
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from httpx import ASGITransport, AsyncClient
from litestar import Litestar

from learntrack.app import create_app
from learntrack.settings import Settings
from learntrack.storage import Database, connect, leases
from learntrack.storage.engine.embedded import EmbeddedEngine
from tests.commands.typed import Terminal
from tests.documents.stored import check, empty, faults_behind
from tests.engines import BY_DEFAULT, ENGINES, PATIENCE, lacking
from tests.processes import Service
from tests.support import SECRET, Api, School
from tests.wire import Wire, wire_to

_LONG = (
    {"Service"},
    {"EmbeddedEngine", "fresh", "subprocess", "built", "usually"},
)
"""Names by which files are known whose tests take long each: services come first, then engines, other programs and
examples that are drawn.
"""
_ID = re.compile(r"[0-9a-f]{32}")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # until the tests are read: all that is made by then stays
    # As in the service, where a line for every request is for who asks for it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # How long an example takes is the machine's: by default 0.2 s are a failure.
    however_slow = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("any machine", **however_slow)
    hypothesis.settings.load_profile("any machine")
    config.addinivalue_line(
        "markers", "engines(*names): the engines that the test runs on; all but secantusd_py by default"
    )
    config.addinivalue_line(
        "markers", "one_engine(*names): runs on the first of these engines that can be had; no engine decides it"
    )
    config.addinivalue_line(
        "markers", "secantusd_py: runs on the embedded engine's Python server too, unless it names its engines itself"
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engines", default=",".join(ENGINES), help="run on these engines only (comma-separated)")
    parser.addoption("--random-runs", type=int, default=3, help="random runs of each client behind a bad network")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Call a parameter that has an id in it the same in every process: most are drawn anew in each, and those of
    pytest-xdist run nothing unless they have the same tests.
    """
    if not isinstance(val, str) or not _ID.search(val):
        return None
    return _ID.sub("id", val).encode("unicode_escape").decode("ascii")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "api" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("engines")
        names = marker.args if marker else BY_DEFAULT
        of_its_own = any(mark.name == "engines" for mark in metafunc.definition.own_markers)
        if metafunc.definition.get_closest_marker("secantusd_py") and not of_its_own:
            names = (*names, "secantusd_py")
        chosen = set(metafunc.config.getoption("engines").split(","))
        if not of_its_own and (one := metafunc.definition.get_closest_marker("one_engine")):
            names = _first_of(one.args, chosen)
        if lacking("real"):  # not asked for: hundreds of skipped tests say nothing
            chosen -= {"real"}
        metafunc.parametrize("api", [name for name in names if name in chosen], indirect=True, scope="module")


def _first_of(names: tuple[str, ...], chosen: set[str]) -> tuple[str, ...]:
    """The first of these engines that is among the chosen ones and can be had; where none can, the first of all."""
    to_be_had = [name for name in names if name in chosen and not lacking(name)]
    return tuple(to_be_had[:1]) or names[:1]


def pytest_xdist_auto_num_workers() -> int:
    """Half as many processes again as there are processors: tests of running services wait most of their time."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors + (processors + 1) // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files whose tests take long come first, of the others those with most tests, so that at the end small ones fill
    what is left on each processor.
    """
    tests_of = Counter(item.path for item in items)
    items.sort(key=lambda item: (_kind(getattr(item, "module", None)), -tests_of[item.path]))


@functools.cache
def _kind(module: object) -> int:
    return next((number for number, names in enumerate(_LONG) if names & set(dir(module))), len(_LONG))


def pytest_collection_finish() -> None:
    """What has been read is looked at by no collection any more, and no sooner collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_setup() -> None:
    Service.of_this_test[:] = [service for service in Service.of_this_test if service.runs]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside what a test says when it fails, show what the services said that it ran or used."""
    report = yield
    if report.failed:
        for service in Service.of_this_test:
            report.sections.append((f"Log of the service on port {service.port}", service.last_words))
    return report


def settings(**more: Any) -> Settings:
    return Settings(**{"jwt_secret": SECRET, "rate_limit_anonymous": 0, "rollup_seconds": 0, **more})


@asynccontextmanager
async def running(app: Litestar) -> AsyncIterator[None]:
    """The application between its start and its stop, both in one task, as its task groups demand."""
    started, stop = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with app.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(run())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        await task
    yield
    stop.set()
    await task


class Applications:
    """The applications of this process, each on an engine, from their first use to the end of the run.

    All live on side by side: to start one, and an engine for it, takes as long as dozens of tests.
    """

    def __init__(self) -> None:
        self._found: dict[str, Api] = {}
        self._stack = AsyncExitStack()

    async def on(self, name: str) -> Api:
        """The API on the engine of this name."""
        if name not in self._found:
            self._found[name] = await self._stack.enter_async_context(_application_on(name))
        return self._found[name]

    async def stop(self) -> None:
        await self._stack.aclose()


@asynccontextmanager
async def _application_on(name: str) -> AsyncIterator[Api]:
    async with ENGINES[name]() as db:

        async def connect(_: Settings) -> Any:
            return db

        app = create_app(settings(), connect)
        transport = ASGITransport(app, raise_app_exceptions=False)
        async with running(app), AsyncClient(transport=transport, base_url="http://learntrack") as client:
            yield Api(client, db, name)


@pytest.fixture(scope="session")
async def applications() -> AsyncIterator[Applications]:
    found = Applications()
    yield found
    await found.stop()


@pytest.fixture(scope="module")
async def api(request: pytest.FixtureRequest, applications: Applications) -> AsyncIterator[Api]:
    """The API on an engine; what a module's tests have stored there is looked at, and gone before the next module."""
    if reason := lacking(request.param):
        pytest.skip(reason)
    api = await applications.on(request.param)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "mongoeco":  # it holds one transaction at a time: a lease's beats would come in between
            patch.setattr(leases, "BEAT_SECONDS", 3600.0)
        yield api
    try:
        await check(api.db, api.engine)
    finally:
        await empty(api.db)


@pytest.fixture
async def memory() -> AsyncIterator[Database]:
    """A database in memory (mongomock) for one test of rules over documents; what is left there is looked at."""
    from tests.engines import mongomock_engine

    db = mongomock_engine.connect("memory")
    yield db
    await check(db, "mongomock")


@pytest.fixture(scope="session")
def engine_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An embedded engine for those who put a proxy before it."""
    if reason := lacking("embedded"):
        pytest.skip(reason)
    engine = EmbeddedEngine(tmp_path_factory.mktemp("behind"))
    engine.start()
    yield engine.uri
    faults = faults_behind(engine.uri)
    engine.stop()
    assert faults == []


@pytest.fixture
async def wire(engine_uri: str) -> AsyncIterator[Wire]:
    """The wire to an engine, on which a test may say what is answered."""
    async with wire_to(engine_uri) as wire:
        yield wire


@pytest.fixture
async def wired(wire: Wire) -> AsyncIterator[Api]:
    """The API of a service that speaks to its engine over `wire`."""
    async with service_on(wire) as api:
        yield api


@asynccontextmanager
async def service_on(wire: Wire, configured: Settings | None = None, **more: Any) -> AsyncIterator[Api]:
    """The API of a service that speaks to its engine over a wire; `more` are arguments of `connect`."""
    db = await connect(wire.own_uri, "learntrack_test", **{"patience": PATIENCE} | more)

    async def connected(_: Settings) -> Database:
        return db

    app = create_app(configured or settings(), connected)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with running(app), AsyncClient(transport=transport, base_url="http://learntrack") as client:
        yield Api(client, db, "embedded")


@pytest.fixture
async def school(api: Api) -> School:
    return await School(api).open()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where a service of the test's own keeps its data."""
    return tmp_path / "data"


@pytest.fixture
def terminal(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Where commands are typed, set for a service on `data_dir`."""
    monkeypatch.setenv("LEARNTRACK_JWT_SECRET", SECRET)
    monkeypatch.setenv("LEARNTRACK_DATA_DIR", str(data_dir))
    return Terminal(monkeypatch, capsys)
