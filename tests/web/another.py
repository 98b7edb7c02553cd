"""The application with other settings, on the database of the API's tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx import ASGITransport, AsyncClient

from learntrack.app import create_app
from learntrack.settings import Settings
from learntrack.storage import Database
from tests.conftest import running, settings
from tests.support import Api


@asynccontextmanager
async def another(api: Api, **more: Any) -> AsyncIterator[AsyncClient]:
    """The application with other settings, on the same database."""

    async def connect(_: Settings) -> Database:
        return SharedDatabase(api.db)

    app = create_app(settings(**more), connect)
    async with (
        running(app),
        AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://learntrack", verify=False
        ) as client,
    ):
        yield client


class SharedDatabase(Database):
    """A database that outlives the application."""

    def __init__(self, db: Database) -> None:
        self.__dict__ |= db.__dict__

    async def close(self) -> None:
        """It is somebody else's."""
