"""What the service asks of its engine, and a class whose questions are looked at."""

from collections.abc import Sequence
from typing import Any

from tests.api.test_indexes import stages
from tests.support import Api, School, exercise, right, video, wrong

LARGE = {
    "attempt_overflow",
    "content_sessions",
    "content_summaries",
    "idempotency_keys",
    "item_rollups",
    "learner_days",
    "mastery_logs",
    "users",
}
ONCE = "context.unit_id"
"""Is asked of a content once in a process's life: see `reports.titles`."""

Query = tuple[str, dict[str, Any]]


def queries(name: str, command: Any) -> list[Query]:
    """What a command looks for, in which collections."""
    if name == "find":
        return [(command["find"], command.get("filter", {}))]
    if name == "aggregate" and isinstance(command["aggregate"], str):
        return of_pipeline(command["aggregate"], command["pipeline"])
    if name in ("update", "delete"):
        return [(command[name], each["q"]) for each in command[f"{name}s"]]
    return []


def of_pipeline(collection: str, pipeline: Sequence[dict[str, Any]]) -> list[Query]:
    unions = [stage["$unionWith"] for stage in pipeline if "$unionWith" in stage]
    # Within a union, and a look-up by more than a field, it uses no index whatever is asked.
    apart = [(union["coll"], {"in a union": True}) for union in unions]
    looked_up = [stage["$lookup"] for stage in pipeline if "pipeline" in stage.get("$lookup", {})]
    return [
        (collection, pipeline[0].get("$match", {})),
        *apart,
        *((lookup["from"], {"in a look-up": True}) for lookup in looked_up),
    ]


async def whole_collections_read(api: Api, asked: Sequence[Query]) -> list[Query]:
    """Those of the queries that no index answers, each shape of them once."""
    found: dict[str, Query] = {}
    for collection, query in list(asked):
        shape = f"{collection} {sorted(query)} {[type(value).__name__ for value in query.values()]}"
        if shape in found or ONCE in query:
            continue
        plan = await api.db.raw.command("explain", {"find": collection, "filter": query}, verbosity="queryPlanner")
        if "COLLSCAN" in {stage["stage"] for stage in stages(plan["queryPlanner"]["winningPlan"])}:
            found[shape] = (collection, query)
    return list(found.values())


class Room:
    """A class with two learners who have done something, and its coach."""

    def __init__(self, school: School) -> None:
        self.school = school

    async def open(self) -> "Room":
        self.ada, self.ben = await self.school.learner(), await self.school.learner()
        self.coach, self.id = await self.school.coach(), self.school.places["A1"]
        self.quiz = await self.school.quiz()
        return self

    async def work(self) -> None:
        api = self.school.api
        for learner in (self.ada, self.ben):
            for body in ({"quiz_id": self.quiz}, exercise(), video()):
                session = await api.start(learner, **body)
                tries = {"interactions": [right("a"), wrong("b")]} if "mastery_criterion" in session else {}
                await api.update(learner, session, progress=1, time_spent_delta=2, **tries)
