"""A Kolibri of nothing but rows."""

from collections.abc import Iterator
from typing import Any

from tests.importing.kolibri.rows import id_of


class Source:
    """The tables that are looked at."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        self.tables = tables

    def table(self, name: str) -> Iterator[dict[str, Any]]:
        return iter(self.tables.get(name, []))

    def of_contents(self, name: str) -> Iterator[dict[str, Any]]:
        return self.table(name)

    def zones(self) -> dict[str, str]:
        return {id_of(1): "Africa/Nairobi"}

    def used_contents(self) -> set[str]:
        return {id_of(22)}
