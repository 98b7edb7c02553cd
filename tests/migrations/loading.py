"""Migrations as modules: their names begin with a number, so that no import statement can name them."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from bson import json_util

from learntrack.storage import schema
from tests.support import Api, new_id

Run = Callable[..., Awaitable[None]]
"""What runs a migration on a database, and tells how many documents each part of it had."""
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


async def old_database(of: Any, version: int) -> Any:
    """A database as a release of a schema version left it."""
    for line in rows_of(version):
        await of[line["collection"]].insert_one(line["row"])
    return of


async def changes_nothing_again(api: Api, version: int, run: Run, check: Callable[[Any], Awaitable[Any]]) -> None:
    """A migration brings a database of this version in order, and another run changes nothing. `check` returns all
    that it may change.
    """
    database = await old_database(api.db.client[f"learntrack_old_{new_id()[:8]}"], version)
    await run(database)
    before = await check(database)
    parts: list[int] = []

    await run(database, parts.append)

    assert (await check(database), parts) == (before, [])


async def is_taken_up_again(
    api: Api, version: int, run: Run, check: Callable[[Any], Awaitable[Any]], parts_done: int
) -> None:
    """A migration that was interrupted after so many parts does the rest of them, each document once."""
    database = await old_database(api.db.client[f"learntrack_old_{new_id()[:8]}"], version)
    seen = await interrupted(run, database, parts_done)
    assert len(seen) == parts_done
    await run(database, seen.append)

    assert sum(seen) == sum(map(len, (await check(database)).values()))


async def interrupted(run: Run, database: Any, parts: int) -> list[int]:
    """Run a migration that ends after so many parts as if it had been killed; returns how many documents each had."""
    seen: list[int] = []

    def interrupt(many: int) -> None:
        seen.append(many)
        if len(seen) == parts:
            raise InterruptedError

    with suppress(InterruptedError):
        await run(database, interrupt)
    return seen
