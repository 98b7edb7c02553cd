"""What a question makes the embedded engine read: documents, and bytes of them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient


@dataclass
class Examined:
    """Documents that the commands of a question walked through, and how many bytes they have on average."""

    documents: int = 0
    size: float = 0.0
    commands: list[str] = field(default_factory=list)


@contextlib.contextmanager
def examined(uri: str, database: str = "learntrack") -> Iterator[Examined]:
    """Have the engine write down what it is asked within, and explain each command by its execution afterwards.

    What `$lookup` fetches row by row is not among it: an explanation speaks of a pipeline's start only.
    """
    found = Examined()
    with MongoClient[dict[str, Any]](uri) as client:
        asked = client[database]
        asked.drop_collection("system.profile")
        asked.command("profile", 2)
        try:
            yield found
        finally:
            asked.command("profile", 0)
        for entry in list(asked["system.profile"].find({}, {"command": 1})):
            _count(asked, entry["command"], found)
        asked.drop_collection("system.profile")


def _count(database: Any, command: dict[str, Any], found: Examined) -> None:
    name = next(iter(command))
    collection = command[name]
    if name not in ("find", "aggregate") or not isinstance(collection, str) or collection.startswith("system."):
        return
    kept = {"filter", "sort", "limit", "skip"} if name == "find" else {"pipeline"}
    asked = {name: collection} | {option: value for option, value in command.items() if option in kept}
    more = {"cursor": {}} if name == "aggregate" else {}
    explained = database.command("explain", asked | more, verbosity="executionStats")
    first = explained["stages"][0]["$cursor"] if "stages" in explained else explained
    walked = first["executionStats"]["totalDocsExamined"]
    found.documents += walked
    found.size += walked * database.command("collStats", collection).get("avgObjSize", 0)
    found.commands.append(f"{name} {collection}: {walked}")
