"""Migrations as modules: their names begin with a number, so that no import statement can name them."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from bson import json_util

from learntrack.storage import schema

_AWARE = json_util.JSONOptions(tz_aware=True)


def migration(name: str) -> Any:
    """A migration's module, made anew."""
    loader = SourceFileLoader(name, str(schema.MIGRATIONS / f"{name}.py"))
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def rows_of(version: int) -> list[Any]:
    """What a release of a schema version stored: collection and row of each document."""
    lines = Path(__file__).with_name(f"version_{version}.jsonl").read_text().splitlines()
    return [json_util.loads(line, json_options=_AWARE) for line in lines]


async def interrupted(run: Callable[..., Awaitable[None]], database: Any, parts: int) -> list[int]:
    """Run a migration that ends after so many parts as if it had been killed; returns how many documents each had."""
    seen: list[int] = []

    def interrupt(many: int) -> None:
        seen.append(many)
        if len(seen) == parts:
            raise InterruptedError

    with suppress(InterruptedError):
        await run(database, interrupt)
    return seen
