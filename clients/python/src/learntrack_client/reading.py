"""Reading what was recorded: lists page by page, single ones, the diff between tries, totals, reports."""

from collections.abc import AsyncIterator, Mapping
from typing import Generic, Literal, TypeVar, Unpack
from urllib.parse import quote

from msgspec import Struct

from learntrack_client.filters import AttemptFilters, DiffFilters, ReportFilters, TryFilters
from learntrack_client.people import Me
from learntrack_client.service import Service
from learntrack_client.shapes import Attempt, Diff, JsonObject, ReportName, Total, Try

T = TypeVar("T")

RosterKind = Literal[
    "facilities",
    "classrooms",
    "learner_groups",
    "users",
    "memberships",
    "roles",
    "lessons",
    "quizzes",
    "course_sessions",
    "contents",
]


class _Page(Struct, Generic[T]):
    total_pages: int
    results: list[T]


class Reading:
    """Questions to the service. Filters have the API's names (`content`, `user`, `classroom`, …).

    Each raises `Problem` where it is refused, `SignedOut` without a token, `Unreachable` where nobody answers.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def tries(self, *, page_size: int = 100, **filters: Unpack[TryFilters]) -> AsyncIterator[Try]:
        """Tries at assessments, newest first; further fields with `include="user,content"`."""
        return self._rows("/api/logger/masterylog", Try, page_size, filters)

    def attempts(self, *, page_size: int = 100, **filters: Unpack[AttemptFilters]) -> AsyncIterator[Attempt]:
        """Attempts at questions, by try, then by start."""
        return self._rows("/api/logger/attemptlog", Attempt, page_size, filters)

    async def diff(self, content: str, user: str, index: int = 0, **filters: Unpack[DiffFilters]) -> Diff:
        """What has changed between a try (0: the latest, 1: the one before) and the one before it."""
        query = {"content": content, "user": user, **filters}
        return await self._service.get(f"/api/logger/masterylog/{index}/diff", query, Diff)

    async def total(self, user: str) -> Total:
        """How much somebody has finished."""
        return await self._service.get(f"/api/logger/totalcontentprogress/{quote(user, safe='')}", {}, Total)

    async def reports(self) -> list[ReportName]:
        """Which reports there are."""
        return await self._service.get("/api/reports", {}, list[ReportName])

    def report(
        self, name: str, *, page_size: int = 1000, **filters: Unpack[ReportFilters]
    ) -> AsyncIterator[JsonObject]:
        """The rows of a report; `reports` tells their columns."""
        return self._rows(f"/api/reports/{quote(name, safe='')}", dict, page_size, filters)

    def roster(self, kind: RosterKind, *, page_size: int = 1000) -> AsyncIterator[JsonObject]:
        """The people, classes or assignments that the caller may see."""
        return self._rows(f"/api/roster/{kind}", dict, page_size, {})

    async def me(self) -> Me:
        """Who the caller is: user, roles, classes and groups."""
        return await self._service.get("/api/me", {}, Me)

    async def _rows(self, path: str, shape: type[T], page_size: int, filters: Mapping[str, object]) -> AsyncIterator[T]:
        page, pages = 1, 1
        while page <= pages:
            query = {**filters, "page": page, "page_size": page_size}
            found = await self._service.get(path, query, _Page[shape])  # type: ignore[valid-type]
            for row in found.results:
                yield row
            page, pages = page + 1, found.total_pages
